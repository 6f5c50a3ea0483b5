"""What a person reads before trusting a document: all of it."""

from pathlib import Path

import pytest

from runbooks.inventory import inventory, only_prose_differs
from runbooks.parsing import parse
from runbooks.target import parse as parse_profile

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


def test_where_it_leads_is_said_as_the_profile_says_it() -> None:
    profile = b"""
[api]
url = "https://api.example"
token = { env = "TOKEN" }
[kubernetes]
namespace = "prod"
"""
    document = """- [ ] a
  ```toml step
  [probe]
  use = "http"
  url = "${api.url}/health/${nowhere.x}"
  header = "${api.token}"
  ```
  ```toml action
  use = "kubernetes.rollout_restart"
  component = "api"
  ```
"""
    target = parse_profile(profile, Path("prod.toml"))
    probe, action, *_ = inventory(parse(document.encode(), Path("a.md")), target)
    for said in (
        "probe 1: http url=${api.url}/health/${nowhere.x} header=${api.token}",
        "; api.url is https://api.example",
        "; nowhere.x is in no profile that was read",
        "; api.token is a secret",
    ):
        assert said in probe
    assert action == (
        "action 1: kubernetes.rollout_restart component=api; "
        "kubernetes.namespace is prod"
    )


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
