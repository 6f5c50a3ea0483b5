"""The shipped runbook: the customer's checklist, item by item, and what is added."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from runbooks import linting, parsing, probes, shell
from runbooks.classes import classify
from runbooks.model import Runbook
from runbooks.natures import nature
from runbooks.placeholders import find, unfillable
from runbooks.references import references
from runbooks.results import Result
from runbooks.runner import Runner
from runbooks.tables import CommandClass, Level, ProbeSpec
from runbooks.target import Target
from runbooks.wish import class_as_run

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "runbooks" / "documents" / "production-deployment.md"
IDS = Path(__file__).parents[1] / "data" / "checklist-ids.txt"
WITHOUT_NOTE = {
    *("dr.multi-region", "scaling.capacity-planning", "post24h.tuning"),
    *(f"signoff.{team}" for team in ("infrastructure", "security", "database")),
    *(f"signoff.{team}" for team in ("devops", "application", "product")),
    *("signoff.management", "validate.email"),
}
"""Steps that a person may answer with a name alone."""
LEAVINGS = (
    ("http", "/health/detailed$", "marker file"),
    ("http", "/ready$", "marker file"),
    ("http", r"/transcript\.[a-z]+$", "`events`"),
    ("http.exports", "", "`events`"),
    ("http.search", "", "suggestions"),
    ("http.submission", "", "`last_used_at`"),
)
"""Probe, address, and what its step has to say: reading alone is not all it does."""
CUSTOMERS = Path(__file__).parents[1] / "golden" / "production-checklist.md"


@pytest.fixture(scope="module")
def shipped() -> Runbook:
    return parsing.read(SHIPPED)


@pytest.fixture(scope="module")
def customers() -> Runbook:
    return parsing.read(CUSTOMERS)


def test_nothing_to_complain_about(shipped: Runbook) -> None:
    assert not shipped.problems
    assert not linting.lint(shipped)
    for step in shipped.steps:
        for spec in step.probes:
            assert probes.check(spec) == [], step.id


def test_ids_severities_gates_and_levels_in_the_customers_order(
    shipped: Runbook,
) -> None:
    tasks = [step for step in shipped.steps if step.part is None]
    assert len(tasks) == 197
    for step, line in zip(tasks, IDS.read_text().splitlines(), strict=True):
        assert [step.id, step.severity, step.gate, step.options.level] == line.split()


def test_each_bound_can_be_replaced_by_itself(shipped: Runbook) -> None:
    for step in shipped.steps:
        for one, two in combinations(step.probes, 2):
            both = one.expect.keys() & two.expect.keys()
            differ = [name for name in both if one.expect[name] != two.expect[name]]
            if differ and _both_look(one, two):
                assert one.called != two.called, f"{step.id}: as = … for {differ}"


def _both_look(one: ProbeSpec, two: ProbeSpec) -> bool:
    """Whether there is a profile for which both probes of a step look."""
    for fact in one.when.keys() & two.when.keys():
        wanted = [each.when[fact] for each in (one, two)]
        sets = [set(w) if isinstance(w, list) else {w} for w in wanted]
        if not sets[0] & sets[1]:
            return False
    return True


def test_people_are_asked_for_a_note_where_only_they_know(shipped: Runbook) -> None:
    for step in shipped.steps:
        if step.options.level is Level.ATTEST and step.id not in WITHOUT_NOTE:
            assert step.note_required, step.id


def test_what_looking_leaves_behind_is_said(shipped: Runbook) -> None:
    for step in shipped.steps:
        for spec in step.probes:
            where = " ".join(
                str(spec.parameters.get(name, "")) for name in ("url", "transcript")
            )
            for use, address, said in LEAVINGS:
                fits = spec.use.startswith(use) and re.search(address, where)
                assert not fits or said in str(step.options.hint), (step.id, said)


def test_items_and_sections_are_the_customers(
    shipped: Runbook, customers: Runbook
) -> None:
    assert [step.text for step in shipped.steps if not step.part] == [
        step.text for step in customers.steps if not step.part
    ]
    assert [section.path for section in shipped.sections] == [
        section.path for section in customers.sections
    ]
    assert shipped.counts.unchecked == customers.counts.unchecked == 197


def test_the_thirteen_quick_reference_commands(
    shipped: Runbook, customers: Runbook
) -> None:
    """Each in its place, by label where the customer's names a pod or a workload."""
    theirs = [part.text for block in customers.blocks for part in block.parts]
    ours = [(block, part) for block in shipped.blocks for part in block.parts]
    assert len(theirs) == len(ours) == 13
    for written, (block, part) in zip(theirs, ours, strict=True):
        program = written.split()[0]
        assert program in part.text, part.id
        assert "-xxx" not in part.text and "deployment/" not in part.text
        if program == "kubectl":
            assert '-l "${LABELS:-app=transcript-create,component}=' in part.text
        if program == "docker":
            assert "${PROJECT:-transcript-create}" in part.text
        said = class_as_run(block, part)
        only_looks = program == "curl" or " logs " in written
        assert (said.command_class is CommandClass.OBSERVE) == only_looks, part.id
        assert nature(part.text).endless == (" logs " in written), part.id


def test_quick_reference_commands_say_what_gonogo_has_instead(shipped: Runbook) -> None:
    kinds = [
        "action" if step.actions else "probe" if step.probes else "view"
        for step in shipped.steps
        if step.part
    ]
    assert kinds == [*["probe"] * 4, *["view"] * 4, "action", "probe", *["action"] * 3]
    for step in shipped.steps:
        verified = {name for action in step.actions for name in action.verify}
        assert not step.actions or verified, step.id


def test_each_fix_is_one_command_that_changes_something(shipped: Runbook) -> None:
    fixes = [(step.id, fix) for step in shipped.steps for fix in step.options.fix]
    assert len({id for id, _ in fixes}) > 140
    for id, fix in fixes:
        (part,) = shell.split(fix, "bash")
        assert part.text.strip() == fix, id
        assert classify(fix, None).command_class is not CommandClass.OBSERVE, (id, fix)
        # What is to be filled in is asked for, and nothing else is.
        asked = {placeholder.text for placeholder in find(fix)}
        assert asked == set(re.findall(r"<[^<>]+>", fix)), (id, fix)
        assert not unfillable(fix), (id, fix)


def test_no_fix_takes_a_secret_on_its_command_line(shipped: Runbook) -> None:
    secret = re.compile(r"<[^<>]*(password|secret|token|dsn|key)[^<>]*>", re.I)
    for step in shipped.steps:
        for fix in step.options.fix:
            assert not secret.search(fix), (step.id, fix)


def test_what_an_action_changes_is_looked_at_afterwards(shipped: Runbook) -> None:
    # Commands of the quick reference have no probe: another step looks for them.
    acting = [step for step in shipped.steps if step.actions and not step.part]
    assert len(acting) > 10
    for step in acting:
        for action in step.actions:
            assert step.id in action.verify, step.id


def test_every_item_has_an_owner_and_a_hint(shipped: Runbook) -> None:
    roles = {role.name for role in shipped.options.roles}
    assert len(roles) == 7
    for step in shipped.steps:
        if step.part is None:
            assert step.options.owner in roles, step.id
            assert step.options.hint and step.options.hint.endswith("."), step.id
            # A list that slipped into the text above it is declared nowhere.
            assert not re.search(r"(?m)= \[$", step.options.hint), step.id
    waiving = [role.name for role in shipped.options.roles if role.may_waive_blockers]
    assert waiving == ["Management"]


def test_every_section_with_items_has_exactly_one_role(shipped: Runbook) -> None:
    answered = [name for role in shipped.options.roles for name in role.sections]
    assert len(answered) == len(set(answered))
    used = {
        shipped.section_by_id[step.section].title
        for step in shipped.steps
        if step.part is None
    }
    assert set(answered) == used


def test_no_step_is_left_undecidable(shipped: Runbook) -> None:
    for step in shipped.steps:
        if not step.probes:
            assert step.level is Level.ATTEST, step.id
    assert sum(bool(step.probes) for step in shipped.steps) >= 15


def test_every_key_that_probes_need_is_named_in_the_introduction(
    shipped: Runbook,
) -> None:
    said = shipped.data.decode().partition("```toml runbook")[0]
    for step in shipped.steps:
        for spec in step.probes:
            names = references({**spec.parameters, "expect": dict(spec.expect)})
            for name in names:
                table, _, key = name.partition(".")
                assert f"`[{table}]`" in said and key in said, name


async def test_without_a_profile_all_probes_name_it_as_the_source(
    shipped: Runbook,
) -> None:
    steps = [step for step in shipped.steps if step.probes]
    found = {id: finding async for id, finding in Runner(Target("")).probe_all(steps)}
    assert len(found) == len(steps)
    for id, finding in found.items():
        assert finding.result is Result.UNKNOWN, id
        asks_first = finding.reason.startswith("not looked:")
        if asks_first or finding.source.endswith(" GPU"):  # that of this machine
            continue
        assert finding.source == "target profile", id
        assert finding.reason.startswith("no ["), id
