"""One class for a command everywhere: that of the text which will run."""

from __future__ import annotations

import json
from pathlib import Path

from runbooks.inventory import inventory
from runbooks.parsing import parse
from runbooks.tables import CommandClass
from runbooks.wish import Wish, class_as_run
from tui.cli.json_text import chunks
from tui.widgets.wording import class_sentence

TEXT = "# A\n\n```bash\nkubectl logs <pod-name>\ntouch seen\n```\n"


def test_placeholders_are_filled_in_first() -> None:
    runbook = parse(TEXT.encode(), Path("a.md"))
    (block,) = runbook.blocks
    classes = [class_as_run(block, part).command_class for part in block.parts]
    assert classes == [CommandClass.OBSERVE, CommandClass.MUTATE]
    for part in block.parts:
        wish = Wish(block, (part,), (part.text,))
        assert class_as_run(block, part) == wish.classified(())


def test_what_lists_commands_agrees() -> None:
    runbook = parse(TEXT.encode(), Path("a.md"))
    listed = [line for line in inventory(runbook) if line.startswith("command")]
    assert [line.split("[")[1].split("]")[0] for line in listed] == [
        "observe",
        "mutate",
    ]
    shown = json.loads("".join(chunks(runbook)))["commands"]
    assert [command["class"] for command in shown] == ["observe", "mutate"]


def test_a_class_and_its_reason_read_as_a_sentence() -> None:
    runbook = parse(TEXT.encode(), Path("a.md"))
    (block,) = runbook.blocks
    sentences = []
    for part in block.parts:
        said = class_as_run(block, part)
        sentences.append(class_sentence(said.command_class, said.inferred, said.reason))
    assert sentences == [
        "looks only: `kubectl` only reads (inferred)",
        "changes things: `touch seen` is not on the read-only list (inferred)",
    ]
    declared = class_sentence(CommandClass.MUTATE, False, "declared")
    assert declared == "changes things (declared)"
