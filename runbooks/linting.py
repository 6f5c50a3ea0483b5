"""Finds what is wrong with a runbook beyond what reading it tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from runbooks.facts import impossible
from runbooks.model import Problem, Runbook, Step
from runbooks.source import near
from runbooks.tables import Level


def lint(runbook: Runbook) -> tuple[Problem, ...]:
    """Return the problems of the document and of what its steps refer to.

    What looks like a task and is none is a warning.
    """
    problems = [*runbook.problems, *_near_misses(runbook), *_Lint(runbook).problems()]
    return tuple(sorted(problems, key=lambda each: (str(each.path), each.line)))


_COVERS = 'write the title of a section, or how ids begin, as in covers = ["api.*"]'


class _Lint:
    def __init__(self, runbook: Runbook) -> None:
        self._runbook = runbook
        self._lines = _lines(runbook.data)
        self._ends = {
            step.line: after.line
            for step, after in zip(runbook.steps, runbook.steps[1:], strict=False)
        }
        self._owned = {block.step for block in runbook.blocks if block.parts}

    def problems(self) -> Iterator[Problem]:
        yield from self._roles()
        for step in self._runbook.steps:
            yield from self._references(step)
            yield from self._covers(step)
            yield from self._facts(step)
            yield from self._probes(step)
            yield from self._actions(step)
            yield from self._level(step)

    def _roles(self) -> Iterator[Problem]:
        sections = self._runbook.sections
        known = [each.id for each in sections] + [each.title for each in sections]
        for role in self._runbook.options.roles:
            for name in role.sections:
                if name not in known:
                    problem = f"role {role.name!r} answers for {name!r}, no section"
                    remedy = _meant(name, known, "write the title of a section")
                    yield self._problem(1, len(self._lines), name, problem, remedy)

    def _references(self, step: Step) -> Iterator[Problem]:
        ids = self._runbook.step_by_id
        verified = (name for action in step.actions for name in action.verify)
        for key, names in (("needs", step.options.needs), ("verify", verified)):
            for name in names:
                if name not in ids:
                    problem = f"{key} names {name!r}, but no step has that id"
                    remedy = _meant(name, ids, "write the id of a step")
                    yield self._at(step, name, problem, remedy)
                elif name == step.id and key == "needs":
                    problem = f"{name!r} needs itself, so it can never begin"
                    yield self._at(step, key, problem, "take it out of needs")
        owner = step.options.owner
        roles = [role.name for role in self._runbook.options.roles]
        if owner and roles and owner not in roles:
            problem = f"no role is called {owner!r}"
            remedy = _meant(owner, roles, f"roles are {', '.join(roles)}")
            yield self._at(step, owner, problem, remedy)

    def _covers(self, step: Step) -> Iterator[Problem]:
        if not step.options.covers:
            return
        from runbooks.covering import called, covered

        for name in step.options.covers:
            if not called(self._runbook, name):
                problem = f"covers names {name!r}, but no step or section is called so"
                remedy = _meant(name, self._coverable(), _COVERS)
                yield self._at(step, name, problem, remedy)
        if not covered(self._runbook, step):
            problem = f"covers names no other step that counts at gate {step.gate}"
            yield self._at(step, "covers", problem, _COVERS)
        if step.level is not Level.ATTEST:
            problem = "covers makes a signature of the step, and a machine decides it"
            yield self._at(step, "covers", problem, 'write level = "attest"')

    def _coverable(self) -> Iterator[str]:
        for step in self._runbook.steps:
            yield step.id
            yield f"{step.id.rpartition('.')[0]}.*"
        for section in self._runbook.sections:
            yield from (section.id, section.title)

    def _facts(self, step: Step) -> Iterator[Problem]:
        for when in (step.options.when, *(action.when for action in step.actions)):
            for fact, why in impossible(when).items():
                remedy = f'write when = {{ {fact} = "…" }} or take it out'
                yield self._at(step, fact, f"when: {why}", remedy)

    def _probes(self, step: Step) -> Iterator[Problem]:
        if not step.probes:
            return
        from runbooks.probes import check, unread

        for spec in step.probes:
            for complaint in check(spec):
                problem, _, remedy = complaint.partition("; ")
                named = f"probe {spec.use!r}: {problem}"
                yield self._at(step, spec.use, named, remedy or "correct it")
            for name in unread(spec, step.probes):
                said = f"no probe of the step reads {name!r}, to compare with"
                remedy = "write [READING], or [NAME.READING] of a probe with as"
                yield self._at(step, spec.use, said, remedy)

    def _actions(self, step: Step) -> Iterator[Problem]:
        if not step.actions:
            return
        from runbooks.actions import check

        for spec in step.actions:
            for complaint in check(spec):
                problem, _, remedy = complaint.partition("; ")
                named = f"action {spec.use!r}: {problem}"
                yield self._at(step, spec.use, named, remedy or "correct it")

    def _level(self, step: Step) -> Iterator[Problem]:
        level = step.options.level
        if level in (Level.AUTO, Level.ASSIST) and not step.probes:
            by_command = step.options.use == "command"
            if not by_command:
                problem = f'level = "{level}", but no probe looks at the step'
                remedy = 'write a probe, or level = "attest"'
                yield self._at(step, "level", problem, remedy)
        if step.options.soak and not step.probes:
            problem = "soak waits for a probe, and the step has none"
            yield self._at(step, "soak", problem, "write a probe")
        if step.options.use == "command" and step.id not in self._owned:
            problem = 'use = "command", but no command belongs to the step'
            remedy = "put a shell block under the task item"
            yield self._at(step, "use", problem, remedy)

    def _at(self, step: Step, word: str, problem: str, remedy: str) -> Problem:
        end = self._ends.get(step.line, len(self._lines) + 1)
        return self._problem(step.line, end, word, problem, remedy)

    def _problem(
        self, start: int, end: int, word: str, problem: str, remedy: str
    ) -> Problem:
        """Return a complaint about *word*, where it stands from line *start* on."""
        line, column = start, 1
        pattern = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])")
        # What a step declares stands under its text, which may hold the word too.
        for number in range(start + 1, min(end, len(self._lines) + 1)):
            if match := pattern.search(self._lines[number - 1]):
                line, column = number, match.start() + 1
                break
        return Problem(self._runbook.path, line, column, problem, remedy)


def _near_misses(runbook: Runbook) -> Iterator[Problem]:
    for notice in runbook.notices:
        problem, _, remedy = notice.text.partition("; ")
        yield Problem(runbook.path, notice.line, 1, problem, remedy, warning=True)


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8-sig", "backslashreplace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _meant(word: str, known: Iterable[str], otherwise: str) -> str:
    meant = near(word, known)
    return f"did you mean {meant!r}?" if meant else otherwise
