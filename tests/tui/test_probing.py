"""The engine's probes: on opening, on an interval, when asked, and soaks."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbooks.asking import Reply
from runbooks.events import Kind
from runbooks.probes.file import FileProbe
from runbooks.results import Result
from runbooks.target import Target
from state.author import current
from state.run import Run
from state.standing import Standing
from state.verdict import effective
from tests.tui.engines import Desk
from tui import probing
from tui.opening import make_engine
from tui.told import Announced, Asks, Happened, Looking, Saved, Told

DOCUMENT = """# Drill

- [ ] The API answers
  ```toml step
  id = "api"
  probe = { use = "http", url = "${api.url}/health", expect = { status = 200 } }
  ```
- [ ] It is fast
  ```toml step
  id = "fast"
  probe = { use = "http", url = "${api.url}/fast", expect = { latency = "<= 5 s" } }
  ```
"""
SOAK = """# Drill

- [ ] It holds
  ```toml step
  id = "holds"
  soak = { for = "300ms", every = "100ms" }
  probe = { use = "http", url = "${api.url}/h", expect = { latency = "<= 5 s" } }
  ```
"""


@dataclass
class Api:
    url: str = ""
    status: int = 200
    asked: Counter[str] = field(default_factory=Counter)
    held: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.asked[self.path] += 1
            if self.path == "/held":
                api.held.wait(20)
            self.send_response(api.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    yield api
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    return tmp_path


def target(api: Api, every: str = "50ms", **more: object) -> Target:
    tables = {"api": {"url": api.url}, "probes": {"every": every}, **more}
    return Target("practice", path=Path("practice.toml"), tables=tables)


def opened(place: Path, document: str, profile: Target) -> Desk:
    """Open a run of a trusted document."""
    return Desk(place, document, profile, trusted=True)


def regressed(what: Told) -> bool:
    return isinstance(what, Announced) and what.message.startswith("Regressed")


def found(result: Result, step: str = ""):  # type: ignore[no-untyped-def]
    def matches(what: Told) -> bool:
        if not isinstance(what, Happened):
            return False
        event = what.event
        return (
            event.kind is Kind.PROBE_FINISHED
            and event.data["result"] == result
            and step in ("", event.step)
        )

    return matches


def test_what_passed_and_now_fails_is_announced_and_marked(
    place: Path, api: Api
) -> None:
    desk = opened(place, DOCUMENT, target(api))
    try:
        desk.wait(found(Result.PASS))
        desk.wait(found(Result.PASS))
        api.status = 503
        said = desk.wait(regressed)
        assert isinstance(said, Announced)
        assert said.message == "Regressed: The API answers: 503, not 200, was 200."
        state = desk.run.progress["api"]
        assert (state.passed, bool(state.regressed_at)) == ("200", True)
        api.status = 200
        desk.wait(found(Result.PASS, "api"))
        assert not desk.run.progress["api"].regressed_at
    finally:
        desk.engine.close()


def test_the_journal_keeps_news_only(place: Path, api: Api) -> None:
    desk = opened(place, DOCUMENT, target(api, every="20ms"))
    try:
        desk.wait(lambda _: api.asked["/health"] >= 8)
        looks = [e for e in desk.journal() if e["kind"] == "probe_finished"]
        assert len([e for e in looks if e["step"] == "api"]) == 1
    finally:
        desk.engine.close()


def test_one_screen_of_a_run_looks_and_the_other_shows_it(
    place: Path, api: Api
) -> None:
    desk = opened(place, DOCUMENT, target(api, every="60s"))
    try:
        desk.wait(found(Result.PASS))
        desk.wait(found(Result.PASS))
        second = Run.open(desk.run.directory, desk.runbook, current())
        before = api.asked.total()
        other = make_engine(desk.runbook, second, target(api), lambda _: None)
        other.start()
        try:
            desk.engine.probe(["api"])
            desk.wait(lambda w: isinstance(w, Announced))
            assert second.progress["api"].finding is not None
            assert api.asked.total() == before + 1
        finally:
            other.close()
    finally:
        desk.engine.close()


HOLDER = """
import sys
from pathlib import Path
from state.lock import try_lock
with try_lock(Path(sys.argv[1])) as ours:
    print(ours(), flush=True)
    input()
"""


def test_another_screen_looks_when_the_one_that_did_was_killed(
    place: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "TAKES_OVER", 0.05)
    desk = opened(place, DOCUMENT, target(api, every="60s"))
    try:
        desk.wait(found(Result.PASS, "fast"))
        desk.engine.close()
        words = [sys.executable, "-c", HOLDER, str(desk.run.directory / "probing")]
        with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "True\n"
            desk.reopen()
            desk.wait(lambda w: isinstance(w, Saved))
            assert not desk.engine.looks
            before = api.asked.total()
            holder.kill()
            desk.wait(lambda w: isinstance(w, Looking))
            desk.wait(lambda w: w == Looking(0))
            assert desk.engine.looks and api.asked.total() > before
    finally:
        desk.engine.close()


def test_nothing_is_looked_at_before_the_document_is_trusted(
    place: Path, api: Api
) -> None:
    desk = Desk(place, DOCUMENT, target(api))
    try:
        desk.engine.probe()
        question = desk.wait_for(Asks).question
        assert not api.asked
        desk.engine.answer(question.id, Reply(trust="all"))
        desk.wait(found(Result.PASS))
    finally:
        desk.engine.close()


def test_a_look_asked_for_says_how_often_it_asked(place: Path, api: Api) -> None:
    desk = opened(place, DOCUMENT, target(api, every="0s"))
    try:
        desk.wait(found(Result.PASS))
        desk.engine.probe(["api"])
        host = api.url.removeprefix("http://")
        said = f"Looked at 1 step. Requests: http {host} 1."
        desk.wait(lambda w: isinstance(w, Announced) and w.message == said)
    finally:
        desk.engine.close()


def test_a_look_that_waits_for_a_pass_under_way_says_so(place: Path, api: Api) -> None:
    document = DOCUMENT.replace("/fast", "/held")
    desk = opened(place, document, target(api, every="0s"))
    try:
        desk.wait(found(Result.PASS, "api"))
        desk.engine.probe(["api"])
        said = desk.wait_for(Announced)
        assert said.message == probing.WAITS and not said.news
        api.held.set()
        desk.wait(lambda w: isinstance(w, Announced) and "Looked at 1" in w.message)
    finally:
        api.held.set()
        desk.engine.close()


def test_a_soak_runs_beside_and_counts_only_when_it_has_held(
    place: Path, api: Api
) -> None:
    desk = opened(place, SOAK, target(api, every="0s"))
    try:
        desk.wait_event(Kind.SOAK_LOOKED)
        state, step = desk.run.progress["holds"], desk.runbook.step_by_id["holds"]
        assert state.soak is not None
        if state.soak.due:
            assert effective(step, state, datetime.now(UTC)) is Standing.RUNNING
        desk.wait(found(Result.PASS))
        state = desk.run.progress["holds"]
        assert state.finding and state.finding.reason == "held for 4 looks"
        assert state.soak and len(state.soak.trend) == 4 and not state.soak.due
        assert api.asked["/h"] == 4
        desk.engine.probe()
        desk.wait(lambda w: isinstance(w, Announced) and "0 steps" in w.message)
        assert api.asked["/h"] == 4
    finally:
        desk.engine.close()


def test_what_does_more_than_read_is_asked_about_each_time(
    place: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileProbe, "intrusive", "rings a bell")
    document = """# Drill

- [ ] The bell rings
  ```toml step
  id = "bell"
  probe = { use = "file", path = "/etc/passwd", expect = { exists = true } }
  ```
"""
    allowed = target(api, every="0s", intrusive={"steps": ["bell"]})
    desk = opened(place, document, allowed)
    try:
        desk.wait(found(Result.UNKNOWN))
        finding = desk.run.progress["bell"].finding
        assert finding and finding.reason == "not looked: it rings a bell"
        desk.engine.probe(["bell"])
        question = desk.wait_for(Asks).question
        assert question.confirm and question.reason == "looking rings a bell"
        desk.engine.answer(question.id, Reply())
        desk.wait(found(Result.PASS))
        desk.engine.probe()
        desk.wait(lambda w: isinstance(w, Announced) and "0 steps" in w.message)
        desk.engine.probe(["bell"])
        assert desk.wait_for(Asks).question.confirm
        finding = desk.run.progress["bell"].finding
        assert finding and finding.result is Result.PASS
    finally:
        desk.engine.close()


def test_without_leave_of_the_profile_nobody_is_even_asked(
    place: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileProbe, "intrusive", "rings a bell")
    document = (
        '- [ ] The bell\n  ```toml step\n  id = "bell"\n  probe = { use = "file", '
        'path = "/etc/passwd", expect = { exists = true } }\n  ```\n'
    )
    desk = opened(place, document, target(api, every="0s"))
    try:
        desk.engine.probe(["bell"])
        desk.wait(found(Result.UNKNOWN))
        finding = desk.run.progress["bell"].finding
        assert finding and 'add "bell" to steps under [intrusive]' in finding.evidence
    finally:
        desk.engine.close()
