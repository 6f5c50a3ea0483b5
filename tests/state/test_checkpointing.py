"""progress.toml: readable, whole or known to be cut, and open to a person's edits."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.errors import NewerState, StateError
from runbooks.events import Kind
from runbooks.model import Runbook
from runbooks.results import Finding, Result
from runbooks.tables import Level, ProbeSpec, Severity
from state import entries
from state.deciding import attach, decide, note
from state.reading import read
from state.rendering import quoted
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA, BEN, runbook, step

BOOK = runbook(*(step(f"s.{i}", section="a" if i < 15 else "b") for i in range(30)))


def filled(home: Path, book: Runbook = BOOK) -> Run:
    run = Run.create(home, book, "prod", ANA)
    decide(run, book.steps[0], Answer.PASS, 'said "yes" \x07\x7f\u2028.')
    decide(run, book.steps[1], Answer.WAIVE, "known", "2999-01-02")
    note(run, book.steps[2].id, "line\nbreak")
    attach(run, book.steps[2].id, "link", "https://example.org/1")
    run.save()
    return run


def file(run: Run) -> Path:
    return run.directory / "progress.toml"


def tables(run: Run) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = tomllib.loads(file(run).read_text())["step"]
    return found


def edit(run: Run, before: str, after: str) -> None:
    text = file(run).read_text()
    assert before in text
    file(run).write_text(text.replace(before, after, 1))


def test_a_table_begins_with_what_a_person_looks_for(home: Path) -> None:
    run = filled(home)
    assert list(tables(run)["s.1"])[:6] == [
        "text",
        "state",
        "decision",
        "by",
        "at",
        "note",
    ]
    assert list(tables(run)) == [s.id for s in BOOK.steps]
    assert list(tomllib.loads(file(run).read_text()))[-1] == "end"
    assert "# Book / B\n" in file(run).read_text()


def test_the_file_says_what_was_recorded(home: Path) -> None:
    run = filled(home)
    found = tables(run)
    assert found["s.0"]["note"] == 'said "yes" \x07\x7f\u2028.'
    assert (found["s.1"]["state"], found["s.1"]["until"]) == ("waived", "2999-01-02")
    assert found["s.2"]["notes"] == ["line\nbreak"]
    assert found["s.2"]["evidence"] == ["link: https://example.org/1"]
    assert found["s.3"] == {"text": "Step s.3", "state": "pending"}


def test_every_prefix_is_known_to_be_cut(home: Path) -> None:
    run = filled(home)
    data = file(run).read_bytes()
    whole = read(data)[0]
    assert not whole.problem and not whole.edited
    complete = [n for n in range(len(data)) if not read(data[:n])[0].problem]
    assert complete == [len(data) - 1]  # only the last newline is missing


def test_a_cut_file_is_kept_aside_and_rebuilt(home: Path) -> None:
    run = filled(home)
    before = tables(run)
    run.close()
    data = file(run).read_bytes()
    for cut in (0, 1, len(data) // 3, len(data) // 2, len(data) - 10):
        file(run).write_bytes(data[:cut])
        again = Run.open(run.directory, BOOK, BEN)
        again.save()
        assert tables(again) == before
        assert any("kept as progress.toml.broken-" in n for n in again.notices)
        again.close()
    kept = [path.stat().st_size for path in run.directory.glob("*.broken-*")]
    assert sorted(kept) == [0, 1, len(data) // 3, len(data) // 2, len(data) - 10]


def test_the_file_does_not_grow_by_being_opened(home: Path) -> None:
    run = filled(home)
    run.close()
    lines = file(run).read_text().count("\n")
    for _ in range(3):
        Run.open(run.directory, BOOK, ANA).close()
    assert file(run).read_text().count("\n") == lines


def test_a_missing_file_is_rebuilt(home: Path) -> None:
    run = filled(home)
    before = tables(run)
    run.close()
    file(run).unlink()
    again = Run.open(run.directory, BOOK, BEN)
    again.save()
    assert tables(again) == before


def test_a_newer_file_is_left_alone(home: Path) -> None:
    run = filled(home)
    run.close()
    edit(run, "version = 1", "version = 2")
    before = {path: path.read_bytes() for path in run.directory.glob("*.*")}
    with pytest.raises(NewerState, match="newer gonogo"):
        Run.open(run.directory, BOOK, BEN)
    assert {path: path.read_bytes() for path in run.directory.glob("*.*")} == before


@pytest.mark.parametrize("reopened", [False, True])
def test_a_hand_edit_counts_and_its_comments_survive(
    home: Path, reopened: bool
) -> None:
    run = filled(home)
    edit(
        run,
        '[step."s.3"]\ntext = "Step s.3"\nstate = "pending"\n',
        "# above\n[step.'s.3'] # beside the header\n"
        'text = "Step s.3" # beside the text\n# inside\n'
        'state = "pass" # beside the state\nticket = "OPS-1"\nmore = [\n"[x]",\n]\n',
    )
    edit(run, "[end]\n", "# at the end\n[end]\n")
    if reopened:
        run = Run.open(run.directory, BOOK, BEN)
    run.save()
    decision = run.progress["s.3"].decision
    assert decision and (decision.answer, decision.by) == (Answer.PASS, "(by hand)")
    for _ in range(2):
        text = file(run).read_text()
        for kept in (
            "# above\n[step.'s.3'] # beside the header\n",
            'text = "Step s.3" # beside the text\n# inside\nstate = "pass" #',
            'ticket = "OPS-1"\nmore = [\n"[x]",\n]\n',
            "# at the end\n",
        ):
            assert kept in text
        assert tables(run)["s.3"]["decision"] == "pass"
        assert read(text.encode())[0].edited is False
        run.close()
        run = Run.open(run.directory, BOOK, ANA)
        decide(run, BOOK.steps[3], Answer.PASS, "again")
        run.save()


def test_what_tomlkit_does_not_take_is_kept_as_a_comment(home: Path) -> None:
    run = filled(home)
    deep = f"more = {'[' * 150}1{']' * 150}"
    edit(run, '[step."s.3"]\n', f'[step."s.3"]\n{deep}\n')
    run.save()
    assert f"# {deep}\n" in file(run).read_text()
    assert tables(run)["s.3"] == {"text": "Step s.3", "state": "pending"}


def test_reordered_tables_stay_as_they_are(home: Path) -> None:
    run = filled(home)
    text = file(run).read_text()
    moved = '[step."s.7"]\ntext = "Step s.7"\nstate = "pending"\n'
    edit(run, moved, "")
    edit(run, '[step."s.1"]', f'{moved}\n[step."s.1"]')
    decide(run, BOOK.steps[7], Answer.FAIL, "no")
    run.save()
    order = list(tables(run))
    assert order.index("s.7") == order.index("s.1") - 1
    assert tables(run)["s.7"]["state"] == "fail"
    assert len(file(run).read_text()) > len(text)


@pytest.mark.parametrize(
    "lines, answer, words",
    [
        ('decision = "fail"\nnote = "why"\nby = "eve"', Answer.FAIL, "why"),
        ('decision = "n/a"\nnote = "no such thing"', Answer.NA, "no such thing"),
        ('decision = "waive"\nnote = "x"\nuntil = 2999-02-03', Answer.WAIVE, "x"),
        ('decision = "skip"', Answer.SKIP, ""),
    ],
)
def test_decisions_by_hand(home: Path, lines: str, answer: Answer, words: str) -> None:
    run = filled(home)
    edit(run, 'text = "Step s.9"\n', f'text = "Step s.9"\n{lines}\n')
    run.save()
    decision = run.progress["s.9"].decision
    assert decision and (decision.answer, decision.note) == (answer, words)
    assert decision.by == ("eve (by hand)" if "eve" in lines else "(by hand)")
    assert tables(run)["s.9"]["decision"] == answer.value


@pytest.mark.parametrize(
    "line",
    [
        'decision = "fail"',
        'decision = "maybe"',
        'state = "stale"',
        'decision = "waive"\nnote = "x"\nuntil = "soon"',
        "decision = 7",
        "decision = { a = 1 }",
    ],
)
def test_what_the_screen_would_refuse_is_refused_and_put_right(
    home: Path, line: str
) -> None:
    run = filled(home)
    edit(run, 'text = "Step s.9"\nstate = "pending"\n', f'text = "Step s.9"\n{line}\n')
    run.save()
    state = run.progress.get("s.9")
    assert state is None or state.decision is None
    assert run.notices and "s.9" in run.notices[0]
    assert tables(run)["s.9"]["state"] == "pending"
    assert "decision" not in tables(run)["s.9"]


def test_a_pass_by_hand_cannot_outdo_a_probe(home: Path) -> None:
    book = runbook(step("p", level=Level.AUTO, probe=ProbeSpec("http")), step("q"))
    run = Run.create(home, book, "", ANA)
    found = entries.probe_finished(Finding(Result.FAIL, "503"))
    run.record(Kind.PROBE_FINISHED, "p", found)
    run.save()
    edit(run, 'state = "fail"', 'state = "pass"')
    run.save()
    assert run.progress["p"].decision is None
    assert tables(run)["p"]["state"] == "fail"
    assert "A probe decides" in run.notices[0]


def test_a_note_without_a_decision_becomes_a_note(home: Path) -> None:
    run = filled(home)
    edit(run, 'text = "Step s.9"\n', 'text = "Step s.9"\nnote = "call ben"\n')
    run.save()
    assert run.progress["s.9"].notes == ("call ben",)
    assert tables(run)["s.9"]["notes"] == ["call ben"]


def test_a_decision_is_taken_back_by_deleting_it(home: Path) -> None:
    run = filled(home)
    edit(run, 'decision = "waive"\n', "")
    run.save()
    assert run.progress["s.1"].decision is None
    assert tables(run)["s.1"] == {"text": "Step s.1", "state": "pending"}


def test_a_decision_on_the_screen_outlives_an_edit_of_an_older_file(home: Path) -> None:
    run = filled(home)
    decide(run, BOOK.steps[9], Answer.FAIL, "broken")
    edit(
        run, 'text = "Step s.9"\nstate = "pending"', 'text = "Step s.9"\nstate = "pass"'
    )
    run.save()
    assert tables(run)["s.9"]["state"] == "fail"
    assert "on a screen" in run.notices[0]


def test_an_edit_is_journalled_with_old_and_new(home: Path) -> None:
    run = filled(home)
    edit(run, 'note = "known"', 'note = "known, OPS-7"')
    run.save()
    lines = (run.directory / "journal.jsonl").read_text().splitlines()
    assert '"edited_by_hand"' in lines[-1]
    assert '"changes":{"note":["known","known, OPS-7"]}' in lines[-1]


def test_two_screens_save_without_taking_each_other_for_hand_edits(home: Path) -> None:
    ana = filled(home)
    ben = Run.open(ana.directory, BOOK, BEN)
    for number, run in enumerate([ana, ben, ana, ben]):
        decide(run, BOOK.steps[10 + number], Answer.PASS)
        run.save()
    assert [tables(ana)[f"s.{i}"]["state"] for i in range(10, 14)] == ["pass"] * 4
    assert "edited_by_hand" not in (ana.directory / "journal.jsonl").read_text()


def test_a_later_save_never_holds_less(home: Path) -> None:
    ana = filled(home)
    ben = Run.open(ana.directory, BOOK, BEN)
    decide(ben, BOOK.steps[10], Answer.PASS)
    decide(ana, BOOK.steps[11], Answer.PASS)
    ana.save()
    ben.save()
    assert tables(ben)["s.11"]["state"] == "pass"


def test_a_failed_save_says_so_until_it_works_again(home: Path) -> None:
    run = filled(home)
    before = file(run).read_bytes()
    decide(run, BOOK.steps[5], Answer.PASS)
    blocker = run.directory / f".progress.toml.{os.getpid()}.new"
    blocker.mkdir()
    with pytest.raises(StateError):
        run.save()
    assert run.unsaved and run.dirty and file(run).read_bytes() == before
    blocker.rmdir()
    run.save()
    assert not run.unsaved and not run.dirty
    assert tables(run)["s.5"]["state"] == "pass"


def test_what_a_killed_save_left_is_swept(home: Path) -> None:
    run = filled(home)
    run.close()
    left = run.directory / ".progress.toml.99999999.new"
    left.write_text("half")
    Run.open(run.directory, BOOK, ANA)
    assert not left.exists()


def test_new_steps_come_behind_their_neighbour_and_removed_ones_stay(
    home: Path,
) -> None:
    run = filled(home)
    run.close()
    steps = [s for s in BOOK.steps if s.id != "s.1"]
    steps.insert(4, step("fresh", section="a"))
    again = Run.open(run.directory, runbook(*steps), ANA)
    again.save()
    order = list(tables(again))
    assert order[order.index("fresh") - 1] == "s.4"
    assert tables(again)["s.1"]["note"] == "known"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_quoted_as_toml(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}") == {"x": text}


def test_severity_is_read_from_the_runbook_not_from_the_file(home: Path) -> None:
    book = runbook(step("b", severity=Severity.BLOCKER), step("c"))
    run = Run.create(home, book, "", ANA)
    run.save()
    edit(run, 'state = "pending"', 'state = "pass"')
    run.save()
    assert "needs a note" in run.notices[0]


def test_a_waiver_by_hand_names_the_role(home: Path) -> None:
    book = runbook(step("a", severity=Severity.BLOCKER))
    run = Run.create(home, book, "", ANA)
    note(run, "a", "x")
    run.save()
    waived = 'state = "waived"\nnote = "known"\n'
    edit(run, 'state = "pending"\n', waived)
    run.save()
    assert run.progress["a"].decision is None
    assert "Only management may waive a blocker" in run.notices[-1]
    edit(run, 'state = "pending"\n', waived + 'role = "management"\n')
    run.save()
    decision = run.progress["a"].decision
    assert decision and (decision.answer, decision.role) == (Answer.WAIVE, "management")
    assert tables(run)["a"]["role"] == "management"
