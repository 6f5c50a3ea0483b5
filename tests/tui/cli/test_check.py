"""`gonogo check`: exit codes, trust, and what counts without a person."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest


@pytest.fixture
def url() -> Iterator[str]:
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 503)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def probe(url: str, path: str = "/health", warn: str = "") -> str:
    return f"""\
- [ ] API answers {path}

  ```toml step
  severity = "blocker"
  probe = {{ use = "http", url = "{url}{path}", expect = {{ status = 200 }} }}
  ```
"""


def checked(gonogo, path, *words: str):
    assert gonogo("trust", "--yes", path).returncode == 0
    return gonogo("check", path, *words)


def test_go(gonogo, write, url: str) -> None:
    done = checked(gonogo, write("# Launch\n\n" + probe(url)))
    assert done.returncode == 0, done
    assert "GO" in done.stdout.splitlines()[-1]
    assert "NO-GO" not in done.stdout


def test_no_go_names_the_failing_first(gonogo, write, url: str) -> None:
    text = "# Launch\n\n" + probe(url) + probe(url, "/down")
    done = checked(gonogo, write(text))
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert "fail" in lines[1] and "/down" in lines[1]
    assert "pass" in lines[2]
    assert lines[-1].startswith("NO-GO")


def test_json(gonogo, write, url: str) -> None:
    text = "# Launch\n\n" + probe(url) + probe(url, "/down")
    done = checked(gonogo, write(text), "--format", "json")
    shown = json.loads(done.stdout)
    assert (shown["verdict"], shown["exit_code"]) == ("NO-GO", 1)
    good, bad = shown["steps"]
    assert (good["result"], bad["result"]) == ("pass", "fail")
    assert (bad["severity"], bad["gate"], bad["level"]) == ("blocker", "go", "auto")
    status = next(r for r in bad["readings"] if r["name"] == "status")
    assert status["value"] == 503
    assert bad["seconds"] > 0
    assert bad["section"] and bad["id"] and bad["reason"]


def test_what_a_person_has_to_say_no_probe_passes(gonogo, write, url: str) -> None:
    attested = probe(url).replace("severity", 'level = "attest"\n  severity')
    done = checked(gonogo, write("# Launch\n\n" + attested), "--format", "json")
    (step,) = json.loads(done.stdout)["steps"]
    assert (step["level"], step["result"]) == ("attest", "pending")
    assert step["readings"][0]["value"] == 200
    assert step["reason"] == "a person says so; seen: 200"
    assert done.returncode == 4  # nothing that a machine decides


def test_what_is_proposed_is_said_and_the_worst_of_it_first(
    gonogo, write, url: str
) -> None:
    both = probe(url) + probe(url, "/down")
    text = both.replace("severity", 'level = "assist"\n  severity')
    done = checked(gonogo, write("# Launch\n\n" + text))
    bad, good = done.stdout.splitlines()[1:3]
    assert "proposed blocker" in bad and "  fail: 503, not 200" in bad
    assert "proposed blocker" in good and "  pass: 200" in good


def test_junit(gonogo, write, url: str) -> None:
    text = "# Launch \x01é\n\n## Web\n\n" + probe(url) + probe(url, "/down")
    done = checked(gonogo, write(text + "\n- [ ] said\n"), "--format", "junit")
    assert done.returncode == 1 and done.stdout.isascii()
    suite = ElementTree.fromstring(done.stdout)
    assert "é" in suite.attrib["name"]
    counted = {key: suite.attrib[key] for key in ("tests", "failures", "errors")}
    assert counted == {"tests": "3", "failures": "1", "errors": "0"}
    good, bad, said = suite
    assert said.find("skipped") is not None
    assert good.attrib["classname"].endswith(" / Web")
    assert good.find("failure") is None
    failure = bad.find("failure")
    assert failure is not None and failure.attrib["message"].startswith("fail: 503")
    assert "503" in (failure.text or "")


def test_junit_tells_what_could_not_be_looked_at(gonogo) -> None:
    done = gonogo("check", "--format", "junit")
    suite = ElementTree.fromstring(done.stdout)
    assert done.returncode == 4
    assert suite.attrib["failures"] == "0" != suite.attrib["errors"]
    looked = int(suite.attrib["errors"]) + int(suite.attrib["skipped"])
    assert looked == int(suite.attrib["tests"]) == 197


def test_prometheus(gonogo, write, url: str) -> None:
    text = '# Launch "x\\\\y"\n\n' + probe(url, "/down")
    done = checked(gonogo, write(text), "--format", "prometheus")
    lines = [line for line in done.stdout.splitlines() if line[0] != "#"]
    assert done.returncode == 1
    assert len(lines) == 2
    runbook = 'runbook="Launch \\"x\\\\y\\""'
    assert lines[0].startswith(f'gonogo_step_result{{{runbook},step="')
    assert lines[0].endswith('severity="blocker",gate="go",result="fail"} 1')
    assert lines[1] == f'gonogo_verdict{{{runbook},verdict="NO-GO"}} 1'


def test_untrusted_runs_nothing(gonogo, write, url: str) -> None:
    path = write(probe(url))
    done = gonogo("check", path)
    assert done.returncode == 2
    assert f"gonogo trust {path}" in done.stderr
    assert done.stdout == ""


def test_a_changed_file_is_untrusted_again(gonogo, write, url: str) -> None:
    path = write(probe(url))
    assert checked(gonogo, path).returncode == 0
    path.write_text(path.read_text() + "\n")
    assert gonogo("check", path).returncode == 2


def test_what_lint_calls_broken_is_not_run(gonogo, write, tmp_path) -> None:
    marker = tmp_path / "ran"
    text = decided_by_command("{class=observe}", f"touch {marker}")
    path = write(text.replace("severity", 'needs = ["none"]\n  severity'))
    done = checked(gonogo, path)
    assert done.returncode == 2 and not marker.exists()
    assert "no step has that id" in done.stderr
    assert f"'gonogo lint {path}' lists all." in done.stderr
    assert gonogo("lint", path).returncode == 2


def test_nothing_to_check(gonogo, write) -> None:
    done = checked(gonogo, write("- [ ] only a person can say\n"))
    assert done.returncode == 4


def test_one_section(gonogo, write, url: str) -> None:
    text = "# A\n\n" + probe(url) + "\n# B\n\n" + probe(url, "/down")
    path = write(text)
    assert checked(gonogo, path, "--section", "A").returncode == 0
    assert gonogo("check", path, "--section", "b").returncode == 1
    wrong = gonogo("check", path, "--section", "C")
    assert wrong.returncode == 2 and "no section" in wrong.stderr


def decided_by_command(annotation: str, command: str) -> str:
    return f"""\
- [ ] decided by its command

  ```toml step
  severity = "blocker"
  use = "command"
  ```

  ```bash {annotation}
  {command}
  ```
"""


def test_a_declared_command_decides(gonogo, write) -> None:
    good = write(decided_by_command("{class=observe}", "true"), "good.md")
    bad = write(decided_by_command("{class=observe}", "echo why; exit 3"), "bad.md")
    assert checked(gonogo, good).returncode == 0
    done = checked(gonogo, bad, "--format", "json")
    (step,) = json.loads(done.stdout)["steps"]
    assert done.returncode == 1
    assert (step["result"], step["reason"], step["evidence"]) == (
        "fail",
        "exit 3",
        "why",
    )


@pytest.mark.parametrize(
    ("annotation", "why"),
    [("", "inferred"), ("{class=mutate}", "changes things")],
)
def test_other_commands_do_not_run(
    gonogo, write, tmp_path, annotation: str, why: str
) -> None:
    marker = tmp_path / "ran"
    command = f"ls {tmp_path}" if not annotation else f"touch {marker}"
    path = write(decided_by_command(annotation, command))
    done = checked(gonogo, path, "--format", "json")
    (step,) = json.loads(done.stdout)["steps"]
    assert step["result"] == "unknown" and why in step["reason"]
    assert done.returncode in (1, 4)
    assert not marker.exists()


def test_a_secret_is_not_printed(gonogo, write) -> None:
    path = write(decided_by_command("{class=observe}", 'echo "t=$API_TOKEN"'))
    assert gonogo("trust", "--yes", path).returncode == 0
    done = gonogo("check", path, "--format", "json", API_TOKEN="hunter2hunter2")
    assert "hunter2" not in done.stdout
    assert "t=" in done.stdout


def test_check_records_nothing(gonogo, write, home, url: str) -> None:
    assert checked(gonogo, write(probe(url))).returncode == 0
    kept = [p for p in home.rglob("*") if p.is_file() and p.name != "trust.lock"]
    assert [p.name for p in kept] == ["trust.json"]


def test_the_shipped_runbook_without_a_profile_checks_nothing(
    gonogo,
) -> None:
    done = gonogo("check")
    assert done.returncode == 4, done.stdout
    words = {line.split()[0] for line in done.stdout.splitlines() if line[0] == " "}
    assert words == {"unknown", "open"}


def test_every_source_away_checks_nothing(gonogo, write) -> None:
    gone = '- [ ] gone\n\n  ```toml step\n  severity = "blocker"\n  level = "auto"\n'
    gone += '  probe = { use = "tcp", host = "none.invalid", port = 1, '
    gone += 'expect = { open = "present" } }\n  ```\n'
    done = checked(gonogo, write("# Launch\n\n" + gone + gone))
    assert (done.returncode, done.stdout.split()[-4:]) == (
        4,
        ["NO-GO", "0", "of", "2"],
    )


def test_a_step_that_has_to_hold_is_not_passed_by_one_look(
    gonogo, write, url: str
) -> None:
    text = "# Launch\n\n" + probe(url).replace(
        '  severity = "blocker"',
        '  severity = "blocker"\n  soak = { for = "400ms", every = "200ms" }',
    )
    path = write(text)
    done = checked(gonogo, path)
    assert done.returncode == 4
    assert "it held once (200), not for 400ms: --soak waits for that" in done.stdout
    done = gonogo("check", "--soak", path)
    assert done.returncode == 0 and "held for 3 looks" in done.stdout


def test_sources_and_requests_are_told(gonogo, write, url: str) -> None:
    gone = probe("http://127.0.0.1:1")
    text = "# Launch\n\n" + probe(url) + gone + gone.replace("answers = true, ", "")
    done = checked(gonogo, write(text))
    assert "could not look  http 127.0.0.1:1: no connection" in done.stdout
    host = url.removeprefix("http://")
    assert f"http {host} 1" in done.stdout
    shown = json.loads(gonogo("check", "--format", "json", write(text)).stdout)
    assert shown["requests"][f"http {host}"] == 1
