"""What the server's configuration files say that is not in force yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from runbooks.actions.postgres.values import canonical
from runbooks.changes import Change
from runbooks.probes.postgres.connection import Row, Rows
from runbooks.probes.postgres.settings import KEPT_BACK

SETTINGS = """
select name, setting, coalesce(unit, '') as unit, vartype, source, context,
  coalesce(boot_val, '') as boot, current_setting(name) as shown
from pg_settings
"""
FILES = """
select sourcefile, sourceline, name, setting, error from pg_file_settings order by seqno
"""
_LOWER = ("default", "environment variable", "configuration file")
"""Sources that a file outdoes; all others outdo it."""
_KEPT_BACK = "not shown"


@dataclass(frozen=True, slots=True)
class Pending:
    """What reading the files again would do.

    Attributes:
        changes: by name of the setting.
        wanted: the values that numbers and switches will have, as
            ``pg_settings.setting`` has them; a text may be written in another way.
        former: the values that they have now, as SHOW writes them; without
            those that may hold a login.
        places: where the setting stands, or stood.
        stays: what the files say that reading them does not bring about.
        errors: what is wrong in the files.
    """

    changes: dict[str, Change] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    stays: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def pending(settings: Rows, files: Rows) -> Pending:
    """Compare the files with what is in force."""
    found = Pending()
    known = {row["name"].lower(): row for row in settings}
    last = {row["name"].lower(): row for row in files if row["name"]}
    for entry in files:
        _check(entry, known, found)
    for name, entry in last.items():
        if not entry["error"]:
            _compare(entry, known.get(name), found)
    if not found.errors:  # else the files may not have been read to their end
        for row in _taken_out(known, last):
            _take_out(row, found)
    return found


def _check(entry: Row, known: Mapping[str, Row], found: Pending) -> None:
    """Tell a setting that needs a restart from an error, which is said alike."""
    if not entry["error"]:
        return
    row = known.get((entry["name"] or "").lower())
    if row and row["context"] == "postmaster" and canonical(row, entry["setting"]):
        said = f"{entry['name']} = {_told(row, entry['setting'])}"
        found.stays.append(f"{said} needs a restart ({_place(entry)})")
    else:
        what = f"{entry['name']}: " if entry["name"] else ""
        found.errors.append(f"{_place(entry)}: {what}{entry['error']}")


def _compare(entry: Row, row: Row | None, found: Pending) -> None:
    place = _place(entry)
    if row is None:
        said = f"{entry['name']} ({place}): its value in force is not shown"
        found.stays.append(said)
        return
    name, wanted = row["name"], canonical(row, entry["setting"])
    if wanted == canonical(row, row["setting"]):
        return
    if row["source"] not in _LOWER:
        said = f"{name} of this session comes from {row['source']}, not from {place}"
        found.stays.append(said)
        return
    after = _told(row, entry["setting"])
    _note(found, row, place, after, wanted)


def _take_out(row: Row, found: Pending) -> None:
    name = row["name"]
    if row["context"] == "postmaster":
        said = f"{name} stands in no file any more; its default needs a restart"
        found.stays.append(said)
        return
    unit = f" × {row['unit']}" if row["unit"] and row["boot"].isdigit() else ""
    after = f"its default, {_told(row, row['boot'] + unit) or 'empty'}"
    _note(found, row, "no file any more", after, None)


def _note(found: Pending, row: Row, place: str, after: str, wanted: str | None) -> None:
    name = row["name"]
    found.places[name] = place
    found.changes[name] = Change(f"{name} ({place})", _told(row, row["shown"]), after)
    if not KEPT_BACK.search(name):
        found.former[name] = row["shown"]
    if wanted is not None and row["vartype"] in ("bool", "integer", "real"):
        found.wanted[name] = wanted


def _taken_out(known: Mapping[str, Row], last: Mapping[str, Row]) -> Iterator[Row]:
    for name, row in known.items():
        if row["source"] == "configuration file" and name not in last:
            yield row


def _told(row: Row, text: str) -> str:
    if KEPT_BACK.search(row["name"]) and text:
        return _KEPT_BACK
    return text or "empty"


def _place(entry: Row) -> str:
    return f"{PurePosixPath(entry['sourcefile']).name}:{entry['sourceline']}"
