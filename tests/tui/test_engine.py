"""The engine with a real run, real commands and no screen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.asking import Reply
from runbooks.events import Kind
from runbooks.tables import CommandClass
from runbooks.target import Target
from state.author import current
from state.run import Run
from state.standing import Answer
from tests.tui.engines import Desk
from tui.told import (
    Asks,
    CommandEnded,
    NeedsTerminal,
    Refused,
    Saved,
)

DOCUMENT = """# Drill

## Decide
- [ ] Tell the team
- [ ] Lights are on

  ```bash
  echo first line
  ```

## Act

- [ ] Before acting

```bash
# Look
echo hello from $WHO

# Fail
cat /nonexistent-file

# Never
echo never
```

```bash {name=wait}
sleep 30 && echo woke
```

```bash
touch changed-it
```

```bash
cat <file-name>
```

```bash
cd /tmp && colour=blue
```

```bash
echo "$colour in $PWD"
```
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    desk = Desk(tmp_path, DOCUMENT)
    yield desk
    for job in list(desk.engine._working.jobs.values()):
        job.running.stop()
    desk.engine.close()


def test_a_decision_is_on_disk_before_it_is_told(desk: Desk) -> None:
    step = desk.runbook.steps[0]
    desk.engine.decide([step.id], Answer.PASS)
    desk.wait_event(Kind.DECIDED)
    assert desk.journal()[-1]["step"] == step.id
    assert desk.run.progress[step.id].decision.answer is Answer.PASS


def test_progress_follows_within_two_seconds(desk: Desk) -> None:
    desk.engine.decide([desk.runbook.steps[0].id], Answer.SKIP, "later")
    desk.wait_for(Saved)
    assert "later" in (desk.run.directory / "progress.toml").read_text()


def test_what_design_forbids_is_told_as_a_sentence(desk: Desk) -> None:
    desk.engine.decide([desk.runbook.steps[0].id], Answer.FAIL)
    assert "Say what fails" in desk.wait_for(Refused).message
    assert not desk.run.progress.get(desk.runbook.steps[0].id)


def test_many_are_answered_at_once_or_not_at_all(desk: Desk) -> None:
    ids = [step.id for step in desk.runbook.steps[:2]]
    desk.engine.decide(ids, Answer.SKIP, "tomorrow")
    desk.wait_event(Kind.DECIDED)
    desk.wait_event(Kind.DECIDED)
    desk.engine.withdraw(ids[0])
    desk.wait_event(Kind.UNDONE)
    assert desk.run.progress[ids[0]].decision is None
    assert desk.run.progress[ids[1]].decision.answer is Answer.SKIP


def test_nothing_runs_from_a_document_nobody_trusted(desk: Desk) -> None:
    desk.engine.run_part(desk.part("Look"))
    question = desk.wait_for(Asks).question
    assert any("touch changed-it" in line for line in question.untrusted)
    desk.engine.answer(question.id, Reply())
    assert "not trusted" in desk.wait_for(Refused).message
    assert Kind.COMMAND_REQUESTED not in {e["kind"] for e in desk.journal()}


def test_one_command_can_be_trusted_alone(desk: Desk) -> None:
    desk.engine.run_part(desk.part("Look"))
    question = desk.wait_for(Asks).question
    desk.engine.answer(question.id, Reply(trust="this"))
    assert desk.wait_for(CommandEnded).ending.code == 0
    desk.engine.run_part(desk.part("echo first line"))
    assert desk.wait_for(Asks).question.untrusted


def test_cancelling_runs_nothing(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("touch changed-it"))
    question = desk.wait_for(Asks).question
    assert question.confirm and question.command_class is CommandClass.MUTATE
    desk.engine.answer(question.id, None)
    desk.engine.answer(question.id, Reply())  # a second answer means nothing
    desk.engine.decide([desk.runbook.steps[0].id], Answer.SKIP)
    desk.wait_event(Kind.DECIDED)
    assert not Path("changed-it").exists()


def test_a_person_may_give_a_command_the_terminal(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("Look"), interactive=True)
    plan = desk.wait_for(NeedsTerminal).plan
    assert plan.text.startswith("echo hello")
    assert desk.journal()[-1]["kind"] == Kind.COMMAND_REQUESTED


def test_what_changes_things_asks_once_and_runs(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("touch changed-it"))
    desk.engine.answer(desk.wait_for(Asks).question.id, Reply(reason="drill"))
    assert desk.wait_for(CommandEnded).ending.code == 0
    assert Path("changed-it").exists()
    kinds = [entry["kind"] for entry in desk.journal()]
    requested, started = Kind.COMMAND_REQUESTED, Kind.COMMAND_STARTED
    assert kinds.index(requested) < kinds.index(started)


def test_a_command_that_changed_while_it_was_asked_about_is_shown_again(
    desk: Desk,
) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("touch changed-it"))
    first = desk.wait_for(Asks).question
    desk.engine.run_part(desk.part("cd /tmp && colour=blue"))
    desk.wait_for(CommandEnded)
    desk.engine.answer(first.id, Reply(reason="drill"))
    again = desk.wait_for(Asks).question
    assert (first.cwd, again.cwd) == (str(Path.cwd()), "/tmp")
    assert "command_requested" in (kinds := [e["kind"] for e in desk.journal()])
    assert kinds.count("command_requested") == 1 and "armed" not in kinds
    desk.engine.answer(again.id, None)
    assert not Path("changed-it").exists()


def test_a_change_needs_a_reason_once_in_a_while(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("touch changed-it"))
    question = desk.wait_for(Asks).question
    assert question.arm
    desk.engine.answer(question.id, Reply())
    assert "say why" in desk.wait_for(Refused).message
    assert not Path("changed-it").exists()
    desk.engine.arm("INC-311")
    desk.wait_event(Kind.ARMED)
    desk.engine.run_part(desk.part("touch changed-it"))
    question = desk.wait_for(Asks).question
    assert question.confirm and not question.arm
    desk.engine.answer(question.id, Reply())
    desk.wait_for(CommandEnded)
    desk.engine.disarm()
    desk.wait_event(Kind.DISARMED)
    desk.engine.run_part(desk.part("touch changed-it"))
    assert desk.wait_for(Asks).question.arm
    armed = next(e for e in desk.journal() if e["kind"] == "armed")
    assert armed["data"]["reason"] == "INC-311"


def test_only_one_screen_changes_systems(desk: Desk) -> None:
    desk.trust()
    other = Run.open(desk.run.directory, desk.runbook, current("ben"))
    other.take_lever()
    desk.engine.run_part(desk.part("touch changed-it"))
    assert "ben" in desk.wait_for(Refused).message
    assert not Path("changed-it").exists()
    other.close()
    desk.engine.run_part(desk.part("touch changed-it"))
    desk.engine.answer(desk.wait_for(Asks).question.id, Reply(reason="drill"))
    assert desk.wait_for(CommandEnded).ending.code == 0


HOLDER = """
import sys
from pathlib import Path
from state.author import current
from state.lever import Lever
Lever(Path(sys.argv[1]), current("ben")).take()
print("taken", flush=True)
input()
"""


def test_a_lever_whose_holder_does_not_answer_is_not_taken_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.engine_records.GIVES_UP", 0.3)
    words = [sys.executable, "-c", HOLDER, str(desk.run.directory / "lever")]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        os.kill(holder.pid, signal.SIGSTOP)
        desk.engine.take_lever_over()
        said = desk.wait_for(Refused).message
        assert f"(process {holder.pid}) does not answer" in said
        holder.kill()
        holder.wait()
    desk.engine.take_lever_over()
    desk.wait_event(Kind.LEVER_TAKEN)
    assert desk.run.holds_lever
    desk.engine.release_lever()
    desk.wait_event(Kind.LEVER_RELEASED)
    assert desk.run.lever() is None


def test_what_only_reads_runs_at_once(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("Fail"))
    ending = desk.wait_for(CommandEnded).ending
    assert ending.code == 1
    assert b"No such file" in desk.output()


def test_an_edited_text_is_what_is_classed_and_written_down(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("Look"), "touch edited-it")
    question = desk.wait_for(Asks).question
    assert question.text == "touch edited-it" and question.confirm
    desk.engine.answer(question.id, Reply(reason="drill"))
    desk.wait_for(CommandEnded)
    assert Path("edited-it").exists()
    requested = next(e for e in desk.journal() if e["kind"] == "command_requested")
    assert requested["data"]["text"] == "touch edited-it"


def test_a_placeholder_is_asked_for_and_travels_as_data(desk: Desk) -> None:
    desk.trust()
    Path("it's $(touch spliced)").write_text("content\n")
    desk.engine.run_part(desk.part("cat <file-name>"))
    question = desk.wait_for(Asks).question
    (asked,) = question.placeholders
    variable = asked.placeholder.variable
    assert variable in question.text and question.original == "cat <file-name>"
    desk.engine.answer(question.id, Reply(values={variable: "it's $(touch spliced)"}))
    assert desk.wait_for(CommandEnded).ending.code == 0
    assert desk.output() == b"content\n" and not Path("spliced").exists()
    desk.engine.run_part(desk.part("cat <file-name>"))  # remembered for the run
    assert desk.wait_for(CommandEnded).ending.code == 0


def test_an_empty_placeholder_runs_nothing(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("cat <file-name>"))
    desk.engine.answer(desk.wait_for(Asks).question.id, Reply())
    assert "no value" in desk.wait_for(Refused).message


def test_as_written_is_another_text_and_asked_about_anew(desk: Desk) -> None:
    desk.trust()
    Path("name").write_text("read by redirection\n")
    desk.engine.run_part(desk.part("Look"), "cat <name>>made-by-redirection")
    first = desk.wait_for(Asks).question
    desk.engine.answer(first.id, Reply(as_written=True))
    second = desk.wait_for(Asks).question
    assert second.confirm and second.text == "cat <name>>made-by-redirection"
    desk.engine.answer(second.id, Reply(reason="drill"))
    assert desk.wait_for(CommandEnded).ending.code == 0
    assert Path("made-by-redirection").read_text() == "read by redirection\n"


def test_directory_and_variables_carry_over(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("cd /tmp && colour=blue"))
    assert desk.wait_for(CommandEnded).ending.code == 0
    desk.engine.run_part(desk.part('echo "$colour in $PWD"'))
    desk.wait_for(CommandEnded)
    assert desk.output() == b"blue in /tmp\n"


def test_profile_variables_are_environment(tmp_path: Path, desk: Desk) -> None:
    desk.engine.close()
    desk.target = Target("practice", vars={"WHO": "the profile"})
    desk.run = Run.open(desk.run.directory, desk.runbook, current())
    desk.engine = desk._engine()
    desk.trust()
    desk.engine.run_part(desk.part("Look"))
    desk.wait_for(CommandEnded)
    assert desk.output() == b"hello from the profile\n"


def test_a_block_stops_at_the_first_failure_and_says_where(desk: Desk) -> None:
    desk.trust()
    block = desk.runbook.part_by_id[desk.part("Look")].block
    desk.engine.run_block(block)
    message = desk.wait_for(Refused).message
    assert "line 20" in message and "exit 1" in message
    assert b"never" not in desk.output()


def test_one_foreground_command_at_a_time(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("sleep 30 && echo woke"))
    desk.wait_event(Kind.COMMAND_STARTED)
    desk.engine.run_part(desk.part("Fail"))
    assert "still running" in desk.wait_for(Refused).message
    (command,) = desk.engine._working.jobs
    desk.engine.stop(command)
    assert desk.wait_for(CommandEnded).ending.ending == "stopped"


def test_a_key_pressed_twice_runs_and_asks_once(desk: Desk) -> None:
    desk.trust()
    for _ in range(2):
        desk.engine.run_part(desk.part("Fail"))
    assert "still running" in desk.wait_for(Refused).message
    desk.wait_for(CommandEnded)
    for _ in range(2):
        desk.engine.run_part(desk.part("touch changed-it"))
    question = desk.wait_for(Asks).question
    assert "Answer what is asked" in desk.wait_for(Refused).message
    desk.engine.answer(question.id, None)
    desk.engine.run_part(desk.part("touch changed-it"))
    assert desk.wait_for(Asks).question.id != question.id
    started = [e for e in desk.journal() if e["kind"] == "command_started"]
    assert len(started) == 1


def test_a_command_outlives_its_screen_and_is_taken_up(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(
        desk.part("Look"), "echo before; sleep 1; echo after; cat /none"
    )
    desk.wait_event(Kind.COMMAND_STARTED)
    desk.reopen()
    assert desk.engine.running() or desk.wait_for(CommandEnded)
    ended = [w for w in desk.seen if isinstance(w, CommandEnded)]
    ending = (ended or [desk.wait_for(CommandEnded)])[0].ending
    assert ending.code == 1
    assert b"before\nafter\n" in desk.output()
    part = desk.part("Look")
    assert desk.run.commands[part].code == 1


def test_a_supervisor_that_died_leaves_the_command_in_doubt(desk: Desk) -> None:
    desk.trust()
    desk.engine.run_part(desk.part("sleep 30 && echo woke"))
    desk.wait_event(Kind.COMMAND_STARTED)
    (command,) = desk.engine._working.jobs
    data = json.loads((desk.run.outputs / f"{command}.run").read_text())
    os.kill(data["pid"], signal.SIGKILL)
    assert desk.wait_for(CommandEnded).ending.ending == "in doubt"
    assert desk.run.commands[desk.part("sleep 30 && echo woke")].ending == "in doubt"
    for pid in _sleepers(command):
        os.kill(pid, signal.SIGKILL)


def test_secrets_never_reach_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRACTICE_TOKEN", "s3cr3t-value-42")
    desk.reopen()
    desk.trust()
    desk.engine.run_part(desk.part("Look"), "echo s3cr3t-value-42 | cat")
    desk.wait_for(CommandEnded)
    assert desk.output() == b"[redacted]\n"
    desk.engine.close()
    for path in desk.run.directory.rglob("*"):
        if path.is_file():
            assert b"s3cr3t-value-42" not in path.read_bytes(), path


def _sleepers(command: str) -> list[int]:
    """Processes of a killed supervisor: they carry the command's id."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if command.encode() in environ:
                found.append(int(entry.name))
    return found
