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
from pathlib import Path

from state.author import Author
from state.deciding import decide
from state.replaying import replay
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA, runbook, step

ROOT = Path(__file__).resolve().parents[2]
BOOK = runbook(*(step(f"s.{i}") for i in range(200)))


def child(task: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.state.torture", task, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


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
    for number in range(int(count)):
        decide(run, BOOK.steps[number % 200], Answer.PASS, f"{name} {number}")
        if number % 10 == 9:
            run.save()
    run.close()


def writers(processes: int, count: int, home: Path) -> None:
    """Let many processes decide at once.

    Raises:
        AssertionError: a decision was lost, or one was taken for a hand edit.
    """
    run = Run.create(home, BOOK, "", ANA)
    names = [f"w{i}" for i in range(processes)]
    children = [child("write", str(run.directory), n, str(count)) for n in names]
    for process in children:
        assert process.wait() == 0
        assert process.stdout is not None
        process.stdout.close()
    run.poll()
    notes = {
        decision.note
        for state in run.progress.values()
        for decision in (*state.earlier, state.decision)
        if decision is not None
    }
    assert notes == {f"{name} {i}" for name in names for i in range(count)}
    lines = (run.directory / "journal.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [*range(1, len(lines) + 1)]
    assert not any(b"edited_by_hand" in line for line in lines)
    run.close()
    assert Run.open(run.directory, BOOK, ANA).notices == []


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", directory, name, count]:
            write(directory, name, count)
        case ["kills", rounds]:
            with tempfile.TemporaryDirectory() as place:
                print(kills(int(rounds), Path(place)), "decisions, none lost")
        case ["writers", processes, count]:
            with tempfile.TemporaryDirectory() as place:
                writers(int(processes), int(count), Path(place))
