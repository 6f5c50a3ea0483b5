"""What is on disk is what is shown: replay, reopening and progress.toml agree."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from runbooks.errors import RefusedError
from runbooks.events import Kind
from runbooks.model import Runbook, Step
from runbooks.results import Finding, Judged, Reading, Result
from runbooks.tables import CommandClass, Level, ProbeSpec, Severity
from state import entries
from state.deciding import attach, decide, note, withdraw
from state.rendering import step_values
from state.replaying import replay
from state.run import Run
from state.standing import Answer
from tests.state.books import ANA, BEN, runbook, step

PROBE = ProbeSpec("http")
STEPS = (
    step("auto", level=Level.AUTO, probe=PROBE, severity=Severity.BLOCKER),
    step("assist", level=Level.ASSIST, probe=PROBE),
    step("attest", severity=Severity.BLOCKER),
    step("plain"),
    step("command", part="p1"),
)
BOOK = runbook(*STEPS)
EDITED = runbook(
    STEPS[1], STEPS[0], step("attest", "Other text"), STEPS[4], step("new")
)

texts = st.text(max_size=20)
steps = st.sampled_from(STEPS)
findings = st.builds(
    Finding,
    st.sampled_from(Result),
    texts,
    st.lists(
        st.builds(
            Judged,
            st.builds(
                Reading,
                texts,
                st.one_of(
                    texts, st.integers(-(2**53), 2**53), st.booleans(), st.none()
                ),
                texts,
            ),
            texts,
            st.sampled_from(Result),
            texts,
        ),
        max_size=2,
    ).map(tuple),
    texts,
    st.floats(0, 1e6),
    texts,
)


class Walk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.book: Runbook = BOOK
        self.run = Run.create(self.place, BOOK, "prod", ANA)
        self.number = 0

    def teardown(self) -> None:
        self.run.close()
        shutil.rmtree(self.place)

    @rule(one=steps, answer=st.sampled_from(Answer), words=texts)
    def decide(self, one: Step, answer: Answer, words: str) -> None:
        before = self.run.seq
        try:
            decide(self.run, one, answer, words)
        except RefusedError as refused:
            assert str(refused) and self.run.seq == before

    @rule(one=steps)
    def withdraw(self, one: Step) -> None:
        state = self.run.progress.get(one.id)
        stack = [*state.earlier, state.decision] if state and state.decision else []
        try:
            withdraw(self.run, one)
        except RefusedError:
            assert not stack
        else:
            left = stack[-2] if len(stack) > 1 else None
            assert self.run.progress[one.id].decision == left

    @rule(one=steps, finding=findings)
    def probe(self, one: Step, finding: Finding) -> None:
        data = entries.probe_finished(finding)
        self.run.record(Kind.PROBE_FINISHED, one.id, data)
        assert self.run.progress[one.id].finding == finding

    @rule(one=steps, words=texts)
    def note(self, one: Step, words: str) -> None:
        if words.strip():
            note(self.run, one.id, words)
            attach(self.run, one.id, "text", words)

    @rule(code=st.one_of(st.none(), st.integers(-15, 255)), finished=st.booleans())
    def command(self, code: int | None, finished: bool) -> None:
        self.number += 1
        name = str(self.number)
        asked = entries.command_requested(BOOK, "p1", name, "x", CommandClass.MUTATE)
        self.run.record(Kind.COMMAND_REQUESTED, "p1", asked)
        if finished:
            ending = "in doubt" if code is None else "exit"
            ended = entries.command_finished(name, code, ending, 1.0, {"k": name})
            self.run.record(Kind.COMMAND_FINISHED, "p1", ended)

    @rule(other=st.booleans())
    def reopen(self, other: bool) -> None:
        self.run.close()
        if other:
            self.book = EDITED if self.book is BOOK else BOOK
        self.run = Run.open(self.run.directory, self.book, BEN)
        assert self.run.notices == []

    @rule()
    def save(self) -> None:
        self.run.save()
        path = self.run.directory / "progress.toml"
        tables = tomllib.loads(path.read_text())["step"]
        for one in self.book.steps:
            expected = step_values(one, self.run.progress.get(one.id))
            assert tables[one.id] == expected

    @invariant()
    def replay_agrees(self) -> None:
        assert replay(self.run.directory) == self.run.state


Walk.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None
)
TestWalk = Walk.TestCase
