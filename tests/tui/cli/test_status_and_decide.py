"""`gonogo status` and `gonogo decide`: a run in plain lines, for eyes and ears."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runbooks.events import Kind
from runbooks.parsing import parse
from state import entries
from state.author import Author
from state.deciding import decide
from state.replaying import replay
from state.run import Run
from state.standing import Answer

DRILL = """\
# Launch drill

## Before

- [ ] Backups restored
  ```toml step
  id = "restore"
  severity = "blocker"
  ```
- [ ] Etc is there
  ```toml step
  id = "etc"
  level = "auto"
  severity = "major"
  probe = { use = "file", path = "/etc", expect = { exists = true } }
  ```
- [ ] Tickets closed \N{RIGHTWARDS ARROW} caf\N{LATIN SMALL LETTER E WITH ACUTE}

## Later

- [ ] Costs read
  ```toml step
  id = "costs"
  gate = "w1"
  ```
"""


def only_run(home: Path) -> Path:
    (directory,) = (home / ".local/state/gonogo/runs").iterdir()
    return directory


def kinds(home: Path) -> list[str]:
    journal = (only_run(home) / "journal.jsonl").read_text()
    return [json.loads(line)["kind"] for line in journal.splitlines()]


@pytest.fixture
def drill(write: Any) -> Path:
    path: Path = write(DRILL, "drill.md")
    return path


def test_a_whole_run_without_a_screen(gonogo: Any, home: Path, drill: Path) -> None:
    done = gonogo("decide", drill, "restore", "pass", "--note", "drill 41, 38 min")
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0].startswith("Recorded #2 ") and said[0].endswith("Backups restored")
    assert said[1] == "It stands now: pass"
    name = only_run(home).name
    assert said[2] == f"{name}: NO-GO, 1 of 3 done"
    evidence = gonogo("decide", name, "tickets", "--evidence", drill)
    assert evidence.returncode == 0
    done = gonogo("decide", only_run(home), "Tickets closed", "n/a", "--note", "none")
    assert "It stands now: n/a\n" in done.stdout
    assert gonogo("decide", name, "costs", "--note", "ask ben").returncode == 0
    state = replay(only_run(home)).steps
    assert state["costs"].notes == ("ask ben",)
    (attached,) = next(s for s in state.values() if s.attachments).attachments
    assert (attached.kind, attached.value) == ("file", str(drill))
    lines = gonogo("status").stdout.splitlines()
    assert lines[0] == "Launch drill: NO-GO"
    assert "2 of 3 done before launch: 1 open" in lines
    (restored,) = (line for line in lines if "Backups" in line)
    assert restored.startswith("pass: Backups restored. Blocker. Said pass by ")
    assert restored.endswith(": drill 41, 38 min. Id restore")
    assert "open: Etc is there. Major, a probe decides. Id etc" in lines
    assert "open: Costs read. After 1 week, a person says. Id costs" in lines
    only = gonogo("status", "--open", drill).stdout
    assert "Backups" not in only and "Section: Before" in only and "etc" in only
    back = gonogo("decide", name, "restore", "take-back")
    assert "It stands now: open" in back.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["restore", "pass"], "needs a note"),
        (["etc", "pass", "--note", "x"], "A probe decides"),
        (["restore", "fail"], "Say what fails"),
        (["restore", "take-back"], "nothing to take back"),
        (["restroe", "pass"], "Did you mean restore?"),
        (["e", "pass"], "may be several steps: restore, etc"),
        (["restore"], "Say an ANSWER"),
        (["restore", "yes"], "is not one of"),
        (["restore", "waive", "--note", "x"], "Only management may waive"),
    ],
)
def test_what_cannot_be_said_begins_no_run(
    gonogo: Any, home: Path, drill: Path, words: list[str], said: str
) -> None:
    done = gonogo("decide", drill, *words)
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert not (home / ".local/state/gonogo/runs").exists()
    assert "no run yet" in gonogo("status", drill).stderr


def test_it_takes_no_part_and_it_tells_who_does(
    gonogo: Any, home: Path, drill: Path
) -> None:
    assert gonogo("decide", drill, "costs", "pass").returncode == 0
    from runbooks.parsing import read

    ben = Run.open(only_run(home), read(drill), Author("ben", "", "bastion", 1))
    ben.take_lever()
    ben.arm("INC-311")
    decide(ben, ben.runbook.step_by_id["costs"], Answer.FAIL, "12 % over\x1b[2J")
    ben.hand_over("restart the worker first")
    before = kinds(home)
    lines = gonogo("status").stdout.splitlines()
    assert kinds(home) == before
    told = "\n".join(lines)
    assert "Handed over by ben at " in told and ": restart the worker first" in told
    assert "Lever: ben on bastion (process 1) since " in told
    assert "Armed: ben until " in told and ": INC-311" in told
    assert "said fail by ben: 12 % over" in told.casefold() and "\x1b" not in told
    found = json.loads(gonogo("status", "--format", "json").stdout)
    assert found["lever"]["alive"] is True
    assert [step["standing"] for step in found["steps"]][-1] == "fail"
    drill.write_text(DRILL.replace("Costs", "All costs"))
    assert "The runbook has changed" in gonogo("status").stdout
    ben.close()
    assert "Lever" not in gonogo("status").stdout


def test_what_is_printed_is_fit_to_be_read_aloud(gonogo: Any, drill: Path) -> None:
    assert gonogo("decide", drill, "restore", "fail", "--note", "no").returncode == 0
    colours = {"TERM": "xterm-256color", "FORCE_COLOR": "1"}
    for environ in ({"TERM": "dumb"}, colours):
        printed = gonogo("status", **environ).stdout
        assert "\x1b" not in printed and "\t" not in printed
        assert not any("\u2500" <= sign <= "\u27ff" for sign in printed)
        assert not any("  " in line for line in printed.splitlines())
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert gonogo("status", **locale).stdout.isascii()


SIGNED = (
    DRILL.split("## Later")[0]
    + """\
- [ ] Backups signed for
  ```toml step
  id = "sign"
  severity = "blocker"
  note = "optional"
  covers = ["restore", "etc"]
  ```
"""
)


def test_a_signature_is_refused_given_and_verified(
    gonogo: Any, home: Path, write: Any
) -> None:
    book = write(SIGNED, "signed.md")
    gonogo("decide", book, "restore", "fail", "--note", "dump 3 is empty")
    held = gonogo("decide", book, "sign", "pass")
    assert held.returncode == 2
    assert "Not signed: 1 blocker fails; mend that" in held.stderr
    assert "waive it: “Backups restored”." in held.stderr
    gonogo("decide", book, "restore", "pass", "--note", "drill 42")
    assert gonogo("decide", book, "sign", "pass").returncode == 0
    summary = "2 steps: 1 pass, 1 pending; sha256:"
    for lines in (
        gonogo("status", book).stdout,
        gonogo("verify", only_run(home)).stdout,
    ):
        assert summary in lines
    (told,) = (
        each
        for each in json.loads(gonogo("status", book, "--format", "json").stdout)[
            "steps"
        ]
        if each["id"] == "sign"
    )
    assert summary in told["reason"]
    journal = only_run(home) / "journal.jsonl"
    (signed,) = (
        event["data"]["signed"]
        for event in map(json.loads, journal.read_text().splitlines())
        if event["step"] == "sign"
    )
    gonogo("trust", "--yes", book)
    run = only_run(home).name
    checked = gonogo("check", "--run", run, "--format", "json").stdout
    (told,) = (each for each in json.loads(checked)["steps"] if each["id"] == "sign")
    assert told["evidence"] == f"{signed['summary']}; sha256:{signed['digest']}"
    assert told["evidence"] in told["reason"]


def test_a_signature_that_the_journal_does_not_bear_out(
    gonogo: Any, home: Path, write: Any
) -> None:
    book = write(SIGNED, "signed.md")
    assert gonogo("decide", book, "sign", "pass").returncode == 0
    ana = Author("ana", "", "here", 1)
    run = Run.open(only_run(home), parse(SIGNED.encode(), book), ana)
    said = run.progress["sign"].decision
    assert said and said.signed
    forged = {**msgspec.to_builtins(said.signed), "digest": "0" * 64}
    data = entries.decided(run.runbook.step_by_id["sign"], Answer.PASS)
    run.record(Kind.DECIDED, "sign", data | {"signed": forged})
    run.close()
    wrong = gonogo("verify", run.directory)
    assert wrong.returncode == 1 and str(said.signed) in wrong.stdout
    assert f"sha256:{'0' * 64} is not what the journal held then" in wrong.stderr
