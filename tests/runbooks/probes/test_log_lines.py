"""What lines of a log are made of."""

from __future__ import annotations

import json
from collections import Counter

from runbooks.probes.log_lines import structure

GOOD = {"timestamp": "x", "level": "ERROR", "service": "api", "message": "no"}


def test_kinds_of_lines() -> None:
    lines = [
        json.dumps(GOOD),
        json.dumps({**GOOD, "level": "INFO", "extra": {}}),
        json.dumps({"level": "INFO"}),
        '{"timestamp": "x", ',
        "[" * 10,
        "{" + '"a":[' * 100_000,
        'INFO:     127.0.0.1:40000 - "GET /health HTTP/1.1" 200 OK',
        "Traceback (most recent call last):",
        '  File "x.py", line 1',
        "",
    ]
    found = structure(lines)
    assert (found.json, found.malformed, found.plain, found.tracebacks) == (2, 3, 4, 1)
    assert found.levels == Counter(INFO=2, ERROR=1)


def test_other_fields_may_be_wanted() -> None:
    assert structure(['{"msg": "x"}'], ["msg"]).json == 1
    assert structure([]).json == 0
