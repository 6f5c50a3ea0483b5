"""Settings resolve as containers get them, and are described without being told."""

from __future__ import annotations

import base64
import os
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks import env_file
from runbooks.results import Value
from runbooks.setting_aspects import aspects, is_placeholder, is_secret
from runbooks.settings import (
    data_of,
    needs_secrets,
    of_container,
    of_docker,
    of_file,
    unwired,
)

MAPS = {"config": {"log-level": "INFO", "LEVEL": "1", "not a name": "x"}}
SECRETS = {"keys": {"session-secret": "s3cr3t", "TOKEN": "t0k3n"}}


def env(name: str, value: str | None = None, **value_from: Any) -> dict[str, Any]:
    if value is not None:
        return {"name": name, "value": value}
    return {"name": name, "valueFrom": value_from} if value_from else {"name": name}


def key(name: str, key: str, optional: bool = False) -> dict[str, Any]:
    return {"name": name, "key": key, "optional": optional}


def resolved(*entries: dict[str, Any], sources: Any = ()) -> dict[str, Any]:
    container = {"env": list(entries), "envFrom": list(sources)}
    found = of_container("api", container, MAPS, SECRETS)
    return {name: (each.value, each.source) for name, each in found.settings.items()}


def test_each_way_into_a_container() -> None:
    assert resolved(
        env("A", "x"),
        env("B", configMapKeyRef=key("config", "log-level")),
        env("C", secretKeyRef=key("keys", "session-secret")),
        env("D", fieldRef={"fieldPath": "metadata.name"}),
        env("E"),
        sources=[{"configMapRef": {"name": "config"}, "prefix": "P_"}],
    ) == {
        "P_log-level": ("INFO", "configMapRef"),
        "P_LEVEL": ("1", "configMapRef"),
        "A": ("x", "literal"),
        "B": ("INFO", "configMapKeyRef"),
        "C": ("s3cr3t", "secretKeyRef"),
        "D": (None, "fieldRef"),
        "E": ("", "literal"),
    }


def test_env_wins_over_env_from_and_the_later_over_the_earlier() -> None:
    sources = [{"configMapRef": {"name": "config"}}, {"secretRef": {"name": "keys"}}]
    found = resolved(
        env("TOKEN", "mine"), env("X", "1"), env("X", "2"), sources=sources
    )
    assert found["TOKEN"] == ("mine", "literal")
    assert found["X"] == ("2", "literal")
    maps = {"a": {"LEVEL": "1"}, "b": {"LEVEL": "2"}}
    both = [{"configMapRef": {"name": name}} for name in "ab"]
    assert (
        of_container("api", {"envFrom": both}, maps, {}).settings["LEVEL"].value == "2"
    )


def test_what_is_optional_may_lack_and_leaves_what_was_there() -> None:
    sources = [
        {"configMapRef": {"name": "config"}},
        {"secretRef": {"name": "gone", "optional": True}},
    ]
    entries = [env("LEVEL", configMapKeyRef=key("gone", "x", True))]
    container = {"env": entries, "envFrom": sources}
    found = of_container("api", container, MAPS, {})
    assert (found.settings["LEVEL"].value, found.missing) == ("1", ())


def test_what_is_not_optional_is_missing() -> None:
    container = {
        "env": [env("A", secretKeyRef=key("keys", "nope"))],
        "envFrom": [{"configMapRef": {"name": "gone"}}],
    }
    found = of_container("api", container, MAPS, SECRETS)
    assert found.missing == ("configMap gone", "secret keys key nope")
    assert "A" not in found.settings


def test_secrets_that_nobody_has_read_are_not_missing() -> None:
    container = {"env": [env("A", secretKeyRef=key("keys", "nope")), env("B", "$(A)")]}
    found = of_container("api", container, MAPS, None)
    assert found.missing == ()
    assert (found.settings["A"].value, found.settings["A"].source) == (
        None,
        "secretKeyRef",
    )
    assert found.settings["B"].value == "$(A)"


def test_references_to_variables_set_before() -> None:
    found = resolved(
        env("PASSWORD", secretKeyRef=key("keys", "session-secret")),
        env("URL", "redis://:$(PASSWORD)@h"),
        env("LATER", "$(AFTER) $(PASSWORD"),
        env("AFTER", "$$(PASSWORD) $x $"),
    )
    assert found["URL"] == ("redis://:s3cr3t@h", "secretKeyRef")
    assert found["LATER"] == ("$(AFTER) $(PASSWORD", "literal")
    assert found["AFTER"] == ("$(PASSWORD) $x $", "literal")


@pytest.mark.parametrize(
    ("container", "names", "needed"),
    [
        ({"env": [env("A", secretKeyRef=key("s", "k"))]}, ["A"], True),
        ({"env": [env("A", secretKeyRef=key("s", "k"))]}, ["B"], False),
        ({"envFrom": [{"secretRef": {"name": "s"}}]}, ["B"], True),
        (
            {"env": [env("A", secretKeyRef=key("s", "k")), env("B", "x$(A)")]},
            ["B"],
            True,
        ),
        ({}, ["A"], False),
    ],
)
def test_secrets_are_read_only_where_they_decide(
    container: dict[str, Any], names: list[str], needed: bool
) -> None:
    assert needs_secrets(container, names) is needed


def test_declared_and_not_wired() -> None:
    wired = of_docker("api", ["LOG_LEVEL=INFO", "EMPTY", "A=b=c"])
    maps = {"config": {"log-level": "INFO", "cache-video-ttl": "300"}}
    names = ["LOG_LEVEL", "CACHE_VIDEO_TTL", "OTHER"]
    assert unwired(names, [wired], maps) == ["CACHE_VIDEO_TTL"]
    assert wired.settings["A"].value == "b=c"
    assert wired.settings["EMPTY"].value == ""


def test_secrets_are_decoded() -> None:
    coded = {"k": base64.b64encode(b"plain").decode(), "odd": "no base64!"}
    secret = {"kind": "Secret", "metadata": {"name": "s"}, "data": coded}
    config = {"metadata": {"name": "c"}, "data": {"k": "v"}}
    empty = {"metadata": {"name": "e"}}
    assert data_of([secret, config, empty]) == {
        "s": {"k": "plain", "odd": "no base64!"},
        "c": {"k": "v"},
        "e": {},
    }


def test_a_default_counts_only_where_nothing_is_set() -> None:
    found = of_file("api", {"A": "", "B": "b"}, "0600")
    assert found.setting("A", "default").value == ""
    assert found.setting("C", "default").source == "default"
    assert found.setting("C").source == "unset"
    assert "b" not in repr(found.settings["B"])


NAMES = st.text("ABC", min_size=1, max_size=1)
TEXTS = st.text(string.ascii_letters + "$()", max_size=8)
ENTRIES = st.one_of(
    st.builds(env, NAMES, TEXTS),
    st.builds(
        lambda n, k, o: env(n, configMapKeyRef=key("config", k, o)),
        NAMES,
        st.sampled_from("abc"),
        st.booleans(),
    ),
)


@given(
    st.lists(ENTRIES, max_size=6),
    st.lists(st.dictionaries(NAMES, TEXTS), max_size=3),
    st.dictionaries(st.sampled_from("abc"), TEXTS),
)
def test_the_last_that_has_a_value_wins(
    entries: list[dict[str, Any]], sources: list[dict[str, str]], config: dict[str, str]
) -> None:
    maps: dict[str, dict[str, str]] = {str(n): s for n, s in enumerate(sources)}
    container = {
        "env": entries,
        "envFrom": [{"configMapRef": {"name": name}} for name in maps],
    }
    found = of_container("api", container, {**maps, "config": config}, {})
    for name in "ABC":
        ways = [source[name] for source in sources if name in source]
        for entry in entries:
            if entry["name"] != name:
                continue
            reference = entry.get("valueFrom", {}).get("configMapKeyRef")
            if reference is None:
                ways.append(None)  # its text may hold references: only its place counts
            elif reference["key"] in config:
                ways.append(config[reference["key"]])
        if not ways:
            assert name not in found.settings
        elif ways[-1] is None:
            assert found.settings[name].source == "literal"
        else:
            assert found.settings[name].value == ways[-1]


HOSTILE = """\
# comment
A=1
export B='two words'
C="a\\nb"
D=${A}
E=$(touch /tmp/never)
F=x # comment
G='it''s
=nothing
H
I=a=b=c
J="unclosed
K=last
"""


def test_env_files_with_hostile_content() -> None:
    found = env_file.parse(HOSTILE)
    assert found["A"] == "1" and found["B"] == "two words" and found["C"] == "a\nb"
    assert found["D"] == "${A}" and found["E"] == "$(touch /tmp/never)"
    assert found["F"] == "x" and found["I"] == "a=b=c" and found["K"] == "last"
    assert "H" not in found and "" not in found


@given(st.text(max_size=200))
def test_any_text_is_an_env_file(text: str) -> None:
    assert all(isinstance(value, str) for value in env_file.parse(text).values())


@given(st.text("abc'\"\\$#= \t{}é", max_size=20))
def test_quoted_values_come_back_whole(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    assert env_file.parse(f"A='{quoted}'\nB=1\n") == {"A": value, "B": "1"}


def test_only_regular_files_of_a_sane_size_are_read(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(b"\xef\xbb\xbfA=1\r\nB=\xff\n")
    good.chmod(0o640)
    assert env_file.read(str(good)) == ({"A": "1", "B": "\ufffd"}, "0640")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no regular file"):
        env_file.read(str(pipe))
    good.write_bytes(b"A=1\n" * 300_000)
    with pytest.raises(OSError, match="larger"):
        env_file.read(str(good))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LEVEL", "INFO", {"": "INFO", "set": True, "number": None, "on": None}),
        ("HOURS", "24", {"": 24, "number": 24}),
        ("LEVEL", "", {"": None, "set": False, "length": 0, "on": None}),
        ("LEVEL", None, {"": None, "set": False}),
        ("FLAG", "True", {"": "True", "on": True}),
        ("FLAG", "off", {"on": False}),
        ("FLAG", "maybe", {"on": None}),
        ("LIST", "cuda, hip", {"first": "cuda", "count": 2}),
        (
            "ADMINS",
            "ada@x.test, b@Y.test,oops",
            {
                "": "a…@x.test, b…@Y.test",
                "addresses": 2,
                "malformed": "entry 3",
                "domains": "x.test, y.test",
                "first": None,
            },
        ),
        (
            "SESSION_SECRET",
            "0123456789abcdef" * 4,
            {"": "64 characters, hex", "class": "hex", "length": 64, "last4": None},
        ),
        ("API_TOKEN", "change-me-soon", {"class": "placeholder", "placeholder": True}),
        ("STRIPE_KEY", "sk_live_abcdefgh", {"prefix": "sk_live_"}),
        ("CLIENT_ID", "123456789012-abcd", {"last4": "abcd", "": "123456789012-abcd"}),
        (
            "DATABASE_URL",
            "postgresql+psycopg://app:p%40ss@db.test:5433/t?sslmode=require",
            {
                "": "62 characters, URL",
                "scheme": "postgresql+psycopg",
                "host": "db.test",
                "port": 5433,
                "database": "t",
                "user": "app",
                "password": "set",
                "percent": True,
                "encrypted": True,
                "exposed": False,
            },
        ),
        (
            "REDIS_URL",
            "redis://cache.test:6379/0",
            {"": "redis://cache.test:6379/0", "exposed": True, "local": False},
        ),
        ("REDIS_URL", "redis://127.0.0.1/0", {"exposed": False, "local": True}),
        (
            "DATABASE_URL",
            "postgresql://postgres:postgres@h/t",
            {"password": "placeholder", "placeholder": True},
        ),
        ("ORIGIN", "https://app.test", {"path": None, "host": "app.test"}),
        ("ORIGIN", "https://app.test/", {"path": "/"}),
        ("ORIGIN", "https://app.your-domain.com", {"placeholder": True}),
    ],
)
def test_what_is_said_of_a_value(
    name: str, value: str | None, expected: dict[str, Value]
) -> None:
    found = aspects(name, value)
    assert {aspect: found[aspect] for aspect in expected} == expected


@pytest.mark.parametrize(
    "value",
    [
        "change-me",
        "change-me-generate-secure-random-value",
        "YOUR_SESSION_SECRET_HERE",
        "YOUR_DATABASE_URL_HERE",
        "sk_test_...",
        "whsec_...",
        "price_...",
        "<token>",
        "postgres",
    ],
)
def test_placeholders(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["0123456789abcdef" * 4, "hunter2-and-more", "INFO"])
def test_no_placeholders(value: str) -> None:
    assert not is_placeholder(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_SECRET", "x"),
        ("HF_TOKEN", "x"),
        ("SENTRY_DSN", "x"),
        ("FOO", "https://key@sentry.test/1"),
        ("FOO", "postgres://u:pa/ss@h/d"),
        ("FOO", "postgres://u:12/ss@h1,h2:5/d"),
        ("FOO", "host=h password=x"),
        ("FOO", "https://h/?access_token=x"),
        ("FOO", "sk_live_abcdef"),
        ("FOO", "-----BEGIN PRIVATE KEY-----"),
    ],
)
def test_secrets_are_known_by_name_or_look(name: str, value: str) -> None:
    assert is_secret(name, value)


@given(
    st.sampled_from(["SESSION_SECRET", "HF_TOKEN", "DB_PASSWORD", "STRIPE_API_KEY"]),
    # What is told of a secret is words and numbers, which a secret of letters may be.
    st.text(string.ascii_letters + string.digits, min_size=8).filter(
        lambda text: not text.isalpha()
    ),
)
def test_no_aspect_of_a_secret_holds_it(name: str, secret: str) -> None:
    told = [str(value) for value in aspects(name, secret).values()]
    assert not any(secret in each for each in told)


SAID_OF_ALL = "placeholder"
"""What is told of a password that is none, as it happens word for word."""


@given(
    st.text(string.ascii_letters + string.digits + "/#?@:%", min_size=9).filter(
        lambda text: text not in SAID_OF_ALL
    )
)
def test_no_aspect_of_a_url_holds_its_password(password: str) -> None:
    value = f"postgresql://app:{password}@db.test:5432/t"
    told = [str(each) for each in aspects("DATABASE_URL", value).values()]
    assert not any(password in each for each in told)
