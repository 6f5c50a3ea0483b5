"""A run in which something of every kind can be at work: decisions, a command, an
action, a probe that takes long, a command that has the terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tests.tui.tmux import own_environment

ROOT = Path(__file__).parents[2]
GONOGO = (sys.executable, "-P", "-m", "tui")
OPEN = "import sys; from tui.__main__ import main; sys.exit(main({words!r}))"
BOOK = """\
# Drill

{decide}
- [ ] Something is looked at
  ```toml step
  id = "looked"
  probe = {{ use = "command", command = "trap '' HUP TERM; sleep 301 | cat", \
class = "observe", timeout = "290s", expect = {{ exit = 0 }} }}
  ```
- [ ] Setting is new
  ```toml step
  id = "setting"
  ```
  ```toml action
  use = "practice.write"
  to = "new"
  ```

## Work

{jobs}
```bash {{class=observe interactive=true name=talk}}
trap '' HUP; echo talking; sleep 302; sleep 302
```
"""
JOB = """\
```bash {{class=observe name=job{number:02}}}
echo job{number:02}; {text}
```
"""


class Drill:
    """The files of one such run, apart from everybody else's.

    Args:
        jobs: text of each command.
    """

    def __init__(self, home: Path, jobs: tuple[str, ...], decisions: int = 9) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.env = {
            **own_environment(home),
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'practice'}",
        }
        self.system = home / "system"
        self.system.mkdir()
        (self.system / "id").write_text("alpha")
        self.hold = self.system / "hold"
        targets = home / "config" / "gonogo" / "targets"
        targets.mkdir(parents=True)
        profile = targets / "practice.toml"
        profile.write_text(f'[practice]\ndirectory = "{self.system}"\n')
        self.book = home / "drill.md"
        decide = "\n".join(f"- [ ] Decide {n:02}" for n in range(decisions))
        texts = [JOB.format(number=n, text=text) for n, text in enumerate(jobs)]
        self.book.write_text(BOOK.format(decide=decide, jobs="\n".join(texts)))
        self.book.chmod(0o600)
        self.trust()

    def trust(self) -> None:
        """Trust its document, as it is now."""
        words = [*GONOGO, "trust", "--yes", str(self.book)]
        subprocess.run(
            words, env=self.env, cwd=self.home, check=True, capture_output=True
        )

    @property
    def words(self) -> list[str]:
        return ["open", "--target", "practice", str(self.book)]

    @property
    def program(self) -> str:
        """The text of a Python program that opens it."""
        return OPEN.format(words=self.words)

    @property
    def run(self) -> Path | None:
        runs = self.home / "state" / "gonogo" / "runs"
        return next(iter(runs.iterdir()), None) if runs.is_dir() else None

    def events(self, kind: str) -> list[Mapping[str, object]]:
        """Return what the journal holds of one kind; a torn line counts for nothing."""
        found = []
        run = self.run
        if run and (journal := run / "journal.jsonl").exists():
            for line in journal.read_bytes().split(b"\n"):
                with suppress(ValueError):
                    found.append(json.loads(line))
        return [event for event in found if event["kind"] == kind]

    def supervised(self) -> list[tuple[int, int]]:
        """Return supervisor and warden of every command whose supervisor lives."""
        paths = self.run.glob("outputs/*.run") if self.run else ()
        records = [json.loads(path.read_bytes()) for path in paths]
        return [
            (record["pid"], record["warden"]["pid"])
            for record in records
            if start(record["pid"]) == record["start"]
        ]

    def processes(self) -> dict[int, str]:
        """Return every living process that belongs to it: pid to command line."""
        mark = f"HOME={self.home}".encode()
        found = {}
        for entry in os.listdir("/proc"):
            with suppress(OSError):
                if entry.isdecimal() and mark in _read(entry, "environ").split(b"\0"):
                    words = _read(entry, "cmdline").replace(b"\0", b" ").decode()
                    found[int(entry)] = words.strip()
        return found

    def await_none(self, but: Callable[[], set[int]] = set, limit: float = 15) -> None:
        """Wait until no process is left but those."""
        end = time.monotonic() + limit
        while left := {p: w for p, w in self.processes().items() if p not in but()}:
            assert time.monotonic() < end, f"left: {left}"
            time.sleep(0.05)

    def kill_all(self) -> None:
        """Leave nothing of what failed."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def start(pid: int) -> int | None:
    """Return when *pid* began, None when it has ended."""
    try:
        fields = _read(str(pid), "stat").rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] == b"Z" else int(fields[19])


def below(pid: int) -> set[int]:
    """Return *pid* and all that descend from it."""
    found = {pid}
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found |= below(int(child))
    return found


def _read(pid: str, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()
