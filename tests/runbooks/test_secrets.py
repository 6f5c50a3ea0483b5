"""References to secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.secrets import Secret, literal, reference


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONOGO_TEST_TOKEN", "s3cret")
    assert Secret("env", "GONOGO_TEST_TOKEN").value() == "s3cret"


def test_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    assert Secret("file", str(tmp_path / "token")).value() == "s3cret"


def test_from_a_command() -> None:
    assert Secret("command", "echo s3cret; echo noise >&2").value() == "s3cret"


@pytest.mark.parametrize(
    ("kind", "where", "problem"),
    [
        ("env", "GONOGO_TEST_UNSET", "is not set"),
        ("file", "/nonexistent/token", "No such file"),
        ("command", "echo s3cret; exit 3", "exit code 3"),
        ("command", "true", "is empty"),
    ],
)
def test_a_missing_secret_says_where_it_should_be(
    kind: str, where: str, problem: str
) -> None:
    with pytest.raises(ProbeError, match=problem) as caught:
        Secret(kind, where).value()
    assert caught.value.stage == "configuration"


def test_a_command_has_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbooks.secrets.COMMAND_LIMIT", 0.2)
    with pytest.raises(ProbeError, match=r"none in 0\.2 s"):
        Secret("command", "exec sleep 60").value()


def test_only_a_table_of_one_known_key_is_a_reference() -> None:
    assert reference({"env": "X"}) == Secret("env", "X")
    assert reference({"env": "X", "file": "Y"}) is None
    assert reference({"host": "X"}) is None
    assert reference("X") is None


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("api", "token", "tc_abc"),
        ("postgres", "password", "hunter2"),
        ("object_storage", "secret_access_key", "abc"),
        ("grafana", "api_key", "abc"),
        ("secrets", "anything", "abc"),
        ("postgres", "dsn", "postgresql://app:hunter2@db/app"),
        ("postgres", "dsn", "host=db user=app password='hunter2'"),
        ("postgres", "dsn", "postgresql://app@db/app?ssl=on&password=hunter2"),
    ],
)
def test_a_secret_written_out_is_refused(table: str, key: str, value: str) -> None:
    said = literal(table, key, value)
    assert f"[{table}] {key}" in said and "env" in said
    assert value not in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", "https://api.example.org"),
        ("dsn", "postgresql://app@db/app"),
        ("dsn", "host=db user=app passfile=/etc/pgpass"),
        ("monkey", "x"),
        ("token", ""),
        ("tokens", 5),
    ],
)
def test_what_is_no_secret_may_stand(key: str, value: object) -> None:
    assert literal("api", key, value) == ""
