"""The table of what the campaign found, as docs/durability.md has it.

``python -m tests.torture.table`` prints it; ``--write`` puts it into the document.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from tests.torture.results import RESULTS, ROOT

DOCUMENT = ROOT / "docs" / "durability.md"
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


def main() -> int:
    found = rows()
    print(table(found))
    if "--write" in sys.argv:
        if any(row["sample"] for row in found):
            print("Only a sample was run; docs/durability.md stays.", file=sys.stderr)
            return 1
        text = DOCUMENT.read_text("utf-8")
        new = BETWEEN.sub(lambda _: f"\n{table(found)}\n", text)
        DOCUMENT.write_text(new, "utf-8")
    return int(not all(row["met"] for row in found))


if __name__ == "__main__":
    raise SystemExit(main())
