"""What the probes of GPUs have in common: a helper process, readings, evidence.

A maker's library may hang with its driver, write to the terminal, or take the whole
process with it, so a process of its own loads it and answers in JSON on stdout.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import ClassVar

import msgspec

from runbooks.errors import ProbeError
from runbooks.own_python import environment, python
from runbooks.probes.base import Measurement, Probe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading, Value

DYING = 1.0
"""Seconds that a killed process gets to disappear; a hanging driver may hold it."""


class Gpu(msgspec.Struct, kw_only=True):
    """What the library says of one GPU; None where it cannot say.

    Attributes:
        memory_total, memory_used: in bytes.
        utilisation: share of the last moment in which it worked, in percent.
        temperature: in °C.
        processes: ids of those that compute on it.
        problems: what failed that should not.
    """

    name: str = ""
    memory_total: int | None = None
    memory_used: int | None = None
    utilisation: int | None = None
    temperature: int | None = None
    processes: list[int] | None = None
    problems: list[str] = []


class Gpus(msgspec.Struct, kw_only=True):
    """What a helper process answers.

    Attributes:
        driver: version, "" where the library cannot say.
        processes: ids of those that compute on any GPU, where the library does not
            say on which; None where it cannot say at all.
        missing: why nothing could be asked.
    """

    driver: str = ""
    devices: list[Gpu] = []
    processes: list[int] | None = None
    missing: str = ""


class GpuProbe(Probe, frozen=True, kw_only=True):
    """Measures the GPUs of this machine; a subclass says whose, and who asks.

    What the library cannot say of any GPU is left out, so that it is unknown.
    """

    make: ClassVar[str]
    """As people write it."""
    module: ClassVar[str]
    """What answers when run as a program."""

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("devices", "driver", "driver_major", "names"), ""),
        **dict.fromkeys(("memory_total", "memory_used"), "B"),
        **dict.fromkeys(("memory", "utilisation"), "%"),
        **dict.fromkeys(("temperature", "processes", "failing"), ""),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"names", "failing"})

    @property
    def source(self) -> str:
        return f"{self.make} GPU"

    async def measure(self, sources: Sources) -> Measurement:
        return _measured(await sources.once(self.module, lambda: self._ask(sources)))

    async def _ask(self, sources: Sources) -> Gpus:
        sources.asked(self.source)
        code, printed, said = await _run(self.module)
        try:
            answer = msgspec.json.decode(printed, type=Gpus)
        except msgspec.DecodeError as error:
            why = said.strip().rpartition("\n")[2] or f"exit code {code}"
            failed = ProbeError(
                f"the library of {self.make} ended without an answer: {why[:120]}",
                source=self.source,
                stage="query",
            )
            failed.add_note(said[:2000])
            raise failed from error
        if answer.missing:
            raise ProbeError(answer.missing, source=self.source, stage="driver")
        return answer


async def _run(module: str) -> tuple[int, bytes, str]:
    """Return exit code, stdout and stderr of a helper process."""
    process = await asyncio.create_subprocess_exec(
        *python(module),
        env=environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        printed, said = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), DYING)
    return process.returncode or 0, printed, said.decode("utf-8", "replace")


def _measured(gpus: Gpus) -> Measurement:
    devices = gpus.devices
    names = dict.fromkeys(each.name or "without a name" for each in devices)
    failing = [
        f"{number} ({', '.join(each.problems)})"
        for number, each in enumerate(devices)
        if each.problems
    ]
    major = gpus.driver.partition(".")[0]
    shares = [
        100 * each.memory_used / each.memory_total
        for each in devices
        if each.memory_total and each.memory_used is not None
    ]
    found: list[tuple[str, Value, str]] = [
        ("driver", gpus.driver or None, ""),
        ("driver_major", int(major) if major.isdecimal() else None, ""),
        (
            "memory_total",
            min(_known(d.memory_total for d in devices), default=None),
            "B",
        ),
        ("memory_used", max(_known(d.memory_used for d in devices), default=None), "B"),
        ("memory", max(shares, default=None), "%"),
        ("utilisation", max(_known(d.utilisation for d in devices), default=None), "%"),
        ("temperature", max(_known(d.temperature for d in devices), default=None), ""),
        ("processes", _processes(gpus), ""),
    ]
    # What the library could not say was not looked for with success: left out.
    readings = [
        Reading("devices", len(devices)),
        Reading("names", ", ".join(names) or None),
        Reading("failing", ", ".join(failing) or None),
        *(
            Reading(name, value, unit)
            for name, value, unit in found
            if value is not None
        ),
    ]
    lines = [f"driver {gpus.driver or 'of unknown version'}, {len(devices)} GPUs"]
    lines += [_line(number, each) for number, each in enumerate(devices)]
    return Measurement({each.name: each for each in readings}, "\n".join(lines))


def _known(values: Iterable[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _processes(gpus: Gpus) -> int | None:
    """Return how many processes compute, None where nobody can say."""
    if not gpus.devices:
        return 0
    said = [gpus.processes, *(each.processes for each in gpus.devices)]
    known = [ids for ids in said if ids is not None]
    return len({pid for ids in known for pid in ids}) if known else None


def _line(number: int, gpu: Gpu) -> str:
    parts = [gpu.name or "without a name"]
    if gpu.memory_used is not None and gpu.memory_total is not None:
        used = shown(Reading("used", gpu.memory_used, "B"))
        parts.append(f"{used} of {shown(Reading('total', gpu.memory_total, 'B'))}")
    if gpu.utilisation is not None:
        parts.append(f"{gpu.utilisation} % busy")
    if gpu.temperature is not None:
        parts.append(f"{gpu.temperature} °C")
    if gpu.processes is not None:
        ids = " ".join(map(str, gpu.processes)) or "none"
        parts.append(f"processes: {ids}")
    return f"{number}: {', '.join([*parts, *gpu.problems])}"
