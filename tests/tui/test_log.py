"""Bugs leave their traceback in a private file, and nothing on the screen."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.log import NAME, keep_log


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    logger = logging.getLogger("gonogo")
    before = logger.handlers, logger.propagate
    keep_log()
    yield tmp_path / "gonogo"
    for handler in logger.handlers:
        handler.close()
    logger.handlers, logger.propagate = before


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


def test_nothing_to_log_makes_no_file(home: Path) -> None:
    assert not (home / NAME).exists()


def test_a_log_that_cannot_be_written_stops_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file in the way")
    logging.getLogger("gonogo.engine").error("a bug")
    assert capsys.readouterr() == ("", "")
