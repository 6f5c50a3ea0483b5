"""Bugs leave their traceback in a private file, and nothing on the screen."""

import asyncio
import gc
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tui.log import NAME, keep_log


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    logger = logging.getLogger()
    before = logger.handlers[:]
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    keep_log()
    yield tmp_path / "gonogo"
    logging.captureWarnings(False)
    for handler in set(logger.handlers) - set(before):
        handler.close()
    logger.handlers = before


def break_something(password: str) -> None:
    raise ValueError("it broke")


def test_a_traceback_goes_to_a_private_file_without_locals(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    password = "-".join(("s3cr3t", "value"))
    try:
        break_something(password)
    except ValueError as error:
        logging.getLogger("gonogo.engine").error("a bug", exc_info=error)
    path = home / NAME
    assert "break_something" in path.read_text() and "it broke" in path.read_text()
    assert "s3cr3t-value" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr() == ("", "")


def in_a_thread() -> None:
    thread = threading.Thread(target=break_something, args=("",))
    thread.start()
    thread.join()


def in_a_callback() -> None:
    async def call() -> None:
        asyncio.get_running_loop().call_soon(break_something, "")
        await asyncio.sleep(0)

    asyncio.run(call())


def in_a_task() -> None:
    async def work() -> None:
        break_something("")

    async def begin() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        del task

    asyncio.run(begin())
    gc.collect()


def thrown_away() -> None:
    class Broken:
        def __del__(self) -> None:
            break_something("")

    Broken()


def in_a_library() -> None:
    try:
        break_something("")
    except ValueError:
        logging.getLogger("somebody.else").exception("what a library says")


def as_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("it broke", stacklevel=2)


@pytest.mark.parametrize(
    "breaks",
    [in_a_thread, in_a_callback, in_a_task, thrown_away, in_a_library, as_a_warning],
)
def test_what_nobody_catches_goes_there_too(
    breaks: Callable[[], None],
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "it broke")
    breaks()
    assert "[redacted]" in (home / NAME).read_text()
    assert "it broke" not in (home / NAME).read_text()
    assert capsys.readouterr() == ("", "")


def test_nothing_to_log_makes_no_file(home: Path) -> None:
    assert not (home / NAME).exists()


def test_a_log_that_cannot_be_written_stops_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file in the way")
    logging.getLogger("gonogo.engine").error("a bug")
    assert capsys.readouterr() == ("", "")
