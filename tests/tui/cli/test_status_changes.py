"""`gonogo status` says what changed since a person last looked, and records nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BOOK = """\
# Launch

- [ ] Tickets closed
- [ ] Backups restored
  ```toml step
  id = "restore"
  ```
"""


def test_an_edited_runbook_is_told_until_a_person_has_seen_it(
    gonogo: Any, home: Path, write: Any
) -> None:
    book = write(BOOK)
    for step in ("restore", "tickets"):
        assert gonogo("decide", book, step, "pass").returncode == 0
    write(BOOK.replace("restored", "seen") + "- [ ] Doors locked\n")
    first = gonogo("status", book).stdout
    for line in (
        "Edited: Backups seen. Pass by ",
        "  - - [ ] Backups restored\n  + - [ ] Backups seen\n",
        "New: Doors locked. Open.",
    ):
        assert line.lower() in first.lower()
    # Another command opens the run; nobody has seen what changed yet.
    assert gonogo("decide", book, "tickets", "fail", "--note", "one left").stderr
    assert "edited: backups seen" in gonogo("status", book).stdout.lower()
    told = json.loads(gonogo("status", book, "--format", "json").stdout)["since"]
    assert [line["text"] for line in told["edited"]] == ["Backups seen"]
    assert [line["text"] for line in told["unchanged"]] == ["Tickets closed"]
