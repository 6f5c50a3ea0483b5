"""`gonogo check --run`: what people said counts too, and decides the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.events import Kind
from runbooks.parsing import read
from runbooks.results import Finding, Result
from state.deciding import decide
from state.entries import probe_finished
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA

SUBMITTED = Finding(Result.PASS, "202", source="http api", agreed=True)
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
    done = gonogo("check", path, "--run", run, *where)
    assert done.returncode == 1
    assert "fail     blocker Backup restored  said by ana: seen" in done.stdout


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


def test_a_run_is_checked_against_its_own_target(gonogo, write, tmp_path: Path) -> None:
    probe = 'probe = { use = "file", path = "${api.log}", expect = { exists = true } }'
    path = write("# Launch\n" + STEP.format(probe=probe))
    assert gonogo("trust", "--yes", path).returncode == 0
    home = tmp_path / "state"
    run = said(home, path, None, target="prod")
    where = ("--state-dir", home)
    done = gonogo("check", "--run", run, *where)
    assert done.returncode == 2
    assert "against the target 'prod'; name its profile with --target" in done.stderr
    profile = tmp_path / "home" / ".config" / "gonogo" / "targets" / "prod.toml"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(f'[api]\nlog = "{path}"\n')
    assert gonogo("check", "--run", run, *where).returncode == 0
    named = gonogo("check", "--run", run, "--target", profile, *where)
    assert named.returncode == 0


def test_what_a_person_agreed_to_see_is_not_overruled_by_seeing_less(
    gonogo, write, tmp_path: Path
) -> None:
    parameters = 'url = "http://127.0.0.1:1/jobs", api_key = "${api.key}", video = "v"'
    probe = f'probe = {{ use = "http.submission", {parameters}, '
    probe += "expect = { status = 202 } }"
    path = write("# Launch\n" + STEP.format(probe=probe))
    assert gonogo("trust", "--yes", path).returncode == 0
    run = said(tmp_path / "state", path, None, finding=SUBMITTED)
    where = ("--state-dir", tmp_path / "state")
    assert gonogo("check", path).returncode == 4
    done = gonogo("check", "--run", run, *where)
    assert done.returncode == 0 and "202" in done.stdout


def said(
    home: Path,
    path: Path,
    answer: Answer | None,
    *,
    target: str = "",
    finding: Finding | None = None,
) -> str:
    home.mkdir(mode=0o700)
    book = read(path)
    run = Run.create(home, book, target, ANA)
    if finding is not None:
        run.record(Kind.PROBE_FINISHED, book.steps[0].id, probe_finished(finding))
    if answer is not None:
        decide(run, book.steps[0], answer, "seen", role="management")
        for other in book.steps[1:]:
            decide(run, other, Answer.PASS)
    run.close()
    return run.id
