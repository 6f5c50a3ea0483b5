"""Commands that change a system of the profile: which one it is, asked before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks import identity_of
from runbooks.asking import Question, Reply
from runbooks.events import Kind
from tests.practice import system as practice
from tests.practice.system import System
from tests.tui.engines import Desk
from tui.told import Asks, CommandEnded, NeedsTerminal, Refused, SystemsMet

BOOK = """# Change

```bash
practise one
```

```bash
# First
practise first
# Second
practise second
```

```bash {interactive=true}
practise here
```

```bash
touch elsewhere
```
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path)
    practice.register(monkeypatch)
    system = System(tmp_path)
    practice.command(system, monkeypatch)
    return system


@pytest.fixture
def desk(tmp_path: Path, system: System) -> Iterator[Desk]:
    desk = Desk(tmp_path, BOOK, system.target, trusted=True)
    yield desk
    desk.engine.close()


def ask(desk: Desk, part: str) -> Question:
    desk.engine.run_part(desk.part(part))
    question = desk.wait_for(Asks).question
    assert isinstance(question, Question)
    return question


def ran(desk: Desk) -> bool:
    return any(e["kind"] == "command_requested" for e in desk.journal())


def test_the_system_is_told_and_remembered_with_the_first_change(
    desk: Desk, system: System
) -> None:
    question = ask(desk, "practise one")
    assert ("system", "practice system alpha") in question.facts
    assert any(name == "met" for name, _ in question.facts)
    assert desk.run.expected("practice") is None, "asking alone remembers nothing"
    desk.engine.answer(question.id, Reply(reason="drill"))
    desk.wait_for(CommandEnded)
    assert system.read("said") == "one\n"
    assert desk.run.expected("practice").id == "alpha"
    question = ask(desk, "practise one")
    assert dict(question.facts) == {"system": "practice system alpha"}


def test_no_system_is_asked_before_the_document_is_trusted(
    tmp_path: Path, system: System
) -> None:
    desk = Desk(tmp_path, BOOK, system.target)
    try:
        question = ask(desk, "practise one")
        assert question.untrusted and not question.systems and not question.text
        assert not any(isinstance(told, SystemsMet) for told in desk.seen)
        desk.engine.answer(question.id, Reply(trust="all"))
        assert desk.wait_for(SystemsMet).met["practice"].id == "alpha"
    finally:
        desk.engine.close()


def test_another_system_is_refused(desk: Desk, system: System) -> None:
    desk.engine.answer(ask(desk, "practise one").id, Reply(reason="drill"))
    desk.wait_for(CommandEnded)
    system.put("id", "beta")
    desk.engine.run_part(desk.part("practise one"))
    said = desk.wait_for(Refused).message
    assert "leads to practice system beta" in said and "--accept practice" in said
    assert system.read("said") == "one\n"
    desk.engine.run_part(desk.part("touch elsewhere"))
    assert not desk.wait_for(Asks).question.facts, "it does not go there"


@pytest.mark.parametrize(
    ("left", "said"),
    [("beta", "leads to practice system beta now"), ("", "nobody can tell any more")],
)
def test_a_system_that_changed_while_the_question_stood_is_not_changed(
    desk: Desk, system: System, left: str, said: str
) -> None:
    question = ask(desk, "practise one")
    system.put("id", left) if left else system.take("id")
    desk.engine.answer(question.id, Reply(reason="drill"))
    assert said in desk.wait_for(Refused).message
    assert system.read("said") == "absent" and not ran(desk)


def test_each_command_of_a_block_asks_anew(desk: Desk, system: System) -> None:
    program = system.directory.parent / "practise"
    moves = f"{program.read_text()}echo beta >{system.directory}/id\n"
    program.write_text(moves)
    desk.engine.run_block(desk.runbook.part_by_id[desk.part("First")].block)
    desk.engine.answer(desk.wait_for(Asks).question.id, Reply(reason="drill"))
    assert "leads to practice system beta now" in desk.wait_for(Refused).message
    assert system.read("said") == "first\n"


def test_one_that_wants_the_terminal_asks_too(desk: Desk, system: System) -> None:
    question = ask(desk, "practise here")
    system.put("id", "beta")
    desk.engine.answer(question.id, Reply(reason="drill"))
    assert "beta now" in desk.wait_for(Refused).message and not ran(desk)
    system.put("id", "alpha")
    desk.engine.answer(ask(desk, "practise here").id, Reply())
    desk.wait_for(NeedsTerminal)
    assert ran(desk)


def test_where_nobody_can_look_the_dialog_says_so(desk: Desk, system: System) -> None:
    system.take("id")
    question = ask(desk, "practise one")
    (said,) = [text for name, text in question.facts if name == "system"]
    assert said.startswith("nobody could look which one it is: ")
    desk.engine.answer(question.id, Reply(reason="drill"))
    desk.wait_for(CommandEnded)
    assert desk.run.expected("practice") is None


def test_a_system_that_does_not_answer_is_waited_for_no_longer_than_said(
    desk: Desk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_of, "PATIENCE", 0.1)
    system.put("mute")
    question = ask(desk, "practise one")
    assert dict(question.facts)["system"].endswith("no answer in 0.1 s")


def test_what_is_recorded_comes_before_what_runs(desk: Desk) -> None:
    desk.engine.answer(ask(desk, "practise one").id, Reply(reason="drill"))
    desk.wait_event(Kind.COMMAND_FINISHED)
    wanted = ["lever_taken", "armed", "identity_recorded", "command_requested"]
    assert [e["kind"] for e in desk.journal() if e["kind"] in wanted] == wanted
