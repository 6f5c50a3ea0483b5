"""Asking one step of the shipped runbook, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runbooks import parsing
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.target import parse

ROOT = Path(__file__).parents[2]
SHIPPED = parsing.read(ROOT / "runbooks" / "documents" / "production-deployment.md")


async def find(step_id: str, facts: Mapping[str, Any], **tables: Any) -> Finding:
    """Return what a step finds with these facts and tables in the profile."""
    lines = ["[facts]", *_written({"platform": "processes", **facts})]
    for table, said in tables.items():
        lines += [f"[{table}]", *_written(said)]
    target = parse("\n".join(lines).encode(), Path("profile.toml"))
    return await Runner(target).probe(SHIPPED.step_by_id[step_id])


def _written(said: Mapping[str, Any]) -> Iterator[str]:
    for name, value in said.items():
        yield f"{name} = {json.dumps(value)}"
