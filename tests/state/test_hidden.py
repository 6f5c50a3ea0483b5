"""What is written down of a run holds no secret, whoever typed or said it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.tables import CommandClass
from state.deciding import attach, decide, note
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA, runbook, step

BOOK = runbook(step("s.1"), step("s.2"))
SECRET = "of-the-environment"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DEPLOY_TOKEN", SECRET)
    return Run.create(tmp_path, BOOK, "", ANA)


def written(run: Run) -> str:
    run.save()
    files = (run.directory / "journal.jsonl", run.directory / "progress.toml")
    return "".join(path.read_text() for path in files)


def test_whatever_a_person_types(run: Run) -> None:
    one, two = BOOK.steps
    note(run, one.id, f"used {SECRET}")
    decide(run, two, Answer.FAIL, f"refused {SECRET.encode().hex()}")
    attach(run, one.id, "text", SECRET)
    run.request("c1", one.id, f"login {SECRET}", CommandClass.OBSERVE, "/")
    run.hand_over(f"the token is {SECRET}")
    text = written(run)
    assert SECRET not in text and SECRET.encode().hex() not in text
    assert text.count("[redacted]") >= 5 and run.progress[one.id].notes == (
        "used [redacted]",
    )


def test_an_answer_that_is_secret_lives_as_long_as_the_process(run: Run) -> None:
    run.give({"DB_PASSWORD": "typed by ana", "COPY": SECRET, "NAMESPACE": "shop"})
    assert run.inputs["DB_PASSWORD"] == "typed by ana"
    assert run.inputs["COPY"] == SECRET
    note(run, "s.1", "it was typed by ana")
    text = written(run)
    assert "typed by ana" not in text and SECRET not in text and "shop" in text
    again = Run.open(run.directory, BOOK, ANA)
    assert again.inputs == {"NAMESPACE": "shop"}


def test_showing_one_is_written_down_without_it(run: Run) -> None:
    run.give({"DB_PASSWORD": "typed by ana"})
    run.secret_shown(["DB_PASSWORD"])
    text = written(run)
    assert "secret_shown" in text and "DB_PASSWORD" in text
    assert "typed by ana" not in text
