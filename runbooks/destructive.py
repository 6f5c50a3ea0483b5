"""The table of patterns that say that a command destroys.

They are looked for in the text, not in the parsed commands: what runs on another
host, in a container or in a database stands in quotes or here-documents.
"""

from __future__ import annotations

import re

_TO = r"\b[^|;&\n]{0,400}\s"
_PATTERNS = re.compile(
    "|".join(
        (
            r"(?<![\w-])rm\s(?:[^|;&\n]{0,400}\s)?-(?:-recursive|[a-z]*r)",
            r"\bdrop\s+(?:table|database|schema|index|view|user|role|column|owned|type"
            r"|function|trigger|extension|sequence|materialized|publication"
            r"|subscription|tablespace|policy|keyspace|collection|constraint)\b",
            r"(?<![\w-])truncate\s",
            r"\bdelete\b",
            r"\bdestroy\b",
            r"\bprune\b",
            rf"\bdown{_TO}(?:-[a-z]*v|--volumes|--rmi)\b",
            r"\bvolume\s+rm\b",
            r"\b(?:mkfs|wipefs)\b",
            r"(?<![\w-])dd\s[^|;&\n]{0,400}\bof=",
            r"(?<![\w-])shred\b",
            rf"\bgit{_TO}push{_TO}(?:--force|-[a-z]*f\b|-d\b|--mirror|\+)",
            r"\bgit\s+(?:reset\s+--hard|clean\s+-)",
            r"\bflush(?:all|db)\b",
            r"\bdrop(?:db|user)\b",
            rf"\bhelm{_TO}(?:uninstall|del|un)\b",
            rf"\bpg_restore{_TO}(?:--clean|-[a-z]*c\b)",
            r">\s*/dev/(?:sd|nvme|vd|hd|xvd|mapper|disk|md)",
            r"-exec(?:dir)?\s+(?:sudo\s+)?(?:rm|shred)\b",
            r"\b(?:rb|terminate-instances|delete-\w+)\b",
        )
    ),
    re.IGNORECASE,
)


def destructive(text: str) -> str:
    """Return the first words of *text* that say that it destroys, or ""."""
    lines = (line for line in text.split("\n") if not line.lstrip().startswith("#"))
    found = _PATTERNS.search("\n".join(lines).replace("\\\n", " "))
    return found[0] if found else ""
