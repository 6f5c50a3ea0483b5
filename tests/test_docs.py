"""The documentation is true: its commands run, its examples parse, its links lead."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import tomllib
from pathlib import Path
from textwrap import indent

import click
import msgspec
import pytest

ROOT = Path(__file__).parents[1]
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
)
FENCE = re.compile(r"^(`{3,})(\w*) ?(.*)\n((?:.*\n)*?)\1\n", re.MULTILINE)

RUNBOOK = """\
# Launch

- [ ] The state is kept

  ```toml step
  severity = "blocker"
  probe = { use = "file", path = "/etc", expect = { exists = true } }
  ```
"""


def blocks(language: str, mark: str | None = None) -> list[object]:
    """Return (page, text) of the fenced blocks with this language and mark."""
    return [
        pytest.param(page, text, id=f"{page.name}:{number}")
        for page in PAGES
        for number, (_, lang, rest, text) in enumerate(FENCE.findall(page.read_text()))
        if lang == language and (mark is None or rest == mark)
    ]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A home with a runbook in it, and the command on PATH, as after installing."""
    (tmp_path / "runbook.md").write_text(RUNBOOK)
    (tmp_path / "runbook.md").chmod(0o600)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "runbooks").symlink_to(ROOT / "runbooks")
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
    path = f"{Path(sys.executable).parent}:{kept['PATH']}"
    return {**kept, "HOME": str(home), "PATH": path, "TERM": "xterm-256color"}


@pytest.mark.parametrize(("page", "text"), blocks("bash", ""))
def test_commands_run(page: Path, text: str, place: Path) -> None:
    text = text.replace("make install\n", "")  # the suite runs in what it makes
    done = subprocess.run(
        ["bash", "-euc", text],
        cwd=place,
        env=environment(place),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("page", "text"), blocks("console", "(terminal)"))
def test_commands_that_need_a_terminal_open_and_leave(
    page: Path, text: str, place: Path
) -> None:
    (line,) = text.splitlines()
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.chdir(place)
        os.execvpe("bash", ["bash", "-c", line.removeprefix("$ ")], environment(place))
    seen = b""
    while b"The state is kept" not in seen:
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready, seen
        seen += os.read(terminal, 65536)
    os.write(terminal, b"q")
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass  # the terminal has closed
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize(("page", "text"), blocks("console", "(elsewhere)"))
def test_make_targets_exist(page: Path, text: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for line in text.splitlines():
        words = line.removeprefix("$ ").split()
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), line
        else:
            assert shutil.which(words[0], path=environment(ROOT)["PATH"]), line


@pytest.mark.parametrize(("page", "text"), blocks("markdown"))
def test_examples_of_runbooks_have_no_problems(
    page: Path, text: str, tmp_path: Path
) -> None:
    from runbooks.linting import lint
    from runbooks.parsing import parse

    assert not lint(parse(text.encode(), tmp_path / "example.md"))


@pytest.mark.parametrize(("page", "text"), blocks("toml"))
def test_examples_in_toml_say_what_gonogo_reads(
    page: Path, text: str, tmp_path: Path
) -> None:
    from runbooks import target
    from runbooks.linting import lint
    from runbooks.parsing import parse
    from tui.config import Config

    tables = tomllib.loads(text)
    if "keymap" in tables:
        msgspec.convert(tables, Config)
    elif {"probe", "probes"} & set(tables):
        step = indent(f"- [ ] A step\n  ```toml step\n{text}```\n", "  ")
        assert not lint(parse(step[2:].encode(), tmp_path / "example.md"))
    else:
        assert target.parse(text.encode(), tmp_path / "example.toml").facts is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_sentences_exist_with_their_options(page: Path) -> None:
    from runbooks.shipped import named
    from tui.cli.group import gonogo

    for said in re.findall(r"`gonogo ([^`]+)`", page.read_text()):
        words = said.split()
        command: click.Command | None = gonogo
        context = click.Context(gonogo)
        while isinstance(command, click.Group) and words:
            name = words.pop(0)
            inner = command.get_command(context, name)
            if inner is None:
                shipped = named(Path(name)).exists()
                assert name.endswith(".md") or shipped, said
                inner = command.get_command(context, "open")
            command = inner
        assert command is not None
        options = {word for each in command.params for word in each.opts}
        given = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert given <= options, said


def test_the_keys_are_those_of_the_keymap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from generate import keys_table

    assert (ROOT / "docs/keys.md").read_text() == keys_table(), "run make screenshots"


def test_every_command_is_documented() -> None:
    from tui.cli import COMMANDS

    readme = (ROOT / "README.md").read_text()
    for name in set(COMMANDS) - {"open"}:
        assert f"gonogo {name}" in readme or f"`{name}`" in readme, name


def test_the_documented_json_is_what_is_printed(place: Path) -> None:
    import json

    page = (ROOT / "docs/json.md").read_text()
    show, rest = page.split("## `gonogo check")
    check, rest = rest.split("## `gonogo runs")
    runs, status = rest.split("## `gonogo status")
    note = ["gonogo", "decide", "runbook.md", "The state is kept", "--note", "x"]
    subprocess.run(note, cwd=place, env=environment(place), check=True)
    for words, text in (
        (["show", "runbook.md"], show),
        (["check", "runbook.md"], check),
        (["runs"], runs),
        (["status"], status),
    ):
        env = environment(place)
        trust = ["gonogo", "trust", "--yes", "runbook.md"]
        subprocess.run(trust, cwd=place, env=env, check=True, capture_output=True)
        done = subprocess.run(
            ["gonogo", *words, "--format", "json"],
            cwd=place,
            env=env,
            capture_output=True,
            text=True,
        )
        for name, value in json.loads(done.stdout).items():
            if name == "version":  # said once, for all of them
                continue
            assert f"`{name}`" in text, name
            members = value if isinstance(value, list) else []
            for member in members[0] if members else ():
                assert f"`{member}`" in text, f"{name}: {member}"
