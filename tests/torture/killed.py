"""A process that says something again and again, and is killed in the middle of it."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from tests.torture.subjects import Subject


def kill_while_saying(kind: type[Subject], directory: Path, name: str, after: float):
    """Let a fork say things, kill it *after* seconds; return what it acknowledged."""
    reader, writer = os.pipe()
    forked = os.fork()
    if forked == 0:
        try:
            os.close(reader)
            subject = kind()
            subject.open(directory)
            os.write(writer, b"ready\n")
            for count in range(10**6):
                subject.say(f"{name}.{count}")
                os.write(writer, f"{name}.{count}\n".encode())
                if count % 5 == 4:
                    subject.save()
        finally:
            os._exit(1)
    os.close(writer)
    with open(reader, "rb") as told:
        assert told.readline() == b"ready\n"
        time.sleep(after)
        os.kill(forked, signal.SIGKILL)
        acknowledged = told.read().decode().split("\n")[:-1]
    os.waitpid(forked, 0)
    return acknowledged


def kill(
    kind: type[Subject], rounds: int, home: Path, rng: random.Random
) -> tuple[int, int, int]:
    """Kill a writer *rounds* times, with a new state every 25.

    Returns:
        How much was acknowledged, in how many rounds some of it was lost, and in how
        many the state could not be read.
    """
    acknowledged = lost = unreadable = 0
    said: list[str] = []
    for number in range(rounds):
        directory = home / str(number // 25)
        if number % 25 == 0:
            directory.mkdir()
            said = []
        after = rng.random() * 0.03
        told = kill_while_saying(kind, directory, str(number), after)
        acknowledged += len(told)
        said += told
        try:
            there = set(kind.load(directory))
        except Exception as error:
            print(f"round {number}: {error!r}; kept in {directory}")
            unreadable += 1
            said = []
            (directory / "state.json").unlink()
            continue
        if gone := [text for text in said if text not in there]:
            print(f"round {number}: lost {gone[:5]}; kept in {directory}")
            lost += 1
            said = [text for text in said if text in there]
    return acknowledged, lost, unreadable
