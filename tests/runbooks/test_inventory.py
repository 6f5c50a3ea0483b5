"""What a person reads before trusting a document: all of it."""

from pathlib import Path

import pytest

from runbooks.inventory import inventory, only_prose_differs
from runbooks.parsing import parse

DOCUMENT = """# Drill

- [ ] Look

  ```toml step
  fix = ["systemctl restart api"]
  [probe]
  use = "http"
  url = "https://api.internal/health"
  expect = { status = 200 }
  ```

```bash {undo="rm -r /srv/new"}
f() {
  rm -rf /srv/hidden
}
echo 'before\u2028after'
```
"""


def listed() -> str:
    return "\n".join(inventory(parse(DOCUMENT.encode(), Path("drill.md"))))


def test_no_line_of_a_command_is_left_out() -> None:
    assert "rm -rf /srv/hidden" in listed()
    assert "before\u2028after" in listed()


def test_undo_fix_probe_and_host_are_listed() -> None:
    for text in (
        "undo 13: rm -r /srv/new",
        "fix 3: systemctl restart api",
        "probe 3: http url=https://api.internal/health",
        "host api.internal",
    ):
        assert text in listed()


@pytest.mark.parametrize(
    ("old", "new", "prose"),
    [
        ("# Drill", "# Drill\n\nRead this first.", True),
        ("Look", "Look twice", True),
        ("rm -rf /srv/hidden", "rm -rf /srv", False),
        ("```bash {", "```bash {cwd=/ ", False),
        ("```bash {", "```zsh {", False),
        ("status = 200", "status = 500", False),
        ("api.internal", "api.example", False),
        ("# Drill", "# Drill\n\n```toml runbook\ntarget = 'x'\n```", False),
    ],
)
def test_prose_is_what_neither_runs_nor_declares(
    old: str, new: str, prose: bool
) -> None:
    assert old in DOCUMENT
    changed = DOCUMENT.replace(old, new, 1)
    path = Path("drill.md")
    before, now = parse(DOCUMENT.encode(), path), parse(changed.encode(), path)
    assert only_prose_differs(before, now) is prose
