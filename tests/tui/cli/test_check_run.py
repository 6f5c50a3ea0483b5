"""`gonogo check --run`: what people said counts too, and decides the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.parsing import read
from state.deciding import decide
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA

STEP = """
- [ ] Backup restored
  ```toml step
  severity = "blocker"
  {probe}
  ```
"""


@pytest.mark.parametrize(
    "answer, code",
    [
        (None, 4),
        (Answer.PASS, 0),
        (Answer.FAIL, 1),
        (Answer.SKIP, 1),
        (Answer.WAIVE, 3),
        (Answer.NA, 3),
    ],
)
def test_what_was_said(
    gonogo, write, tmp_path: Path, answer: Answer | None, code: int
) -> None:
    path = write("# Launch\n" + STEP.format(probe="") + "\n- [ ] Logs read\n")
    run = said(tmp_path / "state", path, answer)
    assert gonogo("trust", "--yes", path).returncode == 0
    where = ("--state-dir", tmp_path / "state")
    assert gonogo("check", "--run", run, *where).returncode == code
    assert gonogo("check", path).returncode == 4, "no machine decides here"


def test_a_person_s_fail_outranks_what_a_machine_sees(
    gonogo, write, tmp_path: Path
) -> None:
    probe = f'probe = {{ use = "file", path = "{tmp_path}/book.md", '
    probe += "expect = { exists = true } }"
    path = write("# Launch\n" + STEP.format(probe=probe))
    assert gonogo("trust", "--yes", path).returncode == 0
    assert gonogo("check", path).returncode == 0
    run = said(tmp_path / "state", path, Answer.FAIL)
    where = ("--state-dir", tmp_path / "state")
    assert gonogo("check", path, "--run", run, *where).returncode == 1


def test_a_section_is_weighed_as_its_runbook_is(gonogo, write, tmp_path: Path) -> None:
    probe = f'probe = {{ use = "file", path = "{tmp_path}/none", '
    probe += "expect = { exists = true } }"
    plain = STEP.format(probe=probe).replace('severity = "blocker"', "")
    path = write("# Launch\n" + STEP.format(probe="") + "\n# Notes\n" + plain)
    assert gonogo("trust", "--yes", path).returncode == 0
    done = gonogo("check", path, "--section", "Notes")
    assert (done.returncode, done.stdout.split()[-4:]) == (0, ["GO", "0", "of", "1"])


@pytest.mark.parametrize(
    ("name", "ours", "newer"),
    [
        ("progress.toml", "\nversion = 1\n", "\nversion = 2\n"),
        ("journal.jsonl", '"v":1', '"v":2'),
    ],
)
def test_a_run_of_a_newer_gonogo(
    gonogo, write, tmp_path: Path, name: str, ours: str, newer: str
) -> None:
    path = write("# Launch\n" + STEP.format(probe="") + "\n- [ ] Logs read\n")
    home = tmp_path / "state"
    run = said(home, path, None)
    file = home / "runs" / run / name
    text = file.read_text().replace(ours, newer)
    file.write_text(text)
    assert gonogo("trust", "--yes", path).returncode == 0
    where = ("--state-dir", home)
    done = gonogo("check", "--run", run, *where)
    assert done.returncode == 2 and "newer gonogo" in done.stderr
    listed = gonogo("runs", *where)
    assert listed.returncode == 0
    assert "Launch" in listed.stdout and "newer gonogo" in listed.stdout
    opened = gonogo("open", path, *where)
    assert opened.returncode == 2 and "newer gonogo" in opened.stderr
    assert [entry.name for entry in (home / "runs").iterdir()] == [run]
    assert file.read_text() == text


def test_an_unknown_run(gonogo, write) -> None:
    path = write("# Launch\n" + STEP.format(probe=""))
    done = gonogo("check", path, "--run", "none-such")
    assert done.returncode == 2 and "no run none-such" in done.stderr


def said(home: Path, path: Path, answer: Answer | None) -> str:
    home.mkdir(mode=0o700)
    book = read(path)
    run = Run.create(home, book, "", ANA)
    if answer is not None:
        decide(run, book.steps[0], answer, "seen", role="management")
        for other in book.steps[1:]:
            decide(run, other, Answer.PASS)
    run.close()
    return run.id
