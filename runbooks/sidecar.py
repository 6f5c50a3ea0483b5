"""The sidecar: what is declared beside a document that one cannot edit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbooks.declarations import decode, make
from runbooks.model import Problem
from runbooks.source import Source, near, read_toml
from runbooks.tables import ActionSpec, RunbookOptions, StepOptions

_TOLD = 100
"""Of tables that belong to nothing; each place takes a search of the whole file."""


@dataclass(slots=True)
class Declaration:
    """What is declared of one step.

    Attributes:
        values: rightly declared fields of `StepOptions`.
        source: where; complaints about the id point there.
    """

    source: Source
    values: dict[str, Any] = field(default_factory=dict)
    actions: list[ActionSpec] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.values.get("id") or ""


class Sidecar:
    """Tables of ``NAME.gonogo.toml``, keyed by step id or text.

    Attributes:
        runbook: rightly declared fields of the ``[runbook]`` table.
        names: every id that is declared.
    """

    def __init__(self, path: Path, data: bytes, problems: list[Problem]) -> None:
        self.runbook: dict[str, Any] = {}
        self.names: set[str] = set()
        self._problems = problems
        self._steps: dict[str, Declaration] = {}
        self._used: dict[str, str] = {}
        self._read(path, data)

    def _read(self, path: Path, data: bytes) -> None:
        text = data.decode("utf-8-sig", "backslashreplace").replace("\r\n", "\n")
        source = Source(path, text)
        foreign: list[str] = []
        for key, table in read_toml(source, self._problems).items():
            if key == "runbook" and isinstance(table, dict):
                options = decode(RunbookOptions, table, source, self._problems, (key,))
                self.runbook |= options
            elif key in ("step", "action") and isinstance(table, dict):
                for name, value in table.items():
                    self._step(source, key, name, value)
            else:
                foreign.append(key)
        for key in foreign[:_TOLD]:
            at = source.find((key,))
            self._problems.append(
                source.problem(
                    at,
                    f"a sidecar has no table {key!r}",
                    'write [runbook], [step."id or text"] or [action."id or text"]',
                )
            )

    def _step(self, source: Source, kind: str, name: str, value: Any) -> None:
        declared = self._steps.setdefault(name, Declaration(source))
        tables = value if isinstance(value, list) else [value]
        for table in tables:
            if not isinstance(table, dict):
                at = source.find((kind, name))
                self._problems.append(
                    source.problem(at, f"{name!r} is no table", f'write [{kind}."…"]')
                )
            elif kind == "action":
                action = make(ActionSpec, table, source, self._problems, (kind, name))
                declared.actions += [action] if action else []
            else:
                declared.values |= decode(
                    StepOptions, table, source, self._problems, (kind, name)
                )
        if declared.id:
            self.names.add(declared.id)

    def added_to(
        self, own: Declaration | None, name: str, text: str
    ) -> Declaration | None:
        """Return what document and sidecar declare of the step of that id and text."""
        for key in (name, text):
            extra = self._steps.get(key)
            if extra is None:
                continue
            if key in self._used:
                at = extra.source.find(("step", key))
                self._problems.append(
                    extra.source.problem(
                        at,
                        f"{key!r} is the text of several steps",
                        f"write their ids: {self._used[key]}, {name}",
                    )
                )
                continue
            self._used[key] = name
            if own is None:
                return extra
            return Declaration(
                extra.source if extra.id else own.source,
                own.values | extra.values,
                own.actions + extra.actions,
            )
        return own

    def complain_unused(self, steps: Iterable[str]) -> None:
        """Complain of what the sidecar declares of steps that do not exist."""
        unused = [key for key in self._steps if key not in self._used]
        ids = list(steps) if unused else []
        for key in unused[:_TOLD]:
            declared = self._steps[key]
            meant = near(key, ids)
            remedy = f"did you mean {meant}?" if meant else "write a step's id or text"
            at = declared.source.find(("step", key))
            self._problems.append(
                declared.source.problem(at, f"no step is called {key!r}", remedy)
            )
