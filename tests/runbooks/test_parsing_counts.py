"""Counts of nasty files against what two independent parsers were recorded to say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runbooks.model import Runbook
from runbooks.parsing import parse

GOLDEN = Path(__file__).parents[1] / "golden"
RECORDED = json.loads((GOLDEN / "counts.json").read_text())


def counts(runbook: Runbook) -> dict[str, Any]:
    found = runbook.counts
    return {
        "headings": {str(level): number for level, number in found.headings.items()},
        "tasks": {"checked": found.checked, "unchecked": found.unchecked},
        "fences": dict(found.fences),
    }


def test_every_golden_file_is_recorded() -> None:
    assert sorted(RECORDED) == sorted(file.name for file in GOLDEN.glob("*.md"))
    assert len(RECORDED) >= 40


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_counts_are_those_of_the_specification(name: str) -> None:
    path = GOLDEN / name
    assert counts(parse(path.read_bytes(), path)) == RECORDED[name]["counts"]


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_line_endings_change_nothing(name: str) -> None:
    path = GOLDEN / name
    data = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    plain = parse(data, path)
    for ending in (b"\r\n", b"\r"):
        other = parse(data.replace(b"\n", ending), path)
        assert other.counts == plain.counts
        assert other.steps == plain.steps
        assert other.sections == plain.sections
        assert other.blocks == plain.blocks
        assert other.notices == plain.notices


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_byte_order_mark_changes_nothing(name: str) -> None:
    path = GOLDEN / name
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    marked = parse(b"\xef\xbb\xbf" + data, path)
    assert marked.steps == parse(data, path).steps


def test_a_difference_of_the_parsers_is_decided_with_a_reason() -> None:
    for recorded in RECORDED.values():
        if recorded["cmark-gfm"] != recorded["micromark"]:
            assert recorded["reason"]
