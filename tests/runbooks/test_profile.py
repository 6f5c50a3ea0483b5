"""What `gonogo target check` finds wrong with a profile, and profiles it writes."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from runbooks import parsing, profile
from runbooks.model import Runbook
from runbooks.target import parse
from runbooks.target_template import template, write

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "runbooks" / "documents" / "production-deployment.md"
PATH = Path("acme.toml")

BOOK = """\
# Launch

- [ ] Redis answers
  ```toml step
  id = "redis"
  when = { platform = ["kubernetes", "compose"], caching = true }
  probe = { use = "redis.info", expect = { answers = true, share = "< 80 %" } }
  ```
- [ ] The API answers
  ```toml step
  id = "api"
  [probe]
  use = "http"
  as = "health"
  url = "${api.url}/health"
  expect = { status = 200 }
  ```
"""
GOOD = """\
name = "acme"

[facts]
platform = "compose"
caching = true

[api]
url = "https://api.acme.test"

[redis]
url = { env = "REDIS_URL" }
password = { file = "/run/secrets/redis" }

[settings]
env_file = "/etc/app.env"
scheduler_env_file = "/etc/scheduler.env"

[vars]
REGION = "eu-1"

[thresholds.redis]
share = { pass = "< 90 %", warn = "absent" }

[thresholds.api]
"health.status" = [200, 204]

[intrusive]
steps = ["api"]
"""


@pytest.fixture(scope="module")
def book() -> Runbook:
    return parsing.parse(BOOK.encode(), Path("book.md"))


def found(text: str, book: Runbook) -> list[str]:
    return [str(each) for each in profile.check(text.encode(), PATH, book)]


def test_a_good_profile_has_no_complaints(book: Runbook) -> None:
    assert found(GOOD, book) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        (
            "[redis]",
            "[rediss]",
            10,
            "nothing reads the table [rediss]; did you mean 're",
        ),
        (
            "env_file =",
            "env_fil =",
            15,
            "'env_fil' under [settings]; did you mean 'env",
        ),
        ("compose", "docker", 4, "'docker' is no platform; there are compose, "),
        ('"compose"', "true", 4, "of another kind"),
        ("caching = true", 'caching = "yes"', 5, "of another kind"),
        ('{ env = "REDIS_URL" }', '"redis://:pw@h"', 11, "url holds a password"),
        ('{ file = "/run', '"made-up" # "/run', 12, "password is a secret written"),
        ('{ env = "REDIS_URL" }', '{ env = "A", file = "b" }', 11, "no reference"),
        ("[thresholds.redis]", "[thresholds.reddis]", 21, "did you mean 'redis'?"),
        ("share =", "shares =", 22, "did you mean 'share'?"),
        ("< 90 %", "< 90 GiB", 22, "does not fit"),
        ('"health.status"', '"helth.status"', 25, "did you mean 'health.status'?"),
        ("[200, 204]", "[]", 25, "an empty list can never be met"),
        ('["api"]', '["apis"]', 28, "no step has the id 'apis'; did you mean 'api'?"),
        ("[vars]", "stray = 1\n[vars]", 18, "nothing reads 'stray' under [settings]"),
        ('name = "acme"', 'nam = "acme"', 1, "nam stands outside a table"),
        ("[vars]", '[probes]\nevery = "5 m"\n[vars]', 19, "'5 m' is no duration"),
        ("[facts]", "[facts", 3, "no valid TOML"),
    ],
)
def test_mistakes_have_a_line_and_a_remedy(
    book: Runbook, old: str, new: str, line: int, complaint: str
) -> None:
    wrong = found(GOOD.replace(old, new, 1), book)
    assert any(
        each.startswith(f"acme.toml:{line}:") and complaint in each for each in wrong
    ), wrong


def test_what_only_warns(book: Runbook) -> None:
    text = GOOD.replace('platform = "compose"', "quantum = true\ngpu = false")
    text += "\n[other_runbook]\nx = 1\n"
    problems = profile.check(text.encode(), PATH, book)
    assert [each.warning for each in problems] == [True, True, True]
    assert "the fact platform is missing" in str(problems[0])
    assert "nothing reads 'quantum' under [facts]" in str(problems[1])
    assert "nothing reads the table [other_runbook]" in str(problems[2])


def test_all_mistakes_come_at_once(book: Runbook) -> None:
    text = '[redis]\nurll = 1\n[opensaerch]\n[thresholds."no.step"]\nx = 1\n'
    assert len(found(text, book)) == 4


@pytest.mark.parametrize("path", [SHIPPED])
def test_what_is_written_is_what_is_read(path: Path, tmp_path: Path) -> None:
    book = parsing.read(path)
    known = {
        "facts": {"platform": "compose", "gpu": "none"},
        "docker": {"project": 'odd "name" é'},
        "redis": {"url": {"env": "REDIS_URL"}},
        "api": {"url": "https://api.acme.test", "host": "api.acme.test"},
    }
    text = template(book, known)
    assert tomllib.loads(text) == {
        **{table: {} for table in tomllib.loads(text)},
        **known,
    }
    assert profile.check(text.encode(), PATH, book) == []
    filled = "\n".join(
        line.removeprefix("# ") if line.startswith("# ") and " = " in line else line
        for line in text.removeprefix(text.partition("[")[0]).splitlines()
    )
    complaints = profile.check(filled.encode(), PATH, book)
    assert [each for each in complaints if "nothing reads" in str(each)] == []
    target = tmp_path / "targets" / "acme.toml"
    write(target, text)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert parse(target.read_bytes(), target).facts["platform"] == "compose"
    write(target, "")
    assert [each.name for each in target.parent.iterdir()] == ["acme.toml"]
