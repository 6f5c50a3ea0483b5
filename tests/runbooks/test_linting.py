"""Lint: what a runbook's steps refer to, and everything at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.linting import lint
from runbooks.model import Problem
from runbooks.parsing import parse

HEAD = """\
# T

```toml runbook
roles = [{ name = "DBA", sections = ["Data"] }]
```

## Data

- [ ] first
  ```toml step
  id = "first"
  owner = "DBA"
  ```
"""


def linted(text: str) -> tuple[Problem, ...]:
    return lint(parse(text.encode(), Path("book.md")))


def step(*lines: str) -> str:
    return "- [ ] x\n  ```toml step\n" + "".join(f"  {x}\n" for x in lines) + "  ```\n"


def test_a_right_runbook_has_no_problem() -> None:
    declared = step(
        'needs = ["first"]',
        'owner = "DBA"',
        'probe = { use = "tcp", host = "h", port = 1, expect = { open = "present" } }',
    )
    assert linted(HEAD + declared) == ()


def test_needs_names_a_step_that_exists() -> None:
    (problem,) = linted(HEAD + step('needs = ["frist"]'))
    assert (problem.line, problem.column) == (16, 13)
    assert "no step has that id" in problem.problem
    assert problem.remedy == "did you mean 'first'?"


def test_a_step_cannot_need_itself() -> None:
    (problem,) = linted(HEAD + step('id = "x"', 'needs = ["x"]'))
    assert "needs itself" in problem.problem


SIGNED = (
    '- [ ] y\n  ```toml step\n  id = "db.dumps"\n  severity = "major"\n  ```\n'
    '- [ ] z\n  ```toml step\n  id = "db.later"\n  gate = "w1"\n  ```\n'
)


@pytest.mark.parametrize(
    "name", ["*", "db.*", "db.d*", "db.dumps", "Data", "data", "T", "t", "first"]
)
def test_covers_names_steps_and_sections(name: str) -> None:
    assert linted(HEAD + SIGNED + step(f'covers = ["{name}"]')) == ()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("dbb.*", "did you mean 'db.*'?"),
        ("db.dump", "did you mean 'db.dumps'?"),
        ("Date", "did you mean 'Data'?"),
        (
            "unheard-of",
            'write the title of a section, or how ids begin, as in covers = ["api.*"]',
        ),
    ],
)
def test_covers_names_nothing_unknown(name: str, remedy: str) -> None:
    (problem,) = linted(HEAD + SIGNED + step(f'covers = ["db.*", "{name}"]'))
    assert (
        problem.problem == f"covers names {name!r}, but no step or section is called so"
    )
    assert (problem.line, problem.column, problem.remedy) == (26, 22, remedy)


@pytest.mark.parametrize("names", ['"x"', '"db.later"', '"db.l*", "x"'])
def test_a_signature_stands_for_something(names: str) -> None:
    (problem,) = linted(HEAD + SIGNED + step('id = "x"', f"covers = [{names}]"))
    assert "no other step that counts at gate go" in problem.problem
    assert (problem.line, problem.column) == (27, 3)


def test_a_machine_signs_nothing() -> None:
    probed = (
        'probe = { use = "tcp", host = "h", port = 1, expect = { open = "present" } }'
    )
    (problem,) = linted(HEAD + SIGNED + step('covers = ["db.*"]', probed))
    assert "a machine decides it" in problem.problem
    assert problem.remedy == 'write level = "attest"'


def test_owner_is_a_declared_role() -> None:
    (problem,) = linted(HEAD + step('owner = "DBAs"'))
    assert problem.line == 16
    assert problem.remedy == "did you mean 'DBA'?"


def test_any_owner_will_do_where_no_roles_are_declared() -> None:
    assert linted(step('owner = "somebody"')) == ()


def test_a_role_answers_for_sections_that_exist() -> None:
    (problem,) = linted(HEAD.replace('"Data"', '"Date"'))
    assert (problem.line, problem.remedy) == (4, "did you mean 'Data'?")


def test_a_fact_that_no_profile_can_match() -> None:
    (number,) = linted(step("when = { platform = 3 }"))
    assert (number.line, number.warning) == (3, False)
    assert "3 is no word" in number.problem and 'platform = "…"' in number.remedy
    (empty,) = linted(step("when = { region = [] }"))
    assert "empty list" in empty.problem
    assert linted(step('when = { platform = "k3s", nodes = 3, big = true }')) == ()


def test_unknown_probe() -> None:
    (problem,) = linted(step('probe = { use = "htpp", expect = { status = 200 } }'))
    assert "htpp" in problem.problem
    assert "http" in problem.remedy


def test_a_yes_that_can_never_be_met() -> None:
    declared = step('probe = { use="tcp", host="h", port=1, expect={ open = true } }')
    (problem,) = linted(declared)
    assert "open names what is there" in problem.problem
    assert problem.remedy == 'write "present"'


def test_an_expectation_that_asserts_nothing() -> None:
    (problem,) = linted(step('probe = { use = "tcp", host = "h", port = 1 }'))
    assert "nothing is expected" in problem.problem


def compared(bound: str) -> tuple[Problem, ...]:
    """Lint a step that expects *bound* of how many keys one of its probes reads."""
    return linted(
        step(
            'probes = [{ use = "redis.info", as = "cache", '
            "expect = { answers = true } }, "
            f'{{ use = "http", url = "http://h/", expect = {{ size = "{bound}" }} }}]'
        )
    )


def test_a_reading_is_compared_with_one_that_somebody_reads() -> None:
    assert compared("<= [cache.used]") == ()
    for other in ("nonsense", "cache.nonsense", "cash.used"):
        (problem,) = compared(f"<= [{other}]")
        assert f"reads {other!r}" in problem.problem
        assert "[NAME.READING]" in problem.remedy


def test_a_reading_compared_with_itself_asserts_nothing() -> None:
    (problem,) = compared("<= 200 % of [size]")
    assert "compared with itself" in problem.problem


def test_a_machine_cannot_decide_without_a_probe() -> None:
    (problem,) = linted(step('level = "auto"'))
    assert (problem.line, problem.column) == (3, 3)
    (problem,) = linted(step('soak = { for = "1h" }'))
    assert "soak" in problem.problem


def test_a_command_that_decides_exists() -> None:
    (problem,) = linted(step('use = "command"'))
    assert "no command" in problem.problem
    assert linted(step('use = "command"') + "\n  ```sh\n  ls\n  ```\n") == ()


def test_same_id_twice() -> None:
    (problem,) = linted(HEAD + step('id = "first"'))
    assert (problem.line, problem.column) == (16, 3)
    assert "another step has the id 'first'" in problem.problem


def test_everything_comes_at_once_in_order() -> None:
    text = HEAD + step('severity = "hihg"', 'needs = ["no"]', 'ownr = "x"')
    problems = linted(text)
    assert [p.line for p in problems] == [16, 17, 18]
    assert str(problems[0]).startswith("book.md:16:3: ")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("```sh\nls\n", [1]),
        ("```", [1]),
        ("```\n\n\n", [1]),
        ("# T\n\n~~~~sh\nls\n~~~", [3]),
        ("- [ ] a\n  ```sh\n  ls\n\nend\n", [2]),
        ("> ```\n> a\n\nb\n\n- ```\n", [1, 6]),
        ("```sh\nls\n    ```\n", [1]),
        ("```sh\n```\n\n```sh\n\n```\n\n```sh\na\fb\x85c\n```", []),
        ("- [ ] a\n  ```sh\n  ls\n  ```\n> ```\n> a\n> ```\n- ```\n  ```\n", []),
    ],
)
def test_a_fence_that_nothing_closes(text: str, lines: list[int]) -> None:
    problems = linted(text)
    assert [problem.line for problem in problems] == lines
    assert all(p.warning and "closing fence" in p.remedy for p in problems)


def test_what_an_unclosed_fence_swallows_stays_code() -> None:
    runbook = parse(b"```sh\nls\n\n- [ ] a\n", Path("book.md"))
    assert [step.text for step in runbook.steps if not step.part] == []


def test_every_near_miss_says_what_to_write() -> None:
    path = Path(__file__).parents[1] / "golden" / "near-misses.md"
    near = [p for p in linted(path.read_text()) if "looks like a task" in p.problem]
    assert near
    assert all(problem.warning and problem.remedy for problem in near)


@pytest.mark.parametrize(
    ("lines", "problem", "remedy"),
    [
        (['use = "postgres.relaod"'], "no action is called", "did you mean"),
        (['use = "postgres.reload"', "pdi = 4"], "no parameter is called 'pdi'", ""),
        (['use = "postgres.cancel_query"', 'pid = "x"'], "pid: expected `int`", ""),
        (
            ['use = "postgres.reload"', "when = { platform = [] }"],
            "an empty list matches nothing",
            "take it out",
        ),
    ],
)
def test_actions_of_a_step_are_checked(
    lines: list[str], problem: str, remedy: str
) -> None:
    table = "".join(f"  {line}\n" for line in lines)
    (found,) = linted(f"{HEAD}  ```toml action\n{table}  ```\n")
    assert problem in found.problem and remedy in found.remedy
    assert found.line > 13


def test_an_action_may_be_for_one_platform_alone() -> None:
    table = '  use = "postgres.reload"\n  when = { platform = "compose" }\n'
    assert linted(f"{HEAD}  ```toml action\n{table}  ```\n") == ()
