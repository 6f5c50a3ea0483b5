"""Ways to maltreat a run, for as many rounds as asked.

``python -m tests.state.torture kills 1000`` runs one of them alone.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from runbooks.events import Kind
from state import entries
from state.author import Author
from state.deciding import decide
from state.lines import encoded
from state.replaying import JOURNAL, replay
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA, runbook, step

ROOT = Path(__file__).resolve().parents[2]
BOOK = runbook(*(step(f"s.{i}") for i in range(200)))


def child(task: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.state.torture", task, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


def await_start() -> None:
    """Say that we are there, and wait for the others."""
    print("ready", flush=True)
    sys.stdin.readline()


def kills(rounds: int, home: Path, seed: int = 7) -> int:
    """Kill a process that decides, *rounds* times; return decisions acknowledged.

    Raises:
        AssertionError: an acknowledged decision was lost, or the run did not open.
    """
    rng, total = random.Random(seed), 0
    run = Run.create(home, BOOK, "", ANA)
    run.close()
    for number in range(rounds):
        told = killed_while_deciding(run.directory, number, rng.random() * 0.03)
        total += len(told)
        again = Run.open(run.directory, BOOK, ANA)
        assert not again.notices, (seed, number, again.notices)
        notes = {
            decision.note
            for state in again.progress.values()
            for decision in (*state.earlier, state.decision)
            if decision is not None
        }
        assert set(told) <= notes, (seed, number, set(told) - notes)
        assert replay(run.directory).steps == again.progress
        again.save()
        again.close()
    return total


def killed_while_deciding(directory: Path, number: int, after: float) -> list[str]:
    """Let a fork decide, kill it *after* seconds; return what it acknowledged."""
    reader, writer = os.pipe()
    forked = os.fork()
    if forked == 0:
        try:
            os.close(reader)
            decide_and_tell(directory, number, writer)
        finally:
            os._exit(1)
    os.close(writer)
    with open(reader, "rb") as told:
        assert told.readline() == b"ready\n"
        time.sleep(after)
        os.kill(forked, signal.SIGKILL)
        lines = told.read().decode().split("\n")
    os.waitpid(forked, 0)
    return lines[:-1]


def decide_and_tell(directory: Path, number: int, writer: int) -> None:
    run = Run.open(directory, BOOK, Author("eve", pid=os.getpid()))
    os.write(writer, b"ready\n")
    for count in range(10**6):
        text = f"{number}.{count}"
        decide(run, BOOK.steps[count * 7 % 200], Answer.PASS, text)
        os.write(writer, text.encode() + b"\n")
        if count % 5 == 4:
            run.save()


def write(directory: str, name: str, count: str) -> None:
    run = Run.open(Path(directory), BOOK, Author(name, pid=os.getpid()))
    await_start()
    for number in range(int(count)):
        decide(run, BOOK.steps[number % 200], Answer.PASS, f"{name} {number}")
        if number % 10 == 9:
            run.save()
    run.close()


def write_naively(directory: str, name: str, count: str) -> None:
    """What `write` does, as it is first written: number the line, then append it."""
    path = Path(directory) / JOURNAL
    await_start()
    for number in range(int(count)):
        lines = path.read_bytes().splitlines()
        last = json.loads(lines[-1])
        data = entries.decided(
            BOOK.steps[number % 200], Answer.PASS, f"{name} {number}"
        )
        by = Author(name, pid=os.getpid()).as_data()
        head = sha256(lines[-1]).hexdigest()
        step = BOOK.steps[number % 200].id
        line = encoded(last["seq"] + 1, by, Kind.DECIDED, step, data, head)
        with path.open("ab") as file:
            file.write(line + b"\n")


def writers(processes: int, count: int, home: Path, task: str = "write") -> None:
    """Let many processes decide at once.

    Args:
        task: how each of them does.

    Raises:
        AssertionError: a decision was lost, or one was taken for a hand edit.
    """
    run = Run.create(home, BOOK, "", ANA)
    names = [f"w{i}" for i in range(processes)]
    children = [child(task, str(run.directory), n, str(count)) for n in names]
    for process in children:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in children:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in children:
        process.communicate()
    assert not any(process.returncode for process in children)
    run.poll()
    notes = {
        decision.note
        for state in run.progress.values()
        for decision in (*state.earlier, state.decision)
        if decision is not None
    }
    assert notes == {f"{name} {i}" for name in names for i in range(count)}
    lines = (run.directory / JOURNAL).read_bytes().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [*range(1, len(lines) + 1)]
    assert not any(b"edited_by_hand" in line for line in lines)
    run.close()
    assert Run.open(run.directory, BOOK, ANA).notices == []


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", directory, name, count]:
            write(directory, name, count)
        case ["write_naively", directory, name, count]:
            write_naively(directory, name, count)
        case ["kills", rounds]:
            with tempfile.TemporaryDirectory() as place:
                print(kills(int(rounds), Path(place)), "decisions, none lost")
        case ["writers", processes, count]:
            with tempfile.TemporaryDirectory() as place:
                writers(int(processes), int(count), Path(place))
