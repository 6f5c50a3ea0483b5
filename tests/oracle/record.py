"""Records tests/golden/counts.json from two independent parsers.

cmark-gfm comes from the system, micromark is installed by npm into a temporary
directory. Where the two differ, decisions.json next to this file says what the
text of the GFM specification asks for, and why; a difference without a decision
ends the recording.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
PACKAGES = (
    "mdast-util-from-markdown@2.1.0",
    "mdast-util-gfm@3.1.0",
    "micromark-extension-gfm@3.0.0",
)
XML = "{http://commonmark.org/xml/1.0}"


def cmark(data: bytes) -> dict[str, Any]:
    """Return what cmark-gfm counts in *data*."""
    extensions = ["-e", "tasklist", "-e", "table", "-e", "strikethrough"]
    xml = subprocess.run(
        ["cmark-gfm", *extensions, "--sourcepos", "--to", "xml"],
        input=data,
        capture_output=True,
        check=True,
    ).stdout.decode("utf-8", "replace")
    xml = "".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in xml)
    xml = xml.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    headings: Counter[str] = Counter()
    fences: Counter[str] = Counter()
    checked = unchecked = 0
    for node in ElementTree.fromstring(xml).iter():
        kind = node.tag.removeprefix(XML)
        if kind == "heading":
            headings[node.attrib["level"]] += 1
        elif kind == "tasklist":
            done = node.attrib["completed"] == "true"
            checked, unchecked = checked + done, unchecked + (not done)
        elif kind == "code_block" and _is_fenced(node, lines):
            words = node.attrib.get("info", "").split(None, 1)
            fences[words[0] if words else ""] += 1
    return _counts(headings, checked, unchecked, fences)


def _is_fenced(node: ElementTree.Element, lines: list[str]) -> bool:
    if node.attrib.get("info"):
        return True
    line, column = node.attrib["sourcepos"].split("-")[0].split(":")
    row = lines[int(line) - 1].encode("utf-8", "replace")
    written = row[int(column) - 1 :].decode("utf-8", "replace").lstrip()
    own = (node.text or "").split("\n", 1)[0].lstrip()
    return written.startswith(("```", "~~~")) and own != written


def micromark(documents: list[bytes], home: Path) -> list[dict[str, Any]]:
    """Return what micromark counts in each document; *home* holds its packages."""
    script = home / "count.mjs"
    shutil.copy(HERE / "count.mjs", script)
    texts = [data.decode("utf-8-sig", "replace") for data in documents]
    output = subprocess.run(
        ["node", script],
        input=json.dumps(texts).encode(),
        capture_output=True,
        check=True,
    ).stdout
    return [
        _counts(
            found["headings"], found["checked"], found["unchecked"], found["fences"]
        )
        for found in json.loads(output)
    ]


def _counts(
    headings: dict[str, int], checked: int, unchecked: int, fences: dict[str, int]
) -> dict[str, Any]:
    return {
        "headings": dict(sorted(headings.items())),
        "tasks": {"checked": checked, "unchecked": unchecked},
        "fences": dict(sorted(fences.items())),
    }


def main() -> int:
    """Record the counts; return 1 when a difference has no decision."""
    for program in ("cmark-gfm", "node", "npm"):
        if shutil.which(program) is None:
            print(f"{program} is missing; install it to record", file=sys.stderr)
            return 2
    decisions = json.loads((HERE / "decisions.json").read_text())
    files = sorted(GOLDEN.glob("*.md"))
    documents = [file.read_bytes() for file in files]
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(
            ["npm", "install", "--silent", "--no-save", *PACKAGES],
            cwd=home,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        theirs = micromark(documents, Path(home))
    recorded: dict[str, Any] = {}
    undecided = 0
    for file, data, second in zip(files, documents, theirs, strict=True):
        first = cmark(data)
        entry = {"cmark-gfm": first, "micromark": second}
        decision = decisions.pop(file.name, None)
        if decision:
            entry |= {"counts": decision["counts"], "reason": decision["reason"]}
        elif first == second:
            entry["counts"] = first
        else:
            undecided += 1
            print(f"{file.name}: undecided\n  {first}\n  {second}", file=sys.stderr)
            continue
        recorded[file.name] = entry
    for name in decisions:
        undecided += 1
        print(f"{name}: decided, but there is no such file", file=sys.stderr)
    if not undecided:
        text = json.dumps(recorded, indent=1, sort_keys=True, ensure_ascii=False)
        (GOLDEN / "counts.json").write_text(text + "\n")
    return 1 if undecided else 0


if __name__ == "__main__":
    sys.exit(main())
