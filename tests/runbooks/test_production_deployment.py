"""The shipped runbook: the customer's checklist, item by item, and what is added."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks import linting, parsing, probes
from runbooks.model import Runbook
from runbooks.references import references
from runbooks.results import Result
from runbooks.runner import Runner
from runbooks.tables import CommandClass, Level
from runbooks.target import Target

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "runbooks" / "documents" / "production-deployment.md"
IDS = Path(__file__).parents[1] / "data" / "checklist-ids.txt"
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


def test_ids_severities_and_gates_in_the_customers_order(shipped: Runbook) -> None:
    tasks = [step for step in shipped.steps if step.part is None]
    found = [f"{step.id} {step.severity} {step.gate}" for step in tasks]
    assert found == IDS.read_text().split("\n")[:-1]
    assert len(found) == 197


def test_items_and_sections_are_the_customers(
    shipped: Runbook, customers: Runbook
) -> None:
    assert [step.text for step in shipped.steps] == [
        step.text for step in customers.steps
    ]
    assert [section.path for section in shipped.sections] == [
        section.path for section in customers.sections
    ]
    assert shipped.counts.unchecked == customers.counts.unchecked == 197


def test_the_thirteen_quick_reference_commands(
    shipped: Runbook, customers: Runbook
) -> None:
    def commands(runbook: Runbook) -> list[str]:
        return [part.text for block in runbook.blocks for part in block.parts]

    assert len(commands(shipped)) == 13
    assert commands(shipped) == commands(customers)
    assert [block.options.class_ for block in shipped.blocks] == [
        CommandClass.OBSERVE,
        CommandClass.OBSERVE,
        CommandClass.MUTATE,
        CommandClass.MUTATE,
    ]


def test_every_item_has_an_owner_and_a_hint(shipped: Runbook) -> None:
    roles = {role.name for role in shipped.options.roles}
    assert len(roles) == 7
    for step in shipped.steps:
        if step.part is None:
            assert step.options.owner in roles, step.id
            assert step.options.hint and step.options.hint.endswith("."), step.id
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
