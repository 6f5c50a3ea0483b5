"""A runbook as JSON text, in small pieces: a large one is never held twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runbooks.model import Runbook

VERSION = 1
"""Version of the JSON that gonogo prints; raised when a reader could break."""

# ASCII only: escape sequences and direction marks of a document stay escaped, so
# the text is safe on a terminal too.
encode = json.JSONEncoder(ensure_ascii=True).encode


def failure(path: Path, error: str) -> str:
    """Return the object that stands for a file that cannot be read."""
    return encode({"version": VERSION, "path": str(path), "error": error})


def chunks(runbook: Runbook, *, pretty: bool = False) -> Iterator[str]:
    """Yield the object of `gonogo show` piece by piece.

    Args:
        pretty: a line for each member and element, instead of one line in all.
    """
    counts = runbook.counts
    head: dict[str, Any] = {
        "version": VERSION,
        "path": str(runbook.path),
        "title": runbook.title,
        "counts": {
            "headings": {str(level): n for level, n in counts.headings.items()},
            "tasks": {"checked": counts.checked, "unchecked": counts.unchecked},
            "fences": dict(counts.fences),
        },
    }
    lists: dict[str, Iterator[dict[str, Any]]] = {
        "sections": _sections(runbook),
        "steps": _steps(runbook),
        "commands": _commands(runbook),
        "notices": ({"line": n.line, "text": n.text} for n in runbook.notices),
        "problems": _problems(runbook),
    }
    line, indent = ("\n", "  ") if pretty else ("", "")
    yield "{"
    for name, value in head.items():
        yield f"{line}{indent}{encode(name)}: {encode(value)},"
        if not pretty:
            yield " "
    between = ""
    for name, elements in lists.items():
        yield f"{between}{line}{indent}{encode(name)}: ["
        yield from _joined(elements, line, indent)
        yield "]"
        between = "," if pretty else ", "
    yield f"{line}}}"


def _joined(elements: Iterable[Any], line: str, indent: str) -> Iterator[str]:
    between = first = f"{line}{indent * 2}"
    for element in elements:
        yield between
        yield encode(element)
        between = f",{first}" if line else ", "
    if between is not first:
        yield f"{line}{indent}"


def _sections(runbook: Runbook) -> Iterator[dict[str, Any]]:
    for section in runbook.sections:
        yield {
            "id": section.id,
            "title": section.title,
            "level": section.level,
            "line": section.line,
            "path": list(section.path),
        }


def _steps(runbook: Runbook) -> Iterator[dict[str, Any]]:
    for step in runbook.steps:
        if step.part:  # listed as a command, under the same id
            continue
        yield {
            "id": step.id,
            "text": step.text,
            "section": step.section,
            "line": step.line,
            "checked": step.checked,
            "depth": step.depth,
            "severity": step.severity,
            "gate": step.gate,
            "level": step.level,
        }


def _commands(runbook: Runbook) -> Iterator[dict[str, Any]]:
    from runbooks.wish import class_as_run

    for block in runbook.blocks:
        for part in block.parts:
            said = class_as_run(block, part)
            yield {
                "id": part.id,
                "language": block.language,
                "block": block.id,
                "line": part.line,
                "step": block.step,
                "section": block.section,
                "class": said.command_class,
                "inferred": said.inferred,
                "text": part.text,
            }


def _problems(runbook: Runbook) -> Iterator[dict[str, Any]]:
    for problem in runbook.problems:
        yield {
            "line": problem.line,
            "column": problem.column,
            "problem": problem.problem,
            "remedy": problem.remedy,
            "warning": problem.warning,
        }
