"""Finds what is wrong with a target profile, all at once, with the place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runbooks import probes
from runbooks.durations import seconds
from runbooks.model import Problem, Runbook
from runbooks.profile_keys import FREE, known_facts, known_keys
from runbooks.secrets import KINDS, literal, reference
from runbooks.source import Source, near, read_toml
from runbooks.thresholds import replaceable

PLATFORMS = ("kubernetes", "compose", "processes")


def check(data: bytes, path: Path, runbook: Runbook) -> list[Problem]:
    """Return what is wrong with a profile for this runbook, in order of lines.

    A warning is what the profile works with all the same.
    """
    problems: list[Problem] = []
    source = Source(path, data.decode("utf-8-sig", "backslashreplace"))
    if source.text.strip():
        tables = read_toml(source, problems)
        if not problems:
            problems += _Check(source, tables, runbook).problems()
    return sorted(problems, key=lambda each: (each.line, each.column))


class _Check:
    def __init__(
        self, source: Source, tables: Mapping[str, Any], runbook: Runbook
    ) -> None:
        self._source = source
        self._tables = tables
        self._runbook = runbook

    def problems(self) -> Iterator[Problem]:
        known = known_keys(self._runbook)
        for name, table in self._tables.items():
            if name == "name":
                continue
            if not isinstance(table, dict):
                said = f"{name} stands outside a table"
                yield self._at([name], said, f"move it below [{name}] or another table")
            elif name not in known and name not in FREE:
                said = f"nothing reads the table [{name}]"
                yield self._unread([name], said, [*known, *FREE])
            else:
                yield from self._secrets([name], table)
                if name in known:
                    yield from self._keys(name, table, known[name])
        if isinstance(self._tables.get("facts", {}), dict):
            yield from self._facts()
        yield from self._thresholds()
        yield from self._intrusive()
        yield from self._every()

    def _keys(
        self, name: str, table: Mapping[str, Any], known: Iterable[str]
    ) -> Iterator[Problem]:
        for key in table:
            own = name == "settings" and key.endswith("_env_file")
            if key not in known and not own:
                said = f"nothing reads {key!r} under [{name}]"
                yield self._unread([name, key], said, known)

    def _unread(self, keys: Sequence[str], said: str, known: Iterable[str]) -> Problem:
        """A word like a known one is a mistake; another may be for other runbooks."""
        if near(keys[-1], known):
            return self._at(keys, said, _meant(keys[-1], known))
        remedy = "take it out unless another runbook does"
        return self._at(keys, said, remedy, warning=True)

    def _secrets(self, keys: list[str], table: Mapping[str, Any]) -> Iterator[Problem]:
        for key, value in table.items():
            here = [*keys, key]
            if wrong := literal(".".join(keys), key, value):
                said, _, remedy = wrong.partition("; ")
                yield self._at(here, said, remedy)
            elif isinstance(value, dict) and not reference(value):
                if set(value) & set(KINDS):
                    said = f"{key} is no reference to a secret"
                    remedy = f'write {key} = {{ file = "…" }} with one key alone'
                    yield self._at(here, said, remedy)
                else:
                    yield from self._secrets(here, value)

    def _facts(self) -> Iterator[Problem]:
        facts = self._tables.get("facts", {})
        told_apart = known_facts(self._runbook)
        if "platform" not in facts and "platform" in told_apart:
            said = "the fact platform is missing, so steps of every platform count"
            remedy = 'write platform = "kubernetes", "compose" or "processes"'
            yield self._at(["facts"], said, f"{remedy} under [facts]", warning=True)
        for fact, value in facts.items():
            values = told_apart.get(fact, [])
            if fact == "platform":
                values = list(PLATFORMS)
            kinds = {type(each) for each in values}
            for each in value if isinstance(value, list) else [value]:
                # False says of every fact that there is no such thing here.
                if values and type(each) not in kinds and each is not False:
                    said = f"{fact} = {each!r} is of another kind than steps ask for"
                    yield self._at(["facts", fact], said, f"they name {_list(values)}")
                elif fact == "platform" and each not in values:
                    said = f"{each!r} is no platform"
                    yield self._at(["facts", fact], said, _meant(str(each), values))

    def _thresholds(self) -> Iterator[Problem]:
        table = self._tables.get("thresholds", {})
        if not isinstance(table, dict):
            return
        for step_id, bounds in table.items():
            here = ["thresholds", step_id]
            step = self._runbook.step_by_id.get(step_id)
            if step is None:
                said = f"no step has the id {step_id!r}"
                yield self._at(here, said, _meant(step_id, self._runbook.step_by_id))
            elif not isinstance(bounds, dict):
                said = f"{step_id} is no table"
                yield self._at(here, said, f'write [thresholds."{step_id}"]')
            else:
                asked = replaceable(step.probes)
                for name, bound in bounds.items():
                    if name not in asked:
                        said = f"{step_id} does not ask for {name!r}"
                        yield self._at([*here, name], said, _meant(name, asked))
                        continue
                    spec = asked[name]
                    called = f"{spec.called}."
                    reading = name if name in spec.expect else name.removeprefix(called)
                    try:
                        probes.expected(probes.probe_class(spec.use), {reading: bound})
                    except ValueError as error:
                        said, _, remedy = str(error).partition("; ")
                        remedy = remedy or "correct it"
                        yield self._at([*here, name], said, remedy)

    def _intrusive(self) -> Iterator[Problem]:
        table = self._tables.get("intrusive", {})
        steps = table.get("steps", []) if isinstance(table, dict) else []
        for step_id in steps if isinstance(steps, list) else []:
            if step_id not in self._runbook.step_by_id:
                said = f"no step has the id {step_id!r}"
                remedy = _meant(str(step_id), self._runbook.step_by_id)
                yield self._at(["intrusive", "steps"], said, remedy)

    def _every(self) -> Iterator[Problem]:
        table = self._tables.get("probes", {})
        if isinstance(table, dict) and "every" in table:
            try:
                seconds(str(table["every"]))
            except ValueError as error:
                said, _, remedy = str(error).partition("; ")
                yield self._at(["probes", "every"], said, remedy)

    def _at(
        self, keys: Sequence[str], said: str, remedy: str, *, warning: bool = False
    ) -> Problem:
        found = self._source.problem(self._source.find(keys), said, remedy)
        return Problem(
            found.path, found.line, found.column, said, remedy, warning=warning
        )


def _meant(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    if meant := near(word, names):
        return f"did you mean {meant!r}?"
    return f"there are {_list(names)}" if len(names) <= 12 else "take it out"


def _list(values: Iterable[Any]) -> str:
    words = (str(v).lower() if isinstance(v, bool) else str(v) for v in values)
    return ", ".join(words)
