"""Which steps count: the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from runbooks.model import Runbook
from runbooks.parsing import read
from runbooks.tables import Severity
from state.counting import countable
from state.deciding import decide
from state.run import Run
from state.runs import runs
from state.standing import Answer
from state.verdict import verdict
from tests.state.books import ANA, runbook, step

SEED = Path(__file__).parents[1] / "golden" / "production-checklist.md"


def numbers(home: Path, book: Runbook) -> tuple[int, int, int]:
    """What the verdict, its sections and the list of runs say of a fresh run."""
    run = Run.create(home, book, "", ANA)
    run.close()
    answer = verdict(book, run.progress, datetime.now(UTC))
    sections = sum(total for _, total in answer.sections.values())
    return answer.total, sections, runs(home)[0].total


def test_the_customers_document_counts_its_tasks(home: Path) -> None:
    assert len(read(SEED).steps) == 210
    assert numbers(home, read(SEED)) == (197, 197, 197)


def test_a_document_of_commands_alone_counts_them(home: Path) -> None:
    book = runbook(step("a", part="p1"), step("b", part="p2"))
    assert numbers(home, book) == (2, 2, 2)


def test_a_runbook_that_declares_counts_by_gate(home: Path) -> None:
    book = runbook(step("a", severity=Severity.MAJOR), step("b", part="p"))
    assert numbers(home, book) == (1, 1, 1)
    assert len(countable(book)) == 2


def test_what_is_left_out_does_not_make_a_document_one_of_commands() -> None:
    book = runbook(step("a"), step("b", part="p"))
    answer = verdict(book, {}, datetime.now(UTC), only={"b"})
    assert (answer.word, answer.exit_code, answer.total) == ("OPEN", 4, 0)


def test_a_run_that_was_never_saved_counts_alike(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text("- [ ] a\n- [ ] b\n\n## More\n\n```sh\nls\n```\n")
    book = read(path)
    run = Run.create(home, book, "", ANA)
    decide(run, book.steps[0], Answer.PASS)
    found = runs(home)[0]
    assert (found.done, found.total, found.problem) == (1, 2, "")
    path.unlink()
    assert "book.md" in runs(home)[0].problem
