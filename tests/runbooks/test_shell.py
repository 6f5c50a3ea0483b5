"""Blocks become complete commands: by tables, and by asking bash."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.shell import RawPart, split, whole_refused
from runbooks.syntax import masked, tree

HEALTH = """\
# API health
curl https://api.example.com/health

# Database connection
kubectl exec -it transcript-api-xxx -- python -c "import app; app.connect()"

# GPU status
kubectl exec -it transcript-worker-xxx -- rocm-smi
# or
kubectl exec -it transcript-worker-xxx -- nvidia-smi"""

LOGS = """\
# Kubernetes
kubectl logs -f deployment/transcript-api -n transcript-create
kubectl logs -f deployment/transcript-worker -n transcript-create

# Docker Compose
docker compose logs -f api
docker compose logs -f worker"""

BACKUP = """\
# Manual backup
./scripts/backup_db.sh

# Verify backup
./scripts/verify_backup.sh /backups/db/backup_name.sql.gz"""

RESTART = """\
# Kubernetes
kubectl rollout restart deployment/transcript-api -n transcript-create
kubectl rollout restart deployment/transcript-worker -n transcript-create

# Docker Compose
docker compose restart api worker"""


def texts(block: str, language: str = "bash") -> list[str]:
    return [part.text for part in split(block, language)]


def bash(text: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "--norc", *options, "-c", text],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )


def test_blocks_of_the_customers_document() -> None:
    blocks = [split(block, "bash") for block in (HEALTH, LOGS, BACKUP, RESTART)]
    assert [len(parts) for parts in blocks] == [4, 4, 2, 3]
    assert [part.title for part in blocks[0]] == [
        "API health",
        "Database connection",
        "GPU status",
        "or",
    ]
    assert [part.line for part in blocks[0]] == [1, 4, 7, 9]
    assert blocks[1][1] == RawPart(
        "",
        "kubectl logs -f deployment/transcript-worker -n transcript-create",
        2,
    )


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("", []),
        ("\n\n", []),
        ("# only a comment", []),
        ("a; b\nc", ["a; b", "c"]),
        ("a && b ||\n  c\nd", ["a && b ||\n  c", "d"]),
        ("a |\n # why\n b\nc", ["a |\n # why\n b", "c"]),
        ("a \\\n  b\nc", ["a \\\n  b", "c"]),
        ("a; \\\nb\nc", ["a; \\\nb", "c"]),
        ("if a\nthen b\nfi\nc", ["if a\nthen b\nfi", "c"]),
        ("for i in 1 2; do\n  a\ndone; b\nc", ["for i in 1 2; do\n  a\ndone; b", "c"]),
        ("f() {\n  a\n}\nf", ["f() {\n  a\n}", "f"]),
        (
            "cat <<EOF\n# no comment\n\nx\nEOF\na",
            ["cat <<EOF\n# no comment\n\nx\nEOF", "a"],
        ),
        ("cat <<-'E' | b\n\tx\n\tE\na", ["cat <<-'E' | b\n\tx\n\tE", "a"]),
        ('echo "a\nb"\nc', ['echo "a\nb"', "c"]),
        ("a # why\nb", ["a # why", "b"]),
        ("a &\nb", ["a &", "b"]),
        ("  a\n  b", ["a", "b"]),
        (
            "kubectl logs <pod-name>\nls <a> <b>\nc",
            ["kubectl logs <pod-name>", "ls <a> <b>", "c"],
        ),
        ("cat <your name>\nls > <file>\na", ["cat <your name>", "ls > <file>", "a"]),
        ("sort <in >out\na", ["sort <in >out", "a"]),
        ("echo é ü\necho 日本 <имя>\na", ["echo é ü", "echo 日本 <имя>", "a"]),
        ("echo a\u2028b\nc", ["echo a\u2028b", "c"]),
        ("if a; then\n  b\nls", ["if a; then\n  b\nls"]),
        ("echo 'a\nls", ["echo 'a\nls"]),
    ],
)
def test_split(block: str, expected: list[str]) -> None:
    assert texts(block) == expected


@pytest.mark.parametrize(
    ("block", "titles"),
    [
        ("# One\n# two\na", ["One two"]),
        ("## One ##\na\nb", ["One ##", ""]),
        ("#!/bin/bash\n# One\na", ["One"]),
        ("# Group\n\n# One\n\na", ["One"]),
        ("a # not above\nb", ["", ""]),
        ("# One\na\n# left over", ["One"]),
    ],
)
def test_titles_are_the_comments_above(block: str, titles: list[str]) -> None:
    assert [part.title for part in split(block, "bash")] == titles


@pytest.mark.parametrize(
    ("language", "block", "expected"),
    [
        ("console", "$ ls\na  b\n$ pwd\n/", ["ls", "pwd"]),
        ("bash", "$ ls\na  b\n$ pwd\n/", ["ls", "pwd"]),
        ("sh", "user@host:~$ ls -l\nx", ["ls -l"]),
        ("console", "(venv) $ pip list\npip 1", ["pip list"]),
        ("console", "[me@db ~]$ psql -l\nx", ["psql -l"]),
        ("console", "root@db:/etc# ls\nx", ["ls"]),
        ("shell-session", "# apt update\nHit:1", ["apt update"]),
        ("console", "$ ls\n# a comment\n$ pwd", ["ls", "pwd"]),
        ("bash", "# a comment\nls", ["ls"]),
        ("console", "only output", []),
        ("console", "$ cat <<EOF\n> a\n> EOF\nout", ["cat <<EOF\na\nEOF"]),
        ("console", "$ cat <<EOF\na\n$ b\nEOF\nout", ["cat <<EOF\na\n$ b\nEOF"]),
        ("console", "$ a \\\n    b\nout", ["a \\\n    b"]),
        ("console", "$ a \\\n> b\nout", ["a \\\nb"]),
        (
            "console",
            "$ for i in 1; do\n> a\n> done\n> out",
            ["for i in 1; do\na\ndone"],
        ),
        ("console", "$ echo 'it\nworks'\nout", ["echo 'it\nworks'"]),
        ("console", "$ npm ci\n> app@1 build\n> tsc", ["npm ci"]),
        ("console", "$ echo 'oops\nout\n$ ls", ["echo 'oops", "ls"]),
        ("console", "$ kubectl logs <pod-name>\nout", ["kubectl logs <pod-name>"]),
    ],
)
def test_only_prompted_lines_of_a_session(
    language: str, block: str, expected: list[str]
) -> None:
    assert texts(block, language) == expected


def test_lines_and_titles_of_a_session() -> None:
    parts = split("out\n# Look\n$ ls\nout\n$ pwd", "console")
    assert parts == [RawPart("Look", "ls", 2), RawPart("", "pwd", 4)]


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("ls\npwd", ""),
        ("ls\ntail -f x", ""),
        ("tail -f x\nls", "never ends"),
        (LOGS, "never ends"),
        (HEALTH, "needs the terminal"),
        (BACKUP, ""),
        (RESTART, ""),
        ("a\n# or\nb", "alternative"),
        ("a\n# OR:\n\nb", "alternative"),
        ("a\n# Alternatively\n# with docker\nb", "alternative"),
        ("a\n# or else it fails\nb", ""),
        ("a\npsql", "needs the terminal"),
        ("", ""),
    ],
)
def test_whole_refused(block: str, reason: str) -> None:
    said = whole_refused(split(block, "bash"))
    assert reason in said if reason else said == ""


line = st.sampled_from(
    [
        "echo a",
        "echo b; echo c",
        "x=1 && echo $x",
        "echo d | cat",
        "# a comment",
        "",
        "  echo indented",
        "echo one \\\n  two",
        "if true; then\n  echo e\nfi",
        "for i in 1 2; do echo $i\ndone",
        "f() {\n  echo f\n}; f",
        "cat <<EOF\n# g $x\n\nEOF",
        "cat <<'E' | tr a b\na\nE",
        "echo 'two\nlines'",
        'echo "${x:-none}" # why',
        "{ echo h\n}",
        "(echo i;\necho j) &\nwait",
        "case $x in\n1) echo k;;\n*) echo l;;\nesac",
        "echo m &&\n\n echo n",
        "cd / \nx=$(echo o)\npwd",
    ]
)


@given(st.lists(line, max_size=8).map("\n".join))
@settings(max_examples=150)
def test_no_line_is_lost_or_repeated(block: str) -> None:
    lines = block.split("\n")
    parts = split(block, "bash")
    covered: list[int] = []
    for part in parts:
        count = part.text.count("\n") + 1
        kept = lines[part.line : part.line + count]
        assert part.text == "\n".join(kept).lstrip()
        covered += range(part.line, part.line + count)
    assert covered == sorted(set(covered))
    left = [text for n, text in enumerate(lines) if n not in covered]
    assert all(not text.strip() or text.lstrip().startswith("#") for text in left)


@given(st.text("ab $'\"\\\n#;|&<>(){}`=-é", max_size=60))
@settings(max_examples=400)
def test_any_text_gives_parts_of_its_lines(block: str) -> None:
    for part in split(block, "bash"):
        assert part.text.strip() and part.text in block
    split(block, "console")


@given(st.lists(line, min_size=1, max_size=6).map("\n".join))
@settings(max_examples=40, deadline=None)
def test_parts_run_as_the_block_does(block: str) -> None:
    parts = texts(block)
    whole, joined = bash(block), bash("\n".join(parts))
    assert (joined.returncode, joined.stdout) == (whole.returncode, whole.stdout)
    one_by_one = "\n".join("eval " + quoted(part) for part in parts)
    assert bash(one_by_one).stdout == whole.stdout


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@given(st.text("<>a b-/.'\"|é{}$\n", max_size=40))
def test_masking_keeps_every_place(text: str) -> None:
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert len(hidden.encode()) == len(text.encode())
    assert hidden.count("\n") == text.count("\n")


def test_where_the_parser_loses_its_way_the_block_stays_whole() -> None:
    block = "ls\nif true\nthen ls\nfi\nfi\npwd"
    assert texts(block) == [block]


def test_large_blocks_keep_their_parts() -> None:
    lines = [f"echo é{number} | cat" for number in range(2000)]
    assert texts("\n".join(lines)) == lines
    assert tree("\n".join(lines)).named_children[-1].text == lines[-1].encode()


def test_what_takes_the_parser_too_long_is_one_part() -> None:
    block = "ls\n" + "x=(" * 40_000
    assert texts(block) == [block]
    assert texts("ls\npwd") == ["ls", "pwd"]


def test_parsing_from_several_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        roots = list(pool.map(tree, ["a | b"] * 200))
    assert {root.named_child_count for root in roots} == {1}
