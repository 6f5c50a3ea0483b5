"""`gonogo lint`, `trust`, `runs` and `probes`."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.tui.terminals import ROOT, terminal


def test_lint_says_all_at_once(gonogo, write) -> None:
    path = write(
        "- [ ] a\n\n  ```toml step\n  severity = 'grave'\n  ```\n"
        "- [ ] b\n\n  ```toml step\n  onwer = 'ben'\n  ```\n"
    )
    done = gonogo("lint", path)
    lines = done.stdout.splitlines()
    assert done.returncode == 2
    assert [line.split(":")[1] for line in lines] == ["4", "9"]
    assert "owner" in lines[1]


def test_lint_of_a_good_file(gonogo, write) -> None:
    done = gonogo("lint", write("# T\n\n- [ ] a\n"))
    assert (done.returncode, done.stdout) == (0, "Nothing is wrong.\n")


def test_lint_warns_of_what_is_nearly_a_task(gonogo, write) -> None:
    path = write("# T\n\n- [ ] a\n\n-[ ] b\n")
    done = gonogo("lint", path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"warning {path}:5:1: looks like a task and is none")
    assert done.stdout.endswith("write - [ ]\n")


def test_trust_lists_everything_and_needs_a_yes(gonogo, write) -> None:
    path = write("# T\n\n```bash\nrm -rf /srv/x\n```\n")
    done = gonogo("trust", path)
    assert done.returncode == 2
    assert "rm -rf /srv/x" in done.stdout
    said = f"gonogo trust --digest {sha256(path.read_bytes()).hexdigest()[:12]} {path}"
    assert said in done.stderr
    assert gonogo("trust", "--list").stdout == ""


def test_what_was_shown_is_trusted_by_its_digest_and_nothing_else(
    gonogo, write
) -> None:
    path = write("# T\n\n```bash\nuptime\n```\n")
    shown = sha256(path.read_bytes()).hexdigest()[:12]
    write("# T\n\n```bash\nrm -rf /srv\n```\n")
    refused = gonogo("trust", "--digest", shown, path)
    assert refused.returncode == 2 and "is another one" in refused.stderr
    assert gonogo("trust", "--list").stdout == ""
    write("# T\n\n```bash\nuptime\n```\n")
    assert gonogo("trust", "--digest", shown, path).returncode == 0
    assert shown in gonogo("trust", "--list").stdout
    write("# T\n\n```bash\nrm -rf /srv\n```\n")
    assert "has changed since it was trusted" in gonogo("check", path).stderr


def test_trust_is_taken_back(gonogo, write) -> None:
    path = write("- [ ] a\n")
    assert gonogo("trust", "--yes", path).returncode == 0
    assert str(path) in gonogo("trust", "--list").stdout
    assert gonogo("trust", "--revoke", path).returncode == 0
    assert gonogo("trust", "--list").stdout == ""
    assert gonogo("trust", "--revoke", path).returncode == 2


def test_what_changed_since_it_was_trusted_is_shown(gonogo, write) -> None:
    text = "# T\n\nold \u202ewords\n\n```bash\nuptime\n```\n"
    path = write(text)
    assert gonogo("trust", "--yes", path).returncode == 0
    write(text.replace("old", "new"))
    done = gonogo("trust", path)
    assert done.returncode == 2 and "Only prose changed" in done.stdout
    assert "\n-old " in done.stdout and "\n+new " in done.stdout
    assert "\u202e" not in done.stdout and "command" not in done.stdout
    write(text.replace("uptime", "rm -rf /srv"))
    done = gonogo("trust", "--yes", path)
    assert "-uptime\n+rm -rf /srv" in done.stdout
    assert "Only prose" not in done.stdout
    assert "command 6: [destructive] rm -rf /srv" in done.stdout


def test_a_changed_sidecar_is_more_than_prose(gonogo, write) -> None:
    path = write("# T\n\n- [ ] a\n")
    assert gonogo("trust", "--yes", path).returncode == 0
    write('[steps."a"]\nowner = "ana"\n', "book.gonogo.toml")
    assert "Only prose" not in gonogo("trust", "--yes", path).stdout
    write("# T\n\nwords\n\n- [ ] a\n")
    assert "Only prose" in gonogo("trust", "--yes", path).stdout
    write('[steps."a"]\nowner = "ben"\n', "book.gonogo.toml")
    changed = gonogo("trust", "--yes", path).stdout
    assert "Only prose" not in changed and '+owner = "ben"' in changed


def test_a_trusted_profile_is_known_by_its_path(gonogo, write) -> None:
    path = write('[api]\nurl = "http://a.example"\n', "gonogo.toml")
    assert gonogo("trust", "--yes", path).returncode == 0
    assert str(path) in gonogo("trust", "--list").stdout
    write('[api]\nurl = "http://b.example"\n', "gonogo.toml")
    done = gonogo("trust", "--yes", path)
    assert '-url = "http://a.example"' in done.stdout
    assert gonogo("trust", "--revoke", path).returncode == 0
    assert gonogo("trust", "--list").stdout == ""


def test_one_key_renews_what_differs_in_prose(gonogo, write, home: Path) -> None:
    path = write("# T\n\nold\n")
    assert gonogo("trust", "--yes", path).returncode == 0
    write("# T\n\nnew\n")
    argv = ["trust", str(path)]
    program = f"import sys; from tui.__main__ import main; sys.exit(main({argv}))"
    for answer, code in (b"n", 1), (b"y", 0):
        with terminal(program, home) as shown:
            shown.until(lambda s=shown: b"to renew." in s.seen)
            shown.type(answer)
            assert shown.ended() == code
    assert b"Trusted" in shown.seen


def test_trust_asks_on_a_terminal(write, home: Path) -> None:
    path = write("- [ ] a\n")
    for answer, code in (b"n\n", 1), (b"y\n", 0):
        leader, follower = pty.openpty()
        os.write(leader, answer)
        done = subprocess.run(
            [sys.executable, "-m", "tui", "trust", str(path)],
            cwd=ROOT,
            env={**os.environ, "HOME": str(home)},
            stdin=follower,
            capture_output=True,
            text=True,
            timeout=30,
        )
        os.close(leader)
        os.close(follower)
        assert done.returncode == code, done
    assert "Trusted" in done.stdout


def test_a_file_that_others_may_write_is_not_trusted(gonogo, write) -> None:
    path = write("- [ ] a\n")
    path.chmod(0o666)
    done = gonogo("trust", "--yes", path)
    assert done.returncode == 2 and "writable" in done.stderr


def test_runs(gonogo, write, home: Path) -> None:
    assert "no runs yet" in gonogo("runs").stdout
    assert json.loads(gonogo("runs", "--format", "json").stdout)["runs"] == []
    path = write("# The book\n\n- [ ] a\n- [ ] b\n")
    make = f"""
from hashlib import sha256
from pathlib import Path
from runbooks.parsing import read
from state.author import Author
from state.deciding import decide
from state.locations import state_home
from state.run import Run
from state.standing import Answer
book = read(Path({str(path)!r}))
run = Run.create(state_home(), book, "", Author("ana", "", "host", 1))
decide(run, book.steps[0], Answer.PASS)
run.close()
"""
    env = {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", make], env=env, check=True)
    (run,) = json.loads(gonogo("runs", "--format", "json").stdout)["runs"]
    assert (run["title"], run["runbook"]) == ("The book", str(path))
    assert (run["done"], run["total"], run["unfinished"]) == (1, 2, True)
    assert "1 of 2" in gonogo("runs").stdout
    shown = gonogo(path).stdout
    assert "[pass] a" in shown and "[ ] b" in shown


def test_a_journal_is_verified(gonogo, home: Path, write) -> None:
    path = write("# The book\n\n- [ ] a\n")
    made = f"""
from hashlib import sha256
from pathlib import Path
from runbooks.parsing import read
from state.author import Author
from state.deciding import decide
from state.locations import state_home
from state.run import Run
from state.standing import Answer
book = read(Path({str(path)!r}))
run = Run.create(state_home(), book, "", Author("ana", "", "host", 1))
decide(run, book.steps[0], Answer.PASS)
run.save()
print(run.directory)
"""
    env = {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", made]
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE)
    run = Path(done.stdout.decode().strip())
    whole = gonogo("verify", run.name)
    said, anchor = whole.stdout.splitlines()
    assert whole.returncode == 0 and "The journal is whole: 2 events" in said
    assert gonogo("verify", run, "--anchor", anchor).returncode == 0
    assert gonogo("verify", run, "--anchor", "2").returncode == 2
    journal = run / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0])
    cut = gonogo("verify", run, "--anchor", anchor)
    assert cut.returncode == 1
    assert "it ends with event 1, but event 2 is remembered" in cut.stderr
    journal.write_bytes(b"".join(lines).replace(b'"ana"', b'"eve"'))
    changed = gonogo("verify", run)
    assert changed.returncode == 1
    assert f"{journal}:2: event 2 does not follow on event 1" in changed.stderr


def test_probes_are_listed_and_tried(gonogo, tmp_path: Path) -> None:
    assert "http" in gonogo("probes").stdout
    here, gone = f"path={tmp_path}", f"path={tmp_path / 'gone'}"
    assert gonogo("probes", "file", here, "expect.exists=true").returncode == 0
    assert gonogo("probes", "file", gone, "expect.exists=true").returncode == 1
    assert "exists yes" in gonogo("probes", "file", here).stdout
    wrong = gonogo("probes", "file", "pth=x")
    assert wrong.returncode == 2 and "path" in wrong.stderr
    assert gonogo("probes", "fiel", here).returncode == 2
