"""The supervisor: limits, stopping, what outlives a command, a full disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runbooks.processes import descendants, start_time
from tests.runbooks.running import begin, gone, run, until

FAR = 300


def pids(home: Path) -> list[int]:
    """Process ids that a command noted in the file ``pids``."""
    return [int(word) for word in (home / "pids").read_text().split()]


def test_stop_asks_first(tmp_path: Path) -> None:
    text = f"trap 'echo asked; exit 5' TERM; echo up; sleep {FAR} & wait"
    running = begin(tmp_path, text)
    until(lambda: running.output.read_bytes())
    running.stop()
    ending = until(running.ending)
    assert (ending.ending, ending.code, ending.survivors) == ("stopped", 5, ())
    assert running.output.read_bytes() == b"up\nasked\n"


def test_stop_of_what_will_not(tmp_path: Path) -> None:
    text = f"trap '' TERM; echo $$ >>pids; echo up; while :; do sleep {FAR}; done"
    running = begin(tmp_path, text, grace=0.2)
    until(lambda: running.output.read_bytes())
    running.stop()
    ending = until(running.ending)
    assert (ending.ending, ending.code, ending.survivors) == ("stopped", 137, ())
    assert all(map(gone, pids(tmp_path)))


SHAPES = {
    "pipeline": "sleep 300 | cat",
    "background": "sleep 300 & echo $! >>pids; wait",
    "nohup": "nohup sleep 300 >/dev/null 2>&1 & echo $! >>pids; wait",
    "setsid": "setsid sh -c 'echo $$ >>pids; sleep 300' & wait",
    "double fork": "(setsid sh -c 'echo $$ >>pids; exec sleep 300' &) ; sleep 300",
    "trap": "trap '' TERM; sleep 300; sleep 300",
    "setsid and trap": "setsid sh -c 'trap \"\" TERM; echo $$ >>pids; sleep 300'",
    "closed output": "exec >&- 2>&-; sleep 300",
    "follow": "tail -f /dev/null",
    "stopped": "kill -STOP $$; sleep 300",
    "exec": "exec sleep 300",
    "orphan that holds the output": "(sleep 300 & echo $! >>pids); sleep 300",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_back_control(tmp_path: Path, shape: str) -> None:
    text = f"echo $$ >>pids; {SHAPES[shape]}"
    running = begin(tmp_path, text, wall=0.3, grace=0.2)
    ending = until(running.ending, seconds=6)
    assert (ending.ending, ending.survivors) == ("wall limit", ())
    assert all(map(gone, pids(tmp_path)))
    until(lambda: not running.alive())


def test_silence_limit_counts_from_the_last_output(tmp_path: Path) -> None:
    text = f"for i in 1 2 3 4; do echo $i; sleep 0.2; done; sleep {FAR}"
    ending, said = run(tmp_path, text, silence=0.5, grace=0.2)
    assert said == b"1\n2\n3\n4\n"
    assert ending.ending == "silence limit"


def test_what_it_leaves_running_is_named_and_goes_on(tmp_path: Path) -> None:
    text = f"sleep {FAR} & echo $! >>pids; echo done"
    running = begin(tmp_path, text)
    ending = until(running.ending)
    (child,) = pids(tmp_path)
    assert (ending.ending, ending.code) == ("exit", 0)
    assert ending.survivors == (f"{child} sleep",)
    assert running.output.read_bytes() == b"done\n"
    assert not gone(child) and running.alive()
    running.stop()  # it can still be ended
    until(lambda: gone(child) and not running.alive())
    assert running.ending() is ending


def test_what_it_leaves_running_can_still_be_read(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    text = "(while [ -e go ]; do sleep 0.02; done; echo late $S) & echo early"
    secret = "hunter2-hunter2"
    running = begin(tmp_path, text, env={"S": secret}, secrets=(secret,))
    assert until(running.ending).survivors
    (tmp_path / "go").unlink()
    until(lambda: not running.alive())
    assert running.output.read_bytes() == b"early\nlate [redacted]\n"


def test_a_daemon_with_its_own_output_is_let_go(tmp_path: Path) -> None:
    started = "until grep -q sleep /proc/$!/comm; do :; done"
    text = f"sleep {FAR} >/dev/null 2>&1 & echo $! >>pids; {started}"
    running = begin(tmp_path, text)
    ending = until(running.ending)
    (child,) = pids(tmp_path)
    assert ending.survivors == (f"{child} sleep",)
    until(lambda: not running.alive())
    assert not gone(child)
    os.kill(child, signal.SIGKILL)


def test_hangup_and_interrupt_do_not_end_it(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    text = "echo $PPID; while [ -e go ]; do sleep 0.02; done; echo $?"
    running = begin(tmp_path, text)
    supervisor = int(until(lambda: running.output.read_bytes()))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        os.kill(supervisor, number)
    (tmp_path / "go").unlink()
    assert until(running.ending).code == 0
    assert running.output.read_bytes().endswith(b"\n0\n")


def test_it_has_left_session_terminal_and_directory(tmp_path: Path) -> None:
    running = begin(tmp_path, f"echo $PPID; exec sleep {FAR}")
    supervisor = int(until(lambda: running.output.read_bytes()))
    proc = Path(f"/proc/{supervisor}")
    assert os.getsid(supervisor) == supervisor != os.getsid(0)
    links = {fd: os.readlink(proc / "fd" / str(fd)) for fd in range(3)}
    assert set(links.values()) == {os.devnull}
    assert os.readlink(proc / "cwd") == "/"
    until(lambda: [name for _, name in descendants(supervisor)] == ["sleep"])
    running.stop()
    until(running.ending)
    until(lambda: start_time(supervisor) is None)


def test_nothing_comes_from_the_directory_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "select", "ahocorasick_rs", "runbooks", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("open('loaded', 'w')\nraise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    assert run(tmp_path, "echo fine", secrets=("hunter2",))[1] == b"fine\n"
    assert not (tmp_path / "loaded").exists()


def test_imports_are_few() -> None:
    """Each costs the operator time between the key and the command."""
    code = "import sys, runbooks.supervisor as _; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    slow = {"asyncio", "subprocess", "pathlib", "dataclasses", "logging", "typing_ext"}
    assert not slow & set(said.stdout.split())


FULL = """
import json, sys
from pathlib import Path
from tests.runbooks.running import begin, until
home = Path(sys.argv[1])
running = begin(home, sys.argv[2], outputs=home / "outputs")
ending = until(running.ending)
print(json.dumps([ending.code, ending.size, ending.kept, ending.output_problem]))
"""


def on_a_small_disk(home: Path, text: str) -> tuple[int, int, int, str]:
    """Run *text* on a disk of 4 MiB; return code, size, kept and problem."""
    if shutil.which("unshare") is None:
        pytest.fail("unshare (util-linux) is missing: the full disk cannot be made")
    mount = f'mount -t tmpfs -o size=4m tmpfs {home} && exec "$@"'
    script = ["sh", "-c", mount, "sh", sys.executable, "-c", FULL, str(home), text]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", *script],
        capture_output=True,
        text=True,
    )
    if "unshare failed" in done.stderr:
        pytest.skip("user namespaces are not allowed here")
    assert done.returncode == 0, done.stderr
    code, size, kept, problem = json.loads(done.stdout)
    return code, size, kept, problem


def test_its_own_output_does_not_fill_the_disk(tmp_path: Path) -> None:
    text = "head -c 30000000 /dev/zero; exit 4"
    code, size, kept, problem = on_a_small_disk(tmp_path, text)
    assert (code, size, problem) == (4, 30_000_000, "")
    assert 500_000 < kept < 3_800_000


def test_a_full_disk_loses_output_and_nothing_else(tmp_path: Path) -> None:
    text = "head -c 9000000 /dev/zero >fill 2>&-; seq 100000; exit 4"
    code, size, kept, problem = on_a_small_disk(tmp_path, text)
    assert (code, size) == (4, 588_895)
    assert kept < 100_000 and problem == "No space left on device"
