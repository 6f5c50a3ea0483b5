"""`gonogo plan`: four things are said, what only reads is run, nothing is changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

BOOK = """\
# Launch

```toml runbook
vars = { NAMESPACE = "${kubernetes.namespace}", TOKEN = "${api.token}" }
```

## Before

- [ ] The state is kept

  ```toml step
  id = "kept"
  probe = { use = "file", path = "/etc", expect = { exists = true } }
  ```
- [ ] The shop answers

  ```toml step
  id = "gone"
  probe = { use = "file", path = "${shop.path}", expect = { exists = true } }
  ```
- [ ] Ben agrees

  ```toml step
  owner = "Management"
  ```
- [ ] Pods are there

  ```toml step
  when = { platform = "kubernetes" }
  ```

  ```bash {class=observe}
  touch MARK/skipped
  ```
- [ ] The clock is right

  ```toml step
  id = "clock"
  use = "command"
  ```

  ```bash {class=observe}
  echo "in ${NAMESPACE:-nowhere}, ${TOKEN:-no token}, $SECRET_TOKEN"
  ```
- [ ] Moved

  ```toml step
  needs = ["gone"]
  ```

  ```bash {class=mutate}
  touch MARK/moved
  ```
- [ ] Moved after what stands

  ```toml step
  needs = ["kept"]
  ```

  ```bash {class=mutate}
  touch "MARK/$NAMESPACE"
  ```

## Commands

```bash
WHERE=$(mktemp -d)
WHO=ana
ls "$WHERE"
touch "MARK/$WHO"
touch MARK/<name>
curl https://api.example.com/health
ls MARK
```

```bash {class=observe}
tail -f MARK/log
```
"""
PROFILE = """\
name = "practice"
[facts]
platform = "compose"
[kubernetes]
namespace = "shop"
[api]
url = "http://10.1.2.3:8000"
token = { env = "SECRET_TOKEN" }
"""


@pytest.fixture
def planned(gonogo, write, tmp_path: Path):
    """Plan the book for the practice target, and return what is said by first word."""
    path = write(BOOK.replace("MARK", str(tmp_path)))
    write(PROFILE, "gonogo.toml")
    for each in (path, path.with_name("gonogo.toml")):
        assert gonogo("trust", "--yes", each).returncode == 0
    secret = {"SECRET_TOKEN": "hunter2hunter2"}

    def plan(*words: str):
        return gonogo("plan", path, *words, **secret)

    return plan


def items(done: Any) -> dict[str, dict[str, Any]]:
    found = json.loads(done.stdout)["items"]
    return {each["title"] or each["commands"][0]: each for each in found}


def test_each_thing_gets_one_of_four_answers(planned, tmp_path: Path) -> None:
    done = planned("--format", "json")
    assert done.returncode == 0, done.stderr
    said = {
        name.replace(str(tmp_path), "MARK"): (each["says"], each["why"])
        for name, each in items(done).items()
    }
    agrees = ("would run", "once a person agrees")
    starts = (
        "would run",
        "once a person starts it: that it only reads is inferred",
    )
    assert said == {
        "The state is kept": ("was run", "pass: as expected"),
        "The shop answers": (
            "cannot be predicted",
            "nobody could look: no [shop] path in the profile",
        ),
        "Ben agrees": ("cannot be predicted", "a person says (Management)"),
        "Pods are there": ("would be skipped", "by fact: platform is compose"),
        "touch MARK/skipped": ("would be skipped", "by fact: platform is compose"),
        "The clock is right": ("was run", "pass: exit 0"),
        'echo "in ${NAMESPACE:-nowhere}, ${TOKEN:-no token}, $SECRET_TOKEN"': (
            "was run",
            "exit 0",
        ),
        "Moved": ("cannot be predicted", "a person says"),
        "touch MARK/moved": (
            "would be skipped",
            "This changes things and needs other steps first: The shop answers. "
            "Settle those, then run it again.",
        ),
        "Moved after what stands": ("cannot be predicted", "a person says"),
        'touch "MARK/$NAMESPACE"': agrees,
        "WHERE=$(mktemp -d)": agrees,
        "WHO=ana": starts,
        'ls "$WHERE"': (
            "cannot be predicted",
            "$WHERE is what the command on line 67 sets",
        ),
        'touch "MARK/$WHO"': agrees,
        "touch MARK/<name>": ("cannot be predicted", "<name> has no value yet"),
        "curl https://api.example.com/health": starts,
        "ls MARK": starts,
        "tail -f MARK/log": (
            "would run",
            "once a person starts it, until it is stopped",
        ),
    }
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"book.md", "gonogo.toml", "home"}, "nothing was changed"


def test_exact_commands_and_what_fills_them(planned, tmp_path: Path) -> None:
    done = planned("--format", "json")
    said = items(done)
    curl = said["curl https://api.example.com/health"]
    assert curl["commands"] == ['curl https://"${GONOGO_API_EXAMPLE_COM}"/health']
    assert curl["known"] == [
        {
            "name": "GONOGO_API_EXAMPLE_COM",
            "value": "10.1.2.3:8000",
            "from": "the profile",
            "text": "api.example.com",
        }
    ]
    assert (curl["class"], curl["inferred"]) == ("observe", True)
    (who,) = said[f'touch "{tmp_path}/$WHO"']["known"]
    assert (who["value"], who["from"]) == ("ana", "line 68")
    echoed = said['echo "in ${NAMESPACE:-nowhere}, ${TOKEN:-no token}, $SECRET_TOKEN"']
    assert "in shop, no token, " in echoed["evidence"]
    assert "hunter2" not in done.stdout, "a secret is filled in nowhere"


def test_the_figure_at_the_end_counts_what_is_predicted(planned) -> None:
    done = planned()
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == (
        "13 of 19 predicted (68 %): 3 only read and were run, 7 would run, "
        "3 would be skipped; 6 cannot be predicted"
    )
    assert "  with       $NAMESPACE = shop (from the runbook)" in done.stdout


def test_nothing_is_written_down(planned, home: Path) -> None:
    assert planned().returncode == 0
    kept = {p.name for p in home.rglob("*") if p.is_file()}
    assert kept == {"trust.json", "trust.lock"}


def test_broken_or_untrusted_files_are_not_walked(gonogo, write) -> None:
    path = write(BOOK)
    done = gonogo("plan", path)
    assert done.returncode == 2 and f"gonogo trust {path}" in done.stderr
    path.write_text(BOOK.replace('needs = ["gone"]', 'needs = ["nobody"]'))
    assert gonogo("trust", "--yes", path).returncode == 0
    done = gonogo("plan", path)
    assert done.returncode == 2 and "no step has that id" in done.stderr
    assert done.stdout == ""
