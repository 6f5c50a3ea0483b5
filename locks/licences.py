"""Writes the list of licences of a bill of materials, and completes the bill.

A package that says its licence only in a file beside it has none in its metadata; what
the file says is in `KNOWN`, and goes into the bill. One that is still without a licence
ends this with an error: nobody may pass on what nobody has read.

    python locks/licences.py BILL ENVIRONMENT >LICENCES.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

KNOWN = {
    "ahocorasick_rs": ("Apache-2.0", "Apache License"),
    "promql-parser": ("MIT", "The MIT License (MIT)"),
}
"""By package: the licence, and how its file begins."""


def said(component: dict[str, Any]) -> str:
    """Return the licence of a component in one line, "" without one."""
    found = []
    for each in component.get("licenses", ()):
        one = each.get("license", {})
        found.append(each.get("expression") or one.get("id") or one.get("name", ""))
    # A classifier and a text of the same package say the same twice.
    return " / ".join(dict.fromkeys(" ".join(each.split()) for each in found if each))


def complete(component: dict[str, Any], environment: Path) -> None:
    """Add the licence that is known only from its file, if that still begins so."""
    licence, beginning = KNOWN.get(component["name"], ("", ""))
    folder = component["name"].replace("-", "_")
    files = environment.glob(f"lib/*/site-packages/{folder}-*/licenses/*")
    if licence and any(
        f.read_text("utf-8").lstrip().startswith(beginning) for f in files
    ):
        component["licenses"] = [{"license": {"id": licence}}]


def main(bill: Path, environment: Path) -> None:
    """Complete the bill and print the list.

    Raises:
        SystemExit: a component has no licence.
    """
    told = json.loads(bill.read_text("utf-8"))
    lines = ["| package | version | licence |", "|---|---|---|"]
    for component in told["components"]:
        if not said(component):
            complete(component, environment)
        licence = said(component)
        if not licence:
            sys.exit(f"{component['name']} has no licence: read it, add it to KNOWN")
        lines.append(f"| {component['name']} | {component['version']} | {licence} |")
    bill.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
