"""Profiles: where they are found, what they say, what they may not hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runbooks import parsing
from runbooks.errors import DocumentError, ProbeError
from runbooks.facts import differing
from runbooks.known import known
from runbooks.model import Runbook
from runbooks.references import fill, references
from runbooks.secrets import Secret
from runbooks.target import (
    Target,
    candidates,
    find,
    load,
    lookup,
    parse,
)

PROFILE = b"""
name = "production"
[facts]
platform = "compose"
features = ["oauth", "search"]
[vars]
REGION = "eu-1"
[api]
url = "https://api.acme.test"
token = { env = "GONOGO_TEST_TOKEN" }
ports = [80, 443]
[kubernetes]
namespace = "transcripts"
[thresholds."health.endpoints"]
latency = "<= 9 s"
"""


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration and working directory of this test's own."""
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path / "here")


def document(directory: Path, declares: str = "") -> Runbook:
    directory.mkdir(exist_ok=True)
    text = f"# A\n\n```toml runbook\n{declares}\n```\n\n- [ ] a\n"
    return parsing.parse(text.encode(), directory / "book.md")


def named(tmp_path: Path, name: str, data: bytes = PROFILE) -> Path:
    path = tmp_path / "config" / "gonogo" / "targets" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_without_a_profile_there_is_an_empty_target(tmp_path: Path) -> None:
    target = load(None, document(tmp_path / "docs"))
    assert (target.name, target.path, target.untrusted) == ("", None, None)


def test_order_of_the_search(tmp_path: Path) -> None:
    book = document(tmp_path / "docs", 'target = "prod"')
    path = named(tmp_path, "prod")
    assert load(None, book).path == path
    (tmp_path / "here" / "gonogo.toml").write_bytes(PROFILE)
    assert find(None, book.path) == tmp_path / "here" / "gonogo.toml"
    (tmp_path / "docs" / "gonogo.toml").write_bytes(PROFILE)
    assert find(None, book.path) == tmp_path / "docs" / "gonogo.toml"
    assert load("prod", book).path == path


def test_a_profile_beside_the_runbook_waits_for_trust(tmp_path: Path) -> None:
    book = document(tmp_path / "docs")
    path = tmp_path / "docs" / "gonogo.toml"
    path.write_bytes(PROFILE)
    target = load(None, book)
    assert (target.untrusted, target.tables, target.facts) == (path, {}, {})
    assert target.digest == hashlib.sha256(PROFILE).hexdigest()
    trusted = load(None, book, lambda digest, path: digest == target.digest)
    assert (trusted.name, trusted.untrusted) == ("production", None)


def test_a_named_target_must_exist(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="there is no such target"):
        load("nowhere", document(tmp_path / "docs"))


def test_a_runbook_cannot_choose_any_file(tmp_path: Path) -> None:
    (tmp_path / "any.toml").write_bytes(PROFILE)
    book = document(tmp_path / "docs", f'target = "{tmp_path}/any.toml"')
    with pytest.raises(DocumentError, match="is a path"):
        load(None, book)


def test_a_path_is_a_name_too(tmp_path: Path) -> None:
    path = tmp_path / "any.toml"
    path.write_bytes(PROFILE)
    assert load(str(path), document(tmp_path / "docs")).name == "production"


def test_what_a_profile_says() -> None:
    target = parse(PROFILE, Path("gonogo.toml"))
    assert target.facts["platform"] == "compose"
    assert target.vars == {"REGION": "eu-1"}
    assert target.secrets == {"api.token": Secret("env", "GONOGO_TEST_TOKEN")}
    assert target.thresholds == {"health.endpoints": {"latency": "<= 9 s"}}
    assert lookup(target, "api.url") == "https://api.acme.test"
    assert lookup(target, "vars.REGION") == "eu-1"
    assert lookup(target, "facts.platform") == "compose"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[api]\ntoken = "tc_abc"', "secret written out"),
        ('[a.b]\npassword = "x"', r"\[a\.b\] password"),
        ("[api", "no TOML"),
        ("\xff", "no TOML"),
        ("name = 5", "name is no plain text"),
        ('url = "x"', "outside a table"),
        ("[vars]\nA = 5", "put it in quotes"),
        ('[thresholds]\na = "x"', "no table"),
    ],
)
def test_what_a_profile_may_not_say(text: str, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        parse(text.encode("latin-1"), Path("gonogo.toml"))


def test_what_is_missing_says_what_to_write(tmp_path: Path) -> None:
    target = parse(PROFILE, tmp_path / "prod.toml")
    for name, said in (("web.url", "no [web] url"), ("api.name", "no [api] name")):
        with pytest.raises(ProbeError) as caught:
            lookup(target, name)
        assert str(caught.value) == f"{said} in the profile"
        assert str(tmp_path / "prod.toml") in caught.value.__notes__[0]
        assert (caught.value.source, caught.value.stage) == (
            "target profile",
            "configuration",
        )


def test_an_untrusted_profile_is_named_as_the_reason() -> None:
    with pytest.raises(ProbeError) as caught:
        lookup(Target("", untrusted=Path("/x/gonogo.toml")), "api.url")
    assert "/x/gonogo.toml is not trusted" in caught.value.__notes__[0]


def test_references_are_filled() -> None:
    target = parse(PROFILE, Path("gonogo.toml"))
    value = {
        "url": "${api.url}/health",
        "port": "${api.ports}",
        "n": [5, "${vars.REGION}"],
    }
    assert fill(value, target) == {
        "url": "https://api.acme.test/health",
        "port": [80, 443],
        "n": [5, "eu-1"],
    }


def test_secrets_are_filled_only_when_given() -> None:
    target = parse(PROFILE, Path("gonogo.toml"))
    assert fill("Bearer ${api.token}", target) == "Bearer ${api.token}"
    assert fill("Bearer ${api.token}", target, {"api.token": "x"}) == "Bearer x"


def test_shell_variables_are_no_references() -> None:
    assert references("${HOME}/x $HOME ${api.url}") == ["api.url"]


def test_secret_values_for_redaction(monkeypatch: pytest.MonkeyPatch) -> None:
    target = parse(PROFILE, Path("gonogo.toml"))
    before = known(target)
    monkeypatch.setenv("GONOGO_TEST_TOKEN", "s3cret")
    assert set(known(target)) - set(before) == {"s3cret"}


def test_facts_that_differ() -> None:
    target = parse(PROFILE, Path("gonogo.toml"))
    assert differing({"platform": "compose"}, target) == ""
    assert differing({"platform": ["compose", "processes"]}, target) == ""
    assert differing({"features": "oauth"}, target) == ""
    assert differing({"gpu": "nvidia"}, target) == "", "not stated rules nothing out"
    assert differing({"platform": "kubernetes"}, target) == "platform is compose"


def test_candidates_for_placeholders() -> None:
    target = parse(PROFILE, Path("gonogo.toml"))
    assert candidates(target, "api.example.com") == ("api.acme.test",)
    assert candidates(target, "<namespace>") == ("transcripts",)
    assert candidates(target, "<pod-name>") == ()
