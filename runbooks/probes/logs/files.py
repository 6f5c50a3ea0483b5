"""Probe of the files that processes write their lines to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, Probe
from runbooks.probes.log_lines import FIELDS, structure
from runbooks.probes.logs.local import log_files
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread
from runbooks.quantities import shown
from runbooks.results import Reading


class FilesProbe(Probe, frozen=True, kw_only=True):
    """Measures log files on this machine by their last lines.

    Evidence holds counts, never lines.

    Readings:
        here: files that there are.
        missing: files that there are not.
        unreadable: files that may not be read, or are none.
        silent: files without a line.
        age: how long ago the file that is quiet for longest was written to, in
            seconds; absent where none has a line.
        size: of all of them, in bytes.
        json: lines that are JSON objects with all `fields`.
        malformed: lines that begin like one and are none, or lack a field.
        plain: other lines.
        tracebacks: plain lines that begin a traceback.
        debug: JSON lines at DEBUG or below.

    Attributes:
        files: their paths.
        lines: how many of each are read.
        fields: what each JSON line has to hold.
    """

    files: tuple[str, ...]
    lines: int = 200
    fields: tuple[str, ...] = FIELDS

    table: ClassVar[str] = "logs"
    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("here", "missing", "unreadable", "silent"), ""),
        **dict.fromkeys(("json", "malformed", "plain", "tracebacks", "debug"), ""),
        "age": "s",
        "size": "B",
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {"here", "missing", "unreadable", "silent"}
    )

    @property
    def source(self) -> str:
        return "log files"

    async def measure(self, sources: Sources) -> Measurement:
        return await in_thread(self._look, "log files")

    def _look(self) -> Measurement:
        names: dict[str, list[str]] = {name: [] for name in self.naming}
        ages: dict[str, float] = {}
        last: list[str] = []
        said = []
        size = 0
        for file in log_files(self.files):
            try:
                found = file.last_lines(self.lines)
                state = file.path.stat()
            except FileNotFoundError:
                names["missing"].append(file.name)
                said.append(f"{file.path}: not there")
                continue
            except OSError as error:
                names["unreadable"].append(file.name)
                said.append(f"{file.path}: {error.strerror}")
                continue
            names["here"].append(file.name)
            size += state.st_size
            last += found
            if not found:
                names["silent"].append(file.name)
                said.append(f"{file.path}: no line")
                continue
            ages[file.name] = max(0.0, time.time() - state.st_mtime)
            ago = shown(Reading("age", ages[file.name], "s"))
            said.append(f"{file.path}: written to {ago} ago")
        kinds = structure(last, self.fields)
        readings = (
            *(Reading(name, ", ".join(each) or None) for name, each in names.items()),
            Reading("age", max(ages.values(), default=None), "s"),
            Reading("size", size, "B"),
            Reading("json", kinds.json),
            Reading("malformed", kinds.malformed),
            Reading("plain", kinds.plain),
            Reading("tracebacks", kinds.tracebacks),
            Reading("debug", kinds.debug),
        )
        said.append(str(kinds))
        return Measurement({each.name: each for each in readings}, "\n".join(said))
