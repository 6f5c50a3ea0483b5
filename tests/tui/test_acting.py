"""Actions from the wish to the end, performed by the real process on a real system."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks import asking
from runbooks.asking import Question, Reply
from runbooks.events import Kind
from runbooks.tables import ActionSpec
from state.acted import Acted
from tests.practice.system import BOOK, System, register, write
from tests.tui.engines import Desk
from tui.told import ActionEnded, Advanced, Asks, OutputCame, Refused

STEP = "setting"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path)
    register(monkeypatch)
    return System(tmp_path)


@pytest.fixture
def desk(tmp_path: Path, system: System) -> Iterator[Desk]:
    desk = Desk(tmp_path, BOOK, system.target, trusted=True)
    yield desk
    for running in list(desk.engine._acting.jobs.values()):
        running.stop()
    desk.engine.close()


def ask(desk: Desk, asked: ActionSpec) -> Question:
    desk.engine.act(asked, STEP)
    question = desk.wait_for(Asks).question
    assert isinstance(question, Question)
    return question


def begin(desk: Desk, asked: ActionSpec, reason: str = "INC-311") -> str:
    """Agree to the action and return its id, once it is under way."""
    question = ask(desk, asked)
    typed = question.type_word
    desk.engine.answer(question.id, Reply(reason=reason, typed=typed))
    desk.wait_event(Kind.ACTION_REQUESTED)
    return list(desk.run.actions)[-1]


def end(desk: Desk) -> Acted:
    return desk.run.actions[desk.wait_for(ActionEnded).action]


def half_done(desk: Desk) -> Any:
    return desk.wait(lambda w: isinstance(w, Advanced) and w.progress.bars)


def kinds(desk: Desk) -> list[str]:
    return [event["kind"] for event in desk.journal()]


def test_an_action_is_shown_written_down_and_seen_to_be_done(
    desk: Desk, system: System
) -> None:
    system.put("setting", "old")
    question = ask(desk, write("new"))
    assert question.confirm and question.arm and not question.type_word
    assert "WRITE" in question.text and "new" in question.text
    facts = dict(question.facts)
    assert facts["system"] == "practice system alpha"
    assert facts["touches"] == "1: file/setting"
    assert facts["changes"] == "setting: old → new"
    assert question.undo == "practice.write name=setting to=old"
    assert system.read() == "old" and "action_requested" not in kinds(desk)
    desk.engine.answer(question.id, Reply(reason="INC-311"))
    ended = end(desk)
    assert (ended.ending, ended.says) == ("done", "Done, and so it is now.")
    assert (ended.before, ended.after) == ({"setting": "old"}, {"setting": "new"})
    assert system.read() == "new"
    said = kinds(desk)
    order = ["lever_taken", "armed", "identity_recorded", "action_requested"]
    assert [kind for kind in said if kind in order] == order
    assert said.index("action_requested") < said.index("action_finished")
    printed = [w.data for w in desk.seen if isinstance(w, OutputCame)]
    assert b"half of it\nall of it\nDone" in b"".join(printed)


def test_a_reason_is_typed_once(desk: Desk, system: System) -> None:
    question = ask(desk, write("new"))
    desk.engine.answer(question.id, Reply(reason="  "))
    assert "say why" in desk.wait_for(Refused).message
    begin(desk, write("new"))
    end(desk)
    second = ask(desk, write("newer"))
    assert second.confirm and not second.arm
    desk.engine.answer(second.id, Reply())
    assert end(desk).ending == "done"
    assert kinds(desk).count("armed") == 1


def test_what_destroys_wants_the_target_s_name(desk: Desk, system: System) -> None:
    system.put("setting", "old")
    question = ask(desk, ActionSpec("practice.remove"))
    assert question.type_word == "practice"
    desk.engine.answer(question.id, Reply(reason="x", typed="alpha"))
    assert "not 'practice'" in desk.wait_for(Refused).message
    assert system.read() == "old" and "armed" not in kinds(desk)
    begin(desk, ActionSpec("practice.remove"))
    assert end(desk).ending == "done" and system.read() == "absent"


def test_another_system_than_at_first_contact_is_not_touched(
    desk: Desk, system: System
) -> None:
    begin(desk, write("new"))
    end(desk)
    system.put("id", "beta")
    desk.engine.act(write("newer"))
    said = desk.wait_for(Refused).message
    assert "leads to practice system beta" in said
    assert "at first contact it was practice system alpha" in said
    assert "gonogo target check --accept practice" in said
    assert system.read() == "new"


@pytest.mark.parametrize(
    ("between", "said"),
    [
        ("other system", "this is practice system beta, not practice system alpha"),
        ("other state", "what it would do has changed since it was shown"),
        ("condition", "somebody locked the directory"),
        ("other profile", "is another one than was shown"),
        ("no system", "No such file"),
    ],
)
def test_what_changed_after_it_was_shown_is_refused_untouched(
    desk: Desk, system: System, between: str, said: str
) -> None:
    system.put("setting", "old")
    question = ask(desk, write("new"))
    expected = "old"
    match between:
        case "other system":
            system.put("id", "beta")
        case "other state":
            system.put("setting", expected := "somebody else's")
        case "condition":
            system.put("locked")
        case "other profile":
            system.profile.write_text(f"{system.profile.read_text()}\n# edited\n")
        case "no system":
            system.take("id")
    desk.engine.answer(question.id, Reply(reason="INC-311"))
    ended = end(desk)
    assert ended.ending == "refused" and ended.says.startswith("Nothing was changed: ")
    assert said in ended.says
    assert system.read() == expected
    assert not ended.stands


def test_a_plan_that_changed_is_shown_and_asked_about_again(
    desk: Desk, system: System
) -> None:
    system.put("setting", "old")
    first = ask(desk, write("new"))
    system.put("setting", "somebody else's")
    desk.engine.answer(first.id, Reply(reason="INC-311"))
    assert end(desk).ending == "refused"
    again = desk.wait_for(Asks).question
    facts = dict(again.facts)
    assert facts["changes"] == "setting: somebody else's → new"
    assert "since it was shown" in facts["changed"]
    assert system.read() == "somebody else's" and not again.arm
    desk.engine.answer(again.id, Reply())
    assert end(desk).ending == "done" and system.read() == "new"


def test_a_reply_that_comes_too_late_does_nothing(
    desk: Desk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.put("setting", "old")
    monkeypatch.setattr(asking, "STANDS", -1.0)
    question = ask(desk, write("new"))
    desk.engine.answer(question.id, Reply(reason="INC-311"))
    assert "it was asked over 60 s ago" in desk.wait_for(Refused).message
    assert system.read() == "old" and "armed" not in kinds(desk)


def test_what_keeps_an_action_from_being_done_is_said_unasked(
    desk: Desk, system: System
) -> None:
    system.put("locked")
    desk.engine.act(write("new"))
    assert desk.wait_for(Refused).message == "Not now: somebody locked the directory."


def test_a_failure_half_way_says_what_to_do(desk: Desk, system: System) -> None:
    system.put("broken")
    begin(desk, write("new"))
    ended = end(desk)
    assert ended.ending == "failed" and ended.after == {"setting": "n"}
    assert ended.says == "The disk refused. Look at it, then try again."


def test_done_counts_only_once_it_is_seen(desk: Desk, system: System) -> None:
    system.put("hold")
    begin(desk, write("new"))
    half_done(desk)
    system.put("blind")
    system.take("hold")
    # Nobody can look, and waiting longer would not help: the process is told to end.
    desk.wait(lambda w: isinstance(w, OutputCame) and b"all of it" in w.data)
    desk.engine.stop(next(iter(desk.engine._acting.jobs)))
    assert end(desk).ending == "in doubt"


def test_stopping_ends_the_watching_and_leaves_it_in_doubt(
    desk: Desk, system: System
) -> None:
    system.put("hold")
    id = begin(desk, write("new"))
    progress = half_done(desk).progress
    assert progress.bars == {"written": (1, 2)} and progress.deadline == (1, 60)
    desk.engine.act(write("other"))
    assert "An action is under way: write 'new'" in desk.wait_for(Refused).message
    desk.engine.stop(id)
    ended = end(desk)
    assert ended.ending == "in doubt" and ended.stands
    assert "Look at the state before anything else" in ended.says
    assert system.read() == "n"


def kill(desk: Desk, id: str) -> None:
    """SIGKILL to the supervisor and to everything below it."""
    data = json.loads((desk.run.outputs / f"{id}.run").read_text())
    below = [data["pid"]]
    for pid in below:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        below += map(int, children.split())
    for pid in below:
        os.kill(pid, signal.SIGKILL)


def test_a_process_that_was_killed_leaves_it_in_doubt(
    desk: Desk, system: System
) -> None:
    system.put("hold")
    id = begin(desk, write("new"))
    half_done(desk)
    desk.engine.close()
    kill(desk, id)
    desk.reopen()
    ended = end(desk)
    assert ended.ending == "in doubt" and "its process died" in ended.says
    assert system.read() == "n"


def test_an_action_outlives_its_screen_and_is_taken_up(
    desk: Desk, system: System
) -> None:
    system.put("hold")
    begin(desk, write("new"))
    half_done(desk)
    desk.reopen()
    half_done(desk)
    assert desk.engine.running() == ("write 'new' to setting",)
    system.take("hold")
    assert end(desk).ending == "done"
    assert system.read() == "new"


def test_one_that_was_never_started_changed_nothing(desk: Desk) -> None:
    from runbooks.actions.wish import ActionWish
    from runbooks.changes import Description, Identity, Undo

    description = Description(
        title="t",
        identity=Identity("practice", "a", "a"),
        calls=(),
        things=(),
        undo=Undo(),
    )
    wish = ActionWish(write("new"), description)
    desk.run.take_lever()
    desk.run.act("abc", "", wish.asked, wish.description)
    desk.reopen()
    assert end(desk).ending == "refused"


def test_the_document_says_how_to_take_back_what_no_action_does(
    desk: Desk, system: System
) -> None:
    stone = ActionSpec("practice.write", {"to": "new", "lasting": True}, "cp old new")
    question = ask(desk, stone)
    assert question.undo == "cp old new"
    desk.engine.answer(question.id, Reply(reason="INC-311"))
    assert end(desk).undo.command == "cp old new"


def test_taking_back_is_marked_and_undoing_that_too(desk: Desk, system: System) -> None:
    system.put("setting", "old")
    first = begin(desk, write("new", brief=True))
    end(desk)
    assert desk.run.actions[first].is_loose
    undo = desk.run.actions[first].undo
    second = begin(desk, ActionSpec(undo.use, undo.parameters))
    end(desk)
    assert system.read() == "old"
    taken_back = desk.run.actions[first]
    assert taken_back.undone == second and not taken_back.is_loose
    assert not desk.run.actions[second].stands
    redo = desk.run.actions[second].undo
    begin(desk, ActionSpec(redo.use, redo.parameters))
    end(desk)
    assert system.read() == "new"
    assert desk.run.actions[first].stands and desk.run.actions[first].is_loose
    assert desk.run.actions[first].undone == ""


def test_a_taking_back_that_failed_takes_nothing_back(
    desk: Desk, system: System
) -> None:
    system.put("setting", "old")
    first = begin(desk, write("new", brief=True))
    end(desk)
    system.put("broken")
    undo = desk.run.actions[first].undo
    begin(desk, ActionSpec(undo.use, undo.parameters))
    assert end(desk).ending == "failed"
    assert desk.run.actions[first].is_loose


def test_a_loose_end_is_accepted_with_a_reason(desk: Desk, system: System) -> None:
    id = begin(desk, write("new", brief=True))
    end(desk)
    desk.engine.accept_loose_end(id, "")
    assert "Say why" in desk.wait_for(Refused).message
    assert desk.run.actions[id].is_loose
    desk.engine.accept_loose_end(id, "stays until Monday")
    desk.wait_event(Kind.LOOSE_END_ACCEPTED)
    accepted = desk.run.actions[id]
    assert not accepted.is_loose and accepted.stands
    assert accepted.accepted == "stays until Monday"
    desk.engine.accept_loose_end(id, "again")
    assert "no loose end" in desk.wait_for(Refused).message


def test_an_action_that_needs_other_steps_waits_for_them(
    tmp_path: Path, system: System
) -> None:
    text = BOOK.replace('id = "setting"', 'id = "setting"\nneeds = ["first"]')
    text += '- [ ] First\n  ```toml step\n  id = "first"\n  ```\n'
    desk = Desk(tmp_path, text.replace("\nneeds", "\n  needs"), system.target, True)
    desk.engine.act(write("new"), STEP)
    assert "needs other steps first" in desk.wait_for(Refused).message
    desk.engine.close()
