"""Commands as a screen knows them: started, followed, ended, found again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runbooks.commands import Tail, attach
from runbooks.errors import CommandError
from runbooks.processes import descendants
from tests.runbooks.running import begin, gone, run, until


def test_output_and_exit_code(tmp_path: Path) -> None:
    ending, said = run(tmp_path, "echo out; echo err >&2; exit 3")
    assert said == b"out\nerr\n"
    assert (ending.code, ending.ending, ending.size) == (3, "exit", 8)
    assert ending.kept == 8 and not ending.survivors
    assert 0 < ending.seconds < 60
    assert ending.started <= ending.finished and ending.started[-3] == ":"


def test_death_by_a_signal_is_said_as_shells_do(tmp_path: Path) -> None:
    ending, _ = run(tmp_path, "kill -9 $$")
    assert (ending.code, ending.ending) == (137, "exit")


def test_output_comes_while_it_runs(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    text = "echo first; while [ -e go ]; do sleep 0.02; done; echo last"
    running = begin(tmp_path, text)
    tail = Tail(running.output)
    assert until(lambda: tail.read(100)[0]) == b"first\n"
    assert running.ending() is None and running.alive()
    (tmp_path / "go").unlink()
    assert until(lambda: tail.read(100)[0]) == b"last\n"
    assert until(running.ending).code == 0


def test_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        running = begin(tmp_path, "echo $(umask)")
        until(running.ending)
    finally:
        os.umask(before)
    assert running.output.read_bytes() == b"0000\n"  # the command's is the operator's
    assert running.output.parent.stat().st_mode & 0o777 == 0o700
    files = list(running.output.parent.iterdir())
    assert {file.suffix for file in files} == {".out", ".run", ".exit"}
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_no_keyboard_no_terminal_no_foreign_descriptor(tmp_path: Path) -> None:
    ours = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(ours, True)
    try:
        text = "cat; tty; ls /proc/$$/fd; : </dev/tty"
        ending, said = run(tmp_path, text, env={"PATH": os.environ["PATH"]})
    finally:
        os.close(ours)
    lines = said.decode().splitlines()
    assert lines[:4] == ["not a tty", "0", "1", "2"]
    assert "/dev/tty: No such device" in lines[-1] and len(lines) == 5
    assert ending.needs_terminal


def test_only_a_failure_asks_for_a_terminal(tmp_path: Path) -> None:
    said = "echo 'the input device is not a TTY'"
    assert run(tmp_path, f"{said}; exit 1")[0].needs_terminal
    assert not run(tmp_path, said)[0].needs_terminal
    assert not run(tmp_path, "echo broken; exit 1")[0].needs_terminal


def test_a_pty_without_a_keyboard(tmp_path: Path) -> None:
    text = "[ -t 1 ] && stty size <&1; read x; echo $? $TERM; : </dev/tty"
    env = {"TERM": "xterm"}
    ending, said = run(tmp_path, text, tty=True, env=env)
    assert said.startswith(b"24 80\n1 xterm\n")
    assert ending.needs_terminal


def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_GONOGO", "g")
    env = {"PLANNED": "$(touch spliced); `x` \"'\n"}
    text = 'printf "%s|%s|%s" "$FROM_GONOGO" "$PLANNED" "$TERM"'
    assert run(tmp_path, text, env=env)[1] == b"g|$(touch spliced); `x` \"'\n|dumb"
    assert not (tmp_path / "spliced").exists()


def test_line_numbers_are_those_of_the_text(tmp_path: Path) -> None:
    _, said = run(tmp_path, "true\n\nmissing_program")
    assert b"line 3: missing_program: command not found" in said


def test_odd_bytes(tmp_path: Path) -> None:
    _, said = run(tmp_path, r"printf 'a\0b\377\xc3c'; printf '%b' '\0\0'")
    assert said == b"a\0b\xff\xc3c\0\0"


def test_signals_mean_what_they_mean_in_a_login_shell(tmp_path: Path) -> None:
    each = 'trap "echo $s" $s; kill -$s $$'
    text = f"yes | head -n 1; for s in HUP INT QUIT; do {each}; done"
    assert run(tmp_path, text)[1] == b"y\nHUP\nINT\nQUIT\n"


def test_a_long_line_without_end(tmp_path: Path) -> None:
    ending, said = run(tmp_path, "head -c 20000000 /dev/zero | tr '\\0' x")
    assert ending.size == 20_000_000 and said == b"x" * 20_000_000


def test_the_limit_keeps_both_ends(tmp_path: Path) -> None:
    ending, said = run(tmp_path, "seq 1 20000", output_limit=10_000)
    assert ending.size == 108_894 and ending.kept <= 10_000 >= len(said) - 40
    assert said.startswith(b"1\n2\n") and said.endswith(b"19999\n20000\n")
    missing = f"\n… {ending.size - ending.kept:,} bytes not kept …\n"
    assert missing.encode() in said


def test_secrets_are_redacted_everywhere(tmp_path: Path) -> None:
    secret = "hunter2-hunter2"
    text = 'echo $P; echo "k=$P" >>"$GONOGO_OUTPUT"; cat /proc/[0-9]*/cmdline >all 2>&-'
    ending, said = run(tmp_path, text, env={"P": secret}, secrets=(secret,))
    assert said == b"[redacted]\n"
    assert ending.values == {"k": "[redacted]"}
    assert secret.encode() not in (tmp_path / "all").read_bytes()
    kept = b"".join(file.read_bytes() for file in (tmp_path / "outputs").iterdir())
    assert secret.encode() not in kept


def test_values(tmp_path: Path) -> None:
    text = """cat >"$GONOGO_OUTPUT" <<'END'
a=1
b = x=y
not a value
c<<E
two
lines
E
d=
END"""
    ending, _ = run(tmp_path, text)
    assert ending.values == {"a": "1", "b": " x=y", "c": "two\nlines", "d": ""}
    assert not list((tmp_path / "outputs").glob("*values*"))


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"shell": "gonogo-no-such-shell"}, "not installed"),
        ({"cwd": Path("/nowhere")}, "/nowhere is not there"),
        ({"text": "echo a\0b"}, "NUL"),
        ({"outputs": Path("/dev/null/outputs")}, "cannot make"),
        ({"outputs": Path("/proc")}, "not started: /proc"),
    ],
)
def test_what_cannot_start_says_why(
    tmp_path: Path, plan: dict[str, object], says: str
) -> None:
    text = str(plan.get("text", "true"))
    rest = {name: value for name, value in plan.items() if name != "text"}
    with pytest.raises(CommandError, match=says):
        begin(tmp_path, text, **rest)


def test_nothing_is_left_of_what_did_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = tmp_path / "bin" / "bash"
    shell.parent.mkdir()
    shell.write_text("#!/nowhere\n")
    shell.chmod(0o755)
    monkeypatch.setenv("PATH", str(shell.parent))
    with pytest.raises(CommandError, match="not started"):
        begin(tmp_path, "true")
    assert list((tmp_path / "outputs").iterdir()) == []


def test_a_supervisor_that_fails_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such module >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(CommandError, match="not started: no such module"):
        begin(tmp_path, "true #" + "x" * 200_000)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(CommandError, match="No such file"):
        begin(tmp_path, "true")


def test_one_id_runs_once(tmp_path: Path) -> None:
    assert run(tmp_path, "echo one", id="a")[1] == b"one\n"
    with pytest.raises(CommandError, match="File exists"):
        begin(tmp_path, "echo two", id="a")
    assert (tmp_path / "outputs" / "a.out").read_bytes() == b"one\n"
    again = attach(tmp_path / "outputs", "a")
    assert again is not None and again.ending() is not None


def test_two_at_once(tmp_path: Path) -> None:
    both = [begin(tmp_path, f"for i in 1 2 3; do echo {w}; done") for w in "ab"]
    assert [until(one.ending).code for one in both] == [0, 0]
    assert [one.output.read_bytes() for one in both] == [b"a\n" * 3, b"b\n" * 3]


def test_started_from_a_thread_that_blocks_signals(tmp_path: Path) -> None:
    """As gonogo does, whose signals are taken by a thread of their own."""
    ended = []

    def work() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
        running = begin(tmp_path, "kill -TERM $$; echo survived")
        ended.append(until(running.ending))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended[0].code == 143


STARTER = """
import sys
from pathlib import Path
from tests.runbooks.running import begin
running = begin(Path(sys.argv[1]), sys.argv[2], id="c")
print("started", flush=True)
sys.stdin.read()
"""


def test_kill_of_the_screen_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    text = "echo $$; while [ -e go ]; do sleep 0.02; done; echo after; exit 7"
    screen = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path), text],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert screen.stdin and screen.stdout
    assert screen.stdout.readline() == b"started\n"
    os.killpg(screen.pid, signal.SIGKILL)
    screen.wait()
    screen.stdin.close()
    screen.stdout.close()

    running = attach(tmp_path / "outputs", "c")
    assert running and running.ending() is None and running.alive()
    (tmp_path / "go").unlink()
    assert until(running.ending).code == 7
    shell, after = running.output.read_bytes().split()
    assert after == b"after" and gone(int(shell))


def test_attach_to_what_never_was(tmp_path: Path) -> None:
    assert attach(tmp_path, "c") is None


LEFT = (
    "echo $PPID $$ $(ps -o ppid= -p $PPID); "
    "setsid sh -c 'trap \"\" TERM HUP; sleep 60; sleep 60' & exec sleep 60"
)
"""Says who its supervisor, itself and its warden are, and is not easily ended."""


def test_a_dead_supervisor_leaves_doubt_and_no_process(tmp_path: Path) -> None:
    running = begin(tmp_path, LEFT, grace=0.2)
    until(lambda: running.output.read_bytes().endswith(b"\n"))
    supervisor, shell, _ = map(int, running.output.read_bytes().split())
    below = descendants(supervisor)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: all(gone(pid) for pid, _ in below))  # nobody has to look
    assert gone(shell)
    again = attach(tmp_path / "outputs", running.id)
    assert again is not None
    for one in (running, again):
        ending = until(one.ending)
        assert (ending.ending, ending.code) == ("in doubt", None)
    running.stop()  # nothing to stop, nobody else is hit


def test_whoever_comes_later_ends_what_has_neither_supervisor_nor_warden(
    tmp_path: Path,
) -> None:
    running = begin(tmp_path, LEFT)
    until(lambda: running.output.read_bytes().endswith(b"\n"))
    supervisor, shell, warden = map(int, running.output.read_bytes().split())
    until(lambda: len(descendants(supervisor)) >= 3)
    below = descendants(supervisor)
    os.kill(warden, signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: gone(supervisor) and gone(warden))
    assert not gone(shell)
    again = attach(tmp_path / "outputs", running.id)
    assert again is not None
    assert until(again.ending).ending == "in doubt"
    until(lambda: all(gone(pid) for pid, _ in below))


def test_a_process_that_got_the_number_is_left_alone(tmp_path: Path) -> None:
    running = begin(tmp_path, "true")
    until(lambda: not running.alive())
    (tmp_path / "outputs" / f"{running.id}.exit").unlink()
    with subprocess.Popen(["sleep", "60"]) as other:
        record = tmp_path / "outputs" / f"{running.id}.run"
        record.write_text(
            json.dumps(json.loads(record.read_text()) | {"pid": other.pid})
        )
        later = attach(tmp_path / "outputs", running.id)
        assert later is not None and not later.alive()
        later.stop()
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.2)
        assert until(later.ending).ending == "in doubt"
        other.kill()
