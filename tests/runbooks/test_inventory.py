"""What a person reads before trusting a document: all of it."""

from pathlib import Path

from runbooks.inventory import inventory
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
