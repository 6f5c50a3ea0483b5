"""A command that wants a terminal gets none behind the screen's back, and says so."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.natures import nature
from tests.runbooks.running import run, until
from tests.tui.terminals import terminal

LIMIT = 2.0
AS_NOBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups"
FAIL = {
    "reads": "read -r answer </dev/tty",
    "writes": "printf '\\033]0;evil\\007' >/dev/tty",
    "sudo": f"{AS_NOBODY} sudo true",
    "ssh": "ssh -p {port} -F none -o UserKnownHostsFile=/dev/null 127.0.0.1 true",
    "password": "ssh -p {port} -F none -o UserKnownHostsFile=/dev/null "
    "-o StrictHostKeyChecking=no -o PubkeyAuthentication=no 127.0.0.1 true",
    "tmux": "tmux -L gonogo-test new-session true",
    "top": "top",
}
"""What cannot be known from its name, or is not: it has to fail at once."""
TAKE = ("sudo true", "ssh example.test", "less notes", "vi notes", "passwd", "top")
"""What is known to want one, and is given it."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """An SSH server that wants a password."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None or os.geteuid():
        pytest.skip("sshd is not installed, or may not be started")
    home = tmp_path_factory.mktemp("sshd")
    Path("/run/sshd").mkdir(exist_ok=True)
    key = home / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    words = [sshd, "-D", "-f", "/dev/null", "-h", key, "-o", f"Port={number}"]
    words += ["-o", "ListenAddress=127.0.0.1", "-o", "UsePAM=no", "-o", "PidFile=none"]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as server:
        until(lambda: answers(number))
        yield number
        server.kill()


def answers(port: int) -> bool:
    with socket.socket() as caller:
        return not caller.connect_ex(("127.0.0.1", port))


@pytest.mark.parametrize("what", FAIL)
def test_it_fails_at_once_and_is_told_from_other_failures(
    tmp_path: Path, what: str, request: pytest.FixtureRequest
) -> None:
    text = FAIL[what]
    if "{port}" in text:
        text = text.format(port=request.getfixturevalue("port"))
    ending, said = run(tmp_path, text)
    assert ending.code and ending.needs_terminal, said.decode()
    assert ending.seconds < LIMIT


@pytest.mark.parametrize("text", TAKE)
def test_one_that_is_known_to_is_given_it(text: str) -> None:
    assert nature(text).interactive


def test_an_editor_without_a_terminal_is_told_from_other_failures(
    tmp_path: Path,
) -> None:
    """It waits for keys for ever; whoever stops it is offered the terminal."""
    ending, _ = run(tmp_path, "vi notes", wall=1.0, grace=0.5)
    assert ending.ending == "wall limit" and ending.needs_terminal


SCREEN = """
import sys
from pathlib import Path
from tests.runbooks.running import run
for number, text in enumerate(sys.argv[2:]):
    run(Path(sys.argv[1]), text, id=f"c{number}", wall=1.0, grace=0.2)
print("END", flush=True)
"""


def test_not_a_byte_comes_to_the_screen_s_terminal(tmp_path: Path) -> None:
    """Its terminal is ours, too: a session of its own keeps them from it."""
    texts = [text.format(port=9) for text in FAIL.values()]
    texts += ["vi notes", "less </dev/tty", "echo out; echo err >&2", "stty -a"]
    program = f"import sys; sys.argv[1:] = {[str(tmp_path), *texts]!r}\n{SCREEN}"
    path = os.pathsep.join(sys.path)
    with terminal(program, tmp_path, {"PYTHONPATH": path}) as shown:
        shown.until(b"END", 40)
        time.sleep(0.1)
        shown.read()
        assert shown.seen == b"END\r\n"


def test_a_program_that_is_given_the_terminal_could_write_there(
    tmp_path: Path,
) -> None:
    """The twin: without a session of its own a command reaches the terminal."""
    naive = "import subprocess; subprocess.run(['sh', '-c', 'echo evil >/dev/tty'])"
    with terminal(naive, tmp_path) as shown:
        shown.ended()
        assert b"evil" in shown.seen
