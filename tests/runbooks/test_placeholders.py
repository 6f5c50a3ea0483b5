"""What is to be filled in is found, and filled in as data: bash is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbooks.placeholders import find, substitute, unfillable


def found(text: str) -> list[str]:
    return [placeholder.text for placeholder in find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("curl https://api.example.com/health", ["api.example.com"]),
        ("kubectl exec -it transcript-api-xxx -- ls", ["transcript-api-xxx"]),
        ("./verify.sh /backups/db/backup_name.sql.gz", ["backup_name.sql.gz"]),
        (
            "kubectl logs <pod-name> -n <your namespace>",
            ["<pod-name>", "<your namespace>"],
        ),
        ("docker run -v <a>:<b> <image>:<tag>", ["<a>", "<b>", "<image>", "<tag>"]),
        ("ssh <user>@<host>", ["<user>", "<host>"]),
        ("ls > <file>", ["<file>"]),
        ("service api <start|stop>", ["<start|stop>"]),
        ("kubectl logs {{ pod }} -c {{container}}", ["{{ pod }}", "{{container}}"]),
        ("export A=... B='...' C=…", ["...", "...", "…"]),
        (
            "export TOKEN=YOUR_TOKEN; scp your-key.pem h:",
            ["YOUR_TOKEN", "your-key.pem"],
        ),
        ("x=CHANGEME y=changeme z=REPLACE_ME", ["CHANGEME", "changeme", "REPLACE_ME"]),
        ("curl http://x.invalid:80/ http://u@db.test/", ["x.invalid", "db.test"]),
        ("dig api.test", ["api.test"]),
        (
            "ping 192.0.2.1; ping 198.51.100.7; ping 203.0.113.9",
            ["192.0.2.1", "198.51.100.7", "203.0.113.9"],
        ),
        ("echo 'Bearer <token>' \"a <b>\"", ["<token>", "<b>"]),
        ("cd /path/to/repo", ["/path/to/repo"]),
        ('echo "$(kubectl get <kind>)"', ["<kind>"]),
        ("cat <<EOF\nhost: <host>\nEOF", ["<host>"]),
        ("echo ${X:-<default>}", ["<default>"]),
        ("https://your-app.example.com", ["your-app.example.com"]),
    ],
)
def test_found(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "sort <in >out",
        "sort < in > out",
        "sort <in>out",
        "sort <in.txt> out.txt",
        "diff <(sort a) <(sort b)",
        "cat <<EOF\nx\nEOF",
        "cat <<<word",
        "exec 3<&0",
        "ls # <pod-name>",
        "# curl https://api.example.com",
        "curl http://localhost:8080/",
        "docker ps --format '{{.Names}}'",
        "docker inspect -f '{{range .Mounts}}{{.Source}}{{end}}' x",
        "kubectl get po -o go-template='{{ .metadata.name }}'",
        "kubectl get po -o jsonpath='{.items[0].metadata.name}'",
        "echo $YOUR_TOKEN ${YOUR_TOKEN}",
        "YOUR_TOKEN=abc",
        "cp .env.example .env",
        "git diff a...b",
        "echo '<b>bold</b>'",
        "grep -P '(?P<name>x)'",
        "git config user.email '<me@host.org>'",
        "echo $((xxx + 1))",
        "ping 192.0.20.1",
        "curl https://myexample.com https://example.community",
        "[[ a < b && c > d ]]",
        "",
    ],
)
def test_not_found(text: str) -> None:
    assert found(text) == []
    assert substitute(text, find(text)) == text


def test_names_of_variables() -> None:
    text = "a <pod-name> <pod-name> {{pod_name}} https://api.example.com ..."
    assert [p.variable for p in find(text)] == [
        "GONOGO_POD_NAME",
        "GONOGO_POD_NAME",
        "GONOGO_POD_NAME_2",
        "GONOGO_API_EXAMPLE_COM",
        "GONOGO_VALUE",
    ]


def test_places_are_characters() -> None:
    text = "echo é日本 <имя> xxx"
    assert [text[p.start : p.end] for p in find(text)] == ["<имя>", "xxx"]


def test_a_quoted_here_document_can_only_be_edited() -> None:
    text = "cat <<'EOF'\n<a>\nEOF\necho <b>"
    assert found(text) == ["<b>"]
    assert [p.text for p in unfillable(text)] == ["<a>"]
    assert "<a>" in substitute(text, (*unfillable(text), *find(text)))


def test_only_the_given_ones_are_replaced() -> None:
    text = "echo <a> <b>"
    assert substitute(text, find(text)[1:]) == 'echo <a> "${GONOGO_B}"'


CONTEXTS = [
    ("printf %s <x>", "{}"),
    ("printf %s pre-<x>-post", "pre-{}-post"),
    ("printf %s a-xxx", "{}"),
    ('printf %s "a <x> b"', "a {} b"),
    ("printf %s 'a <x> b'", "a {} b"),
    ("printf %s $'a\\t<x> b'", "a\t{} b"),
    ("cat <<EOF\na <x> b\nEOF", "a {} b\n"),
    ("cat <<-EOF | cat\n\ta <x> b\n\tEOF", "a {} b\n"),
    ('printf %s "$(printf %s. <x>)"', "{}."),
    ('printf %s "$(printf %s. "<x>")"', "{}."),
    ("printf %s \"$(printf %s. '<x>')\"", "{}."),
    ("cat <<EOF\n$(printf %s. <x>)\nEOF", "{}.\n"),
    ('printf %s "`printf %s. <x>`"', "{}."),
    ('y=<x>; printf %s "$y"', "{}"),
    ('export y=<x>; printf %s "$y"', "{}"),
    ('y=(<x> b); printf %s "${y[0]}"', "{}"),
    ('for y in <x>; do printf %s "$y"; done', "{}"),
    ("printf %s ${y:-<x>}", "{}"),
    ('printf %s "${y:-<x>}"', "{}"),
    ("cat <<< <x>", "{}\n"),
    ('cat <<< "a <x>"', "a {}\n"),
    ('f() { printf %s "$1"; }; f <x>', "{}"),
    ("if true; then\n  printf %s <x> # <x>\nfi", "{}"),
    ("[[ <x> == '' ]] || printf %s <x>", "{}"),
    ("printf %s é<x>", "é{}"),
    ("printf %s http://<x>/<x>", "http://{}/{}"),
    ("printf %s https://api.example.com/", "https://{}/"),
    ("printf %s {{ x }}", "{}"),
    ("case <x> in\n'') ;;\n*) printf %s <x> ;;\nesac", "{}"),
    ("printf %s \\\n  <x>", "{}"),
]

NASTY = "a'b\"c `touch x` $(touch x) ${HOME} $HOME \\ \\' * ? [a] ~"
NASTY += " ; | & > y <z> !! #\n\té\n\n."


def run(text: str, value: str, where: Path) -> bytes:
    variables = {placeholder.variable: value for placeholder in find(text)}
    done = subprocess.run(
        ["bash", "--norc", "-c", substitute(text, find(text))],
        cwd=where,
        env={"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8", **variables},
        capture_output=True,
    )
    assert done.stderr == b""
    return done.stdout


@pytest.mark.parametrize(("text", "expected"), CONTEXTS)
def test_a_value_is_data(text: str, expected: str, tmp_path: Path) -> None:
    assert run(text, NASTY, tmp_path).decode() == expected.replace("{}", NASTY)
    assert list(tmp_path.iterdir()) == []


values = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30
) | st.text("'\"`$(){}\\ \n\t;&|<>*?[]~#!ax", min_size=1, max_size=30)


@given(st.sampled_from(CONTEXTS), values)
@example(CONTEXTS[4], "'")
@settings(max_examples=150, deadline=None)
def test_any_value_is_data_in_any_context(case: tuple[str, str], value: str) -> None:
    text, expected = case
    # A substitution drops the newlines at the end of what it captures.
    value += "." if value.endswith("\n") else ""
    assert run(text, value, Path("/")).decode() == expected.replace("{}", value)


@given(st.text("<>{}x. ab-/'\"`$(\n#\\é=", max_size=50))
@settings(max_examples=300)
def test_any_text(text: str) -> None:
    placeholders = find(text)
    assert all(text[p.start : p.end] == p.text for p in placeholders)
    ends = [0, *(p.end for p in placeholders)]
    assert all(p.start >= end for p, end in zip(placeholders, ends, strict=False))
    if not placeholders:
        assert substitute(text, placeholders) == text
