"""The tables of what the campaign found, as docs/durability.md and security.md have.

``python -m tests.torture.table`` prints them; ``--write`` puts them into the documents.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from tests.torture.results import RESULTS, ROOT

HOSTILE = 18
"""From this case on it is about what is hostile, and not about what breaks."""
BETWEEN = re.compile(r"(?<=<!-- results -->\n).*(?=<!-- end of results -->)", re.DOTALL)


def rows() -> list[dict[str, Any]]:
    """Return the last result of each thing that was tried, by goal and case."""
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    last = {(row["case"], row["what"]): row for row in map(json.loads, lines)}
    return sorted(last.values(), key=_place)


def _place(row: dict[str, Any]) -> tuple[int, ...]:
    numbers = [*map(int, re.findall(r"\d+", f"{row['goal']} {row['case']}")), 99]
    return tuple(numbers)


def table(found: list[dict[str, Any]]) -> str:
    """Return *found* as a table of Markdown."""
    lines = [
        "| goal | case | what was tried | wanted | found | met |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        cells = (*(row[key] for key in ("goal", "case", "what", "wanted", "found")),)
        met = "yes" if row["met"] else "no"
        lines.append(f"| {' | '.join(map(str.strip, cells))} | {met} |")
    seeds = ", ".join(sorted({str(row["seed"]) for row in found}))
    return "\n".join(lines) + f"\n\nSeed: {seeds}.\n"


def by_document() -> dict[Path, list[dict[str, Any]]]:
    """Return the rows that each document has."""
    found = rows()
    docs = ROOT / "docs"
    return {
        docs / "durability.md": [row for row in found if not _is_hostile(row)],
        docs / "security.md": [row for row in found if _is_hostile(row)],
    }


def _is_hostile(row: dict[str, Any]) -> bool:
    return row["case"][:1] == "C" and int(row["case"][1:]) >= HOSTILE


def main() -> int:
    documents = by_document()
    found = [row for rows in documents.values() for row in rows]
    for rows in documents.values():
        print(table(rows))
    if "--write" in sys.argv:
        if any(row["sample"] for row in found):
            print("Only a sample was run; the documents stay.", file=sys.stderr)
            return 1
        for document, rows in documents.items():
            before, after = BETWEEN.split(document.read_text("utf-8"), 1)
            document.write_text(f"{before}\n{table(rows)}\n{after}", "utf-8")
    return int(not all(row["met"] for row in found))


if __name__ == "__main__":
    raise SystemExit(main())
