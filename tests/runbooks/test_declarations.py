"""What documents declare: read strictly, all complaints at once, each with a place."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from runbooks.durations import seconds
from runbooks.model import Problem, Runbook
from runbooks.parsing import parse
from runbooks.tables import (
    ActionSpec,
    CommandClass,
    Gate,
    Level,
    ProbeSpec,
    Role,
    Severity,
    Soak,
)
from state.command_steps import decided_by

PATH = Path("book.md")


def book(text: str, sidecar: str | None = None) -> Runbook:
    return parse(text.encode(), PATH, sidecar.encode() if sidecar else None)


def step(*lines: str) -> Runbook:
    text = "".join(f"  {line}\n" for line in lines)
    return book(f"# T\n\n- [ ] x\n  ```toml step\n{text}  ```\n")


def fence(info: str) -> Runbook:
    return book(f"# T\n\n```{info}\nls\n```\n")


def places(problems: tuple[Problem, ...]) -> list[tuple[int, int]]:
    return [(problem.line, problem.column) for problem in problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("2m", 120), ("24h", 86400), ("14d", 1209600), ("1h30m", 5400)],
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "90", "s", "-1s", "1 h", "1y", "1" * 40 + "s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="write for example 90s"):
        seconds(text)


@pytest.mark.parametrize(
    ("soak", "said"),
    [
        ('for = "10s"', "every 30s for 10s is one look"),
        ('for = "10s", every = "0s"', "every 0s for 10s is one look"),
        ('for = "0s", every = "0s"', "every 0s for 0s is one look"),
        ('for = "10s", every = "5s", failures = 3', "3 of 3 looks asserts nothing"),
        ('for = "10s", every = "5s", failures = -1', "asserts nothing"),
    ],
)
def test_a_soak_that_looks_once_or_may_always_fail(soak: str, said: str) -> None:
    (problem,) = step(f"soak = {{ {soak} }}", 'use = "command"').problems
    assert (problem.line, problem.column) == (5, 3)
    assert said in problem.problem
    assert "write" in problem.remedy


def test_every_key_of_a_step() -> None:
    runbook = step(
        'id = "db.version"',
        'severity = "blocker"',
        'gate = "d1"',
        'owner = "DBA"',
        'level = "assist"',
        'note = "required"',
        'when = { platform = "kubernetes", gpu = ["nvidia", "amd"], big = true }',
        'needs = ["other"]',
        'probe = { use = "http", url = "u", expect = { status = 200 } }',
        'probes = [{ use = "tcp", port = 1 }]',
        'soak = { for = "10m", every = "5s", failures = 2 }',
        'fresh = "1h"',
        'repeat = "7d"',
        'hint = "h"',
        'fix = ["restart"]',
        'choose = ["a", "b"]',
        'use = "command"',
    )
    assert runbook.problems == ()
    (made,) = runbook.steps
    options = made.options
    assert made.id == "db.version"
    assert (made.severity, made.gate) == (Severity.BLOCKER, Gate.D1)
    assert (made.level, made.note_required) == (Level.ASSIST, True)
    assert options.when == {
        "platform": "kubernetes",
        "gpu": ["nvidia", "amd"],
        "big": True,
    }
    assert made.probes == (
        ProbeSpec("http", {"status": 200}, {"url": "u"}),
        ProbeSpec("tcp", {}, {"port": 1}),
    )
    assert options.soak == Soak("10m", "5s", 2)
    assert (options.fix, options.choose) == (("restart",), ("a", "b"))
    assert runbook.declares
    assert runbook.blocks == ()


def test_all_complaints_come_at_once_and_the_rest_counts() -> None:
    runbook = step(
        'sverity = "blocker"',
        'gate = "launch"',
        "owner = 3",
        'fresh = "soon"',
        'hint = "kept"',
        'probe = { usee = "http" }',
        'soak = { for = "1h", evry = "5s" }',
    )
    assert places(runbook.problems) == [
        (5, 3),
        (6, 3),
        (7, 3),
        (8, 3),
        (10, 3),
        (11, 24),
    ]
    said = [str(problem) for problem in runbook.problems]
    assert said[0] == ("book.md:5:3: unknown key 'sverity'; did you mean severity?")
    assert "none of go, d1, w1, m1, ops" in said[1]
    assert said[2].endswith("owner = 3 is not text in quotes; write text in quotes")
    assert "write for example 90s" in said[3]
    assert "has no 'use'" in said[4]
    assert "did you mean every?" in said[5]
    assert runbook.steps[0].options.hint == "kept"


def test_a_wrong_choice_is_corrected() -> None:
    (problem,) = step('severity = "blokcer"').problems
    assert problem.remedy == 'write "blocker"'


@pytest.mark.parametrize("text", ["id = ", 'id = "a"\nid = "b"', "[[[", 'x = "\x01"'])
def test_what_is_no_toml_is_one_complaint_with_its_line(text: str) -> None:
    runbook = step('severity = "major"', *text.split("\n"))
    (problem,) = runbook.problems
    assert "no valid TOML" in problem.problem
    assert 6 <= problem.line <= 8
    assert runbook.counts.unchecked == 1


def test_an_id_is_a_word() -> None:
    (problem,) = step('id = "two words"').problems
    assert "is no id" in problem.problem


def test_runbook_table() -> None:
    runbook = book(
        "# T\n\n```toml runbook\n"
        'id = "book"\ntarget = "prod"\ngates = ["go", "d1"]\n'
        "[vars]\nREGION = 'x'\n[guides]\napi = 'api-down'\n"
        '[[roles]]\nname = "DBA"\nsections = ["T"]\n'
        '[[roles]]\nname = "Boss"\nmay_waive_blockers = true\n```\n'
    )
    assert runbook.problems == ()
    assert (runbook.id, runbook.options.target) == ("book", "prod")
    assert runbook.options.roles == (Role("DBA", ("T",)), Role("Boss", (), True))
    assert runbook.options.vars == {"REGION": "x"}


def test_a_second_runbook_table_is_refused() -> None:
    table = "```toml runbook\nid = 'a'\n```\n\n"
    (problem,) = book(f"# T\n\n{table}{table}").problems
    assert problem.line == 7
    assert "line 3 already" in problem.problem


def test_actions() -> None:
    runbook = book(
        "- [ ] x\n  ```toml action\n  use = 'kubernetes.rollout_restart'\n"
        "  name = 'api'\n  undo = 'irreversible: none'\n  verify = ['y']\n  ```\n"
    )
    assert runbook.problems == ()
    (made,) = runbook.steps
    assert made.actions == (
        ActionSpec(
            "kubernetes.rollout_restart", {"name": "api"}, "irreversible: none", ("y",)
        ),
    )
    (problem,) = book("- [ ] x\n  ```toml action\n  name = 'api'\n  ```\n").problems
    assert problem.remedy == 'write use = "…"'


def test_a_step_table_may_follow_its_item_indented() -> None:
    runbook = book("1. [ ] a\n2. [ ] b\n\n  ```toml step\n  id = 'two'\n  ```\n")
    assert runbook.problems == ()
    assert [made.id for made in runbook.steps] == ["a", "two"]


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n```toml step\nid = 'a'\n```\n",
        "- [ ] x\n\n```toml step\nid = 'a'\n```\n",
        "- x\n  ```toml step\n  id = 'a'\n  ```\n",
    ],
)
def test_a_step_table_without_a_step(text: str) -> None:
    (problem,) = book(text).problems
    assert "belongs to no step" in problem.problem
    assert "indented" in problem.remedy


def test_a_second_step_table_of_one_step() -> None:
    table = "  ```toml step\n  hint = 'a'\n  ```\n"
    (problem,) = book(f"- [ ] x\n{table}{table}").problems
    assert problem.line == 5


def test_a_misspelt_table_is_noticed() -> None:
    (problem,) = book("- [ ] x\n  ```toml stpe\n  id = 'a'\n  ```\n").problems
    assert (problem.line, problem.remedy) == (2, "did you mean toml step?")
    assert book("```toml title='x'\na = 1\n```\n").problems == ()


@pytest.mark.parametrize(
    "annotation",
    [
        "{name=restart class=mutate undo='kubectl undo' timeout=120s interactive=true}",
        '{ name="restart" class=mutate undo="kubectl undo" timeout=120s'
        " interactive=true }",
        '{"name":"restart","class":"mutate","undo":"kubectl undo","timeout":"120s",'
        '"interactive":"true"}',
        '{"name":"restart","class":"mutate","undo":"kubectl undo","timeout":"120s",'
        '"interactive":true}',
    ],
)
def test_annotation_in_both_forms(annotation: str) -> None:
    runbook = fence(f"sh {annotation}")
    assert runbook.problems == ()
    (block,) = runbook.blocks
    options = block.options
    assert (options.name, options.class_) == ("restart", CommandClass.MUTATE)
    assert (options.undo, options.timeout) == ("kubectl undo", "120s")
    assert options.interactive is True
    assert (block.language, block.id, block.parts[0].id) == ("sh", "restart", "restart")
    assert list(runbook.counts.fences) == ["sh"]


def test_runmes_own_keys_and_other_tools_are_left_alone() -> None:
    runme = "{background=true mimeType=text/plain excludeFromRunAll=true tag=a id=01}"
    for annotation in (runme, "{1,3-5}", "{.numberLines #x}", "{}", "title=x"):
        runbook = fence(f"bash {annotation}")
        assert runbook.problems == ()
        assert runbook.blocks[0].options.name is None


@pytest.mark.parametrize(
    ("annotation", "column", "said"),
    [
        ("{nmae=x}", 10, "did you mean name?"),
        ("{interactive=maybe}", 10, "interactive"),
        ("{class=dangerous}", 10, "observe, mutate, destructive"),
        ("{timeout=long}", 10, "write for example 90s"),
        ("{name}", 10, "key=value"),
        ("{name=x", 9, "end it with }"),
        ('{"name":}', 9, "no valid JSON"),
        ("{name=a name=b}", 17, "set twice"),
    ],
)
def test_wrong_annotations(annotation: str, column: int, said: str) -> None:
    runbook = fence(f"bash {annotation}")
    (problem,) = runbook.problems
    assert said in f"{problem.problem}; {problem.remedy}"
    assert (problem.line, problem.column) == (3, column)
    assert len(runbook.blocks) == 1


def test_the_sidecar_declares_by_text_or_id_and_outranks_the_document() -> None:
    runbook = book(
        "# T\n## S\n- [ ] first `one`\n  ```toml step\n  owner = 'a'\n"
        "  severity = 'minor'\n  ```\n- [ ] second\n\n## C\n```sh\n# Look\nls\n```\n",
        '[runbook]\nid = "side"\n'
        '[step."first one"]\nseverity = "blocker"\n'
        '[step."s/second"]\nid = "two"\n'
        '[step.Look]\ngate = "go"\n'
        '[action."first one"]\nuse = "x.y"\n',
    )
    assert runbook.problems == ()
    first, second, look = runbook.steps
    assert (first.options.owner, first.severity) == ("a", Severity.BLOCKER)
    assert first.actions == (ActionSpec("x.y"),)
    assert (second.id, runbook.id) == ("two", "side")
    assert look.gate is Gate.GO
    assert {row.id for row in runbook.rows if row.kind == "step"} == {
        "s/first-one",
        "two",
        "c/look",
    }


def test_the_sidecar_is_part_of_the_digest() -> None:
    assert book("- [ ] a\n").digest != book("- [ ] a\n", "[runbook]\n").digest


def test_complaints_about_the_sidecar() -> None:
    runbook = book(
        "- [ ] one\n- [ ] twin\n- [ ] twin\n",
        "[step.one]\nownr = 'x'\n\n[step.noe]\nowner = 'x'\n\n"
        "[step.twin]\nowner = 'x'\n\n[steps]\na = 1\n",
    )
    assert {problem.path.name for problem in runbook.problems} == {"book.gonogo.toml"}
    assert places(runbook.problems) == [(2, 1), (4, 7), (7, 7), (10, 2)]
    said = [f"{problem.problem}; {problem.remedy}" for problem in runbook.problems]
    assert "did you mean owner?" in said[0]
    assert "did you mean one?" in said[1]
    assert "several steps" in said[2]
    assert "no table 'steps'" in said[3]


COMMANDS = """\
# T

```bash {name=restart}
systemctl restart shop
```

A word between.

```toml step
severity = "major"
probe = { use = "tcp", host = "shop", port = 80, expect = { open = true } }
```
```toml action
use = "docker.restart"
services = ["shop"]
```

```bash
date
```
"""


def test_where_commands_are_steps_a_table_is_about_the_command_above() -> None:
    runbook = book(COMMANDS)
    assert not runbook.problems
    restart, date = runbook.steps
    assert (restart.id, restart.part) == ("restart", "restart")
    assert restart.severity is Severity.MAJOR and len(restart.probes) == 1
    assert restart.gate is Gate.OPS
    (action,) = restart.actions
    assert action == ActionSpec("docker.restart", {"services": ["shop"]})
    assert not date.probes and not date.actions
    assert decided_by(runbook, "restart") == ("", 0), "the probe decides"
    assert decided_by(runbook, date.id) == (date.id, 1)


def test_a_table_is_about_one_command_and_only_where_commands_are_steps() -> None:
    (problem,) = book(COMMANDS.replace("restart shop", "restart shop\nls")).problems
    assert "holds 2 commands" in problem.problem and problem.line == 11
    problems = book(COMMANDS + "\n- [ ] a task\n").problems
    assert ["belongs to no step" in each.problem for each in problems] == [True, True]


def test_what_a_later_version_can_declare_besides_changes_no_digest() -> None:
    """Else every answer of every run would be stale after an upgrade."""
    text = (
        '- [ ] A\n  ```toml step\n  owner = "ana"\n  probe = { use = "tcp" }\n  ```\n'
    )
    (step,) = parse(text.encode(), Path("x.md")).steps
    said = '["A",{"owner":"ana","probe":{"use":"tcp"}},[],[]]'
    assert step.digest == sha256(said.encode()).hexdigest()
