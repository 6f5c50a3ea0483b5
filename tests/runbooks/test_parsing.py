"""What a document becomes: sections, steps, blocks, parts, rows, notices."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runbooks.errors import DocumentError
from runbooks.model import Runbook
from runbooks.parsing import MAX_BYTES, front_matter, parse, read
from runbooks.tables import Gate, Severity

PATH = Path("book.md")
SEED = Path(__file__).parents[1] / "golden" / "production-checklist.md"


def book(text: str | bytes) -> Runbook:
    data = text if isinstance(text, bytes) else text.encode()
    return parse(data, PATH)


def ids(runbook: Runbook) -> list[str]:
    return [step.id for step in runbook.steps]


def owners(text: str) -> list[str | None]:
    return [block.step for block in book(text).blocks]


SH = "```sh\nls\n```\n"


def test_the_customers_document() -> None:
    runbook = read(SEED)
    assert runbook.title == "Production Deployment Checklist"
    assert sum(step.part is None for step in runbook.steps) == 197
    assert sum(len(block.parts) for block in runbook.blocks) == 13
    assert runbook.problems == ()
    assert runbook.notices == ()
    first = runbook.steps[0]
    assert (first.id, first.line) == (
        "pre-deployment/infrastructure/kubernetes-cluster-or-docker-host-provisioned",
        8,
    )
    assert runbook.section_by_id[first.section].path == (
        "Production Deployment Checklist",
        "Pre-Deployment",
        "Infrastructure",
    )
    part = runbook.blocks[0].parts[1]
    assert (part.title, part.line) == ("Database connection", 299)
    assert part.text.startswith("kubectl exec -it transcript-api-xxx -- python")


def test_sections_follow_the_headings() -> None:
    runbook = book(
        "### Deep\n# A `x`\n##### B\nSet\next\n---\n# A x\n> # no\n\n- # no\n"
    )
    assert [(s.title, s.level, s.line) for s in runbook.sections] == [
        ("Deep", 3, 1),
        ("A x", 1, 2),
        ("B", 5, 3),
        ("Set ext", 2, 4),
        ("A x", 1, 7),
    ]
    assert [s.path[:-1] for s in runbook.sections] == [
        (),
        (),
        ("A x",),
        ("A x",),
        (),
    ]
    assert len({s.id for s in runbook.sections}) == 5
    assert runbook.title == "A x"


@pytest.mark.parametrize(
    ("text", "title"),
    [("## B\n# A\n", "A"), ("## B\n", "B"), ("- [ ] a\n", "book.md"), ("", "book.md")],
)
def test_title(text: str, title: str) -> None:
    assert book(text).title == title


def test_steps() -> None:
    runbook = book(
        "- [x] **a** [l](u) <pod-name> <br> &amp; ~~b~~ `c d`\n  on\n\n  Prose.\n"
        "  - plain\n  - [ ] deeper\n"
    )
    outer, inner = runbook.steps
    assert outer.text == "a l <pod-name> & b c d on"
    assert outer.checked and not inner.checked
    assert (outer.depth, inner.depth) == (0, 1)
    assert outer.details == "Prose.\n- plain"
    assert (outer.section, runbook.sections[0].level) == ("start", 0)
    assert [row.kind for row in runbook.rows] == ["section", "step", "step"]


def test_ids_survive_edits_elsewhere() -> None:
    assert ids(book("# T\n## S\n- [ ] a b\n- [ ] a b\n")) == ["s/a-b", "s/a-b-2"]
    assert ids(book("# Other title\n\nProse.\n## S\n- [ ] a b\n")) == ["s/a-b"]
    declared = "- [ ] x\n- [ ] y\n  ```toml step\n  id = 'x'\n  ```\n"
    assert ids(book(declared)) == ["x-2", "x"]
    assert ids(book("- [ ] дата ✓\n- [ ] ✓\n")) == ["дата", "step"]
    (long,) = ids(book("- [ ] " + "word " * 26_000))
    assert len(long) <= 60


def test_the_digest_tells_an_edit_from_a_move() -> None:
    def digest(text: str) -> str:
        return next(s.digest for s in book(text).steps if s.text == "a")

    plain = digest("# T\n- [ ] a\n")
    assert plain == digest("# T\nProse.\n\n- [ ] b\n- [x] a\n")
    with_block = digest("- [ ] a\n  ```sh\n  ls\n  ```\n")
    declared = digest("- [ ] a\n  ```toml step\n  owner = 'x'\n  ```\n")
    edited = digest("- [ ] a\n  ```sh\n  ls -l\n  ```\n")
    assert len({plain, with_block, declared, edited}) == 4


def test_a_block_belongs_to_the_item_that_holds_it() -> None:
    inside = "  ```sh\n  ls\n  ```\n"
    assert owners(f"- [ ] a\n{inside}- [ ] b\n") == ["a"]
    assert owners(f"- [ ] a\n  - [ ] b\n\n{inside}") == ["a"]
    assert owners(f"- [ ] a\n\n  Text.\n\n{inside}") == ["a"]


def test_a_block_after_a_list() -> None:
    assert owners(f"- [ ] a\n\n{SH}") == ["a"]
    assert owners(f"- [ ] a\n\nLike this:\n\n{SH}") == ["a"]
    assert owners(f"- [ ] a\n\nLike this.\n\n{SH}") == [None]
    assert owners(f"- [ ] a\n\nOne.\n\nTwo:\n\n{SH}") == [None]
    assert owners(f"- [ ] a\n- [ ] b\n\n{SH}") == [None]
    assert owners(f"- [ ] a\n- plain\n\n{SH}") == [None]
    both = "- [ ] Back up\n- [ ] Restart\n\n"
    assert owners(f"{both}To restart:\n\n{SH}") == ["restart"]
    assert owners(f"{both}Restart, then back up:\n\n{SH}") == [None]
    assert owners(f"{both}To go on:\n\n{SH}") == [None]
    assert owners(f"- [ ] a\n\n# H\n\n{SH}") == [None]


def test_rows_are_in_document_order() -> None:
    runbook = book(f"# T\n{SH}\n## S\n- [ ] a\n  ```sh\n  ls\n  ```\n- [ ] b\n\n{SH}")
    kinds = [(row.kind, row.id) for row in runbook.rows]
    assert kinds == [
        ("section", "t"),
        ("step", "ls"),
        ("section", "s"),
        ("step", "s/a"),
        ("part", "s/a/ls"),
        ("step", "s/b"),
        ("part", "s/ls"),
    ]


def test_a_part_is_a_step_only_where_no_task_is() -> None:
    runbook = book(
        "# T\n## C\nLook at the *log*:\n\n```sh\ntail x\n```\n\n"
        "```bash\n# Free\ndf\nfree\n```\n\n## S\n- [ ] a\n\nText\n\n```sh\nls\n```\n"
    )
    look, free, last, task = runbook.steps
    assert [s.text for s in runbook.steps] == ["Look at the log", "Free", "free", "a"]
    assert (look.gate, look.severity) == (Gate.OPS, Severity.MINOR)
    assert (look.part, look.line) == (look.id, 6)
    assert runbook.part_by_id[free.part or ""].text == "df"
    assert last.line == 12
    assert (task.gate, task.part) == (Gate.GO, None)
    assert runbook.counts.unchecked == 1


@pytest.mark.parametrize(
    ("language", "shell"),
    [("bash", "bash"), ("SH", "bash"), ("shell", "bash"), ("zsh", "zsh")],
)
def test_shells(language: str, shell: str) -> None:
    (block,) = book(f"```{language}\nls\n```\n").blocks
    assert (block.shell, block.language) == (shell, language)


def test_console_blocks_run_only_prompted_lines() -> None:
    for language in ("console", "shell-session", "bash"):
        (block,) = book(f"```{language}\n$ ls\nfile\n$ df\n```\n").blocks
        assert [(part.text, part.line) for part in block.parts] == [
            ("ls", 2),
            ("df", 4),
        ]


def test_other_blocks_do_not_run() -> None:
    assert book("```\nls\n```\n```python\nx\n```\n    ls\n").blocks == ()


def test_a_refused_block_names_the_line_of_the_document() -> None:
    (block,) = book("# T\n\n```sh\ntail -f x\nls\n```\n").blocks
    assert block.whole_refused.startswith("line 4 ")


NEAR = """\
-[ ] a
- \\[ ] b
- \\[ \\] c
☐ d
- [] e
- [ ]f
- [ ]

| q | r |
|---|---|
| [ ] s | t |

<!--
- [ ] u
-->

```
- [ ] v
[ ] && w
```

[ ] x

- [✓] y
"""


def test_near_misses_are_noticed_with_their_line() -> None:
    runbook = book(NEAR)
    assert runbook.steps == ()
    lines = [notice.line for notice in runbook.notices]
    assert lines == [1, 2, 3, 4, 5, 6, 7, 11, 14, 18, 22, 24]


def test_what_is_no_near_miss() -> None:
    text = "- [x](u)\n- [ ] a [ ] b\n- [x]: /u\n- `[ ]`\n\nUse [ ] or [x].\n\n    [x]\n"
    assert book(text).notices == ()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("---\ntitle: x\n---\n", 3),
        ("---\n# comment\ntitle: x\nlist:\n- a\n...\n", 6),
        ("---\n---\n", 0),
        ("---\n\ntitle: x\n---\n", 0),
        ("---\ntitle: x\n", 0),
        ("---\nSteps:\n- [ ] a\n---\n", 0),
        ("---\n# Title\nprose\n---\n", 0),
        (" ---\ntitle: x\n---\n", 0),
        ("----\ntitle: x\n----\n", 0),
    ],
)
def test_front_matter(text: str, lines: int) -> None:
    assert front_matter(text) == lines


def test_lines_stay_right_after_front_matter() -> None:
    assert book("---\na: b\n---\n- [ ] x\n").steps[0].line == 4


def test_bytes_that_are_not_utf8_are_shown_and_complained_of() -> None:
    runbook = book(b"# T\n\n- [ ] caf\xe9\n")
    assert runbook.steps[0].text == "caf\\xe9"
    (problem,) = runbook.problems
    assert (problem.line, problem.column, problem.warning) == (3, 10, True)


def test_too_deep_nesting_is_said() -> None:
    runbook = book("# T\n" + ">" * 300 + " - [ ] a\n")
    (problem,) = runbook.problems
    assert "levels deep" in problem.problem


def test_progress_and_cancel() -> None:
    told: list[float] = []

    def progress(share: float) -> bool:
        told.append(share)
        return len(told) == 3

    data = b"- [ ] a\n\ntext\n\n" * 10_000
    with pytest.raises(DocumentError, match="cancelled"):
        parse(data, PATH, progress=progress)
    assert 0 <= told[0] < told[1] < told[2] < 1


def test_read_with_its_sidecar(tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text("- [ ] a\n")
    assert read(path).steps[0].severity is Severity.MINOR
    (tmp_path / "book.gonogo.toml").write_text("[step.a]\nseverity = 'blocker'\n")
    assert read(path).steps[0].severity is Severity.BLOCKER


def test_what_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)) * 10)
    wide = tmp_path / "wide.md"
    wide.write_text("# T\n", "utf-16")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    large = tmp_path / "large.md"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for path, said in (
        (tmp_path / "missing.md", "no such file"),
        (tmp_path, "directory"),
        (binary, "binary"),
        (wide, "binary"),
        (pipe, "regular file"),
        (large, "larger than the 10 MiB that gonogo reads"),
        (tmp_path / ("x" * 300), "cannot be read"),
        (Path("nul\0"), "cannot be read"),
    ):
        with pytest.raises(DocumentError, match=said):
            read(path)


def test_the_largest_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "largest.md"
    line = b"word " * 20_000 + b"\n\n"
    path.write_bytes((line * (MAX_BYTES // len(line))).ljust(MAX_BYTES, b"\n"))
    assert read(path).steps == ()


def test_twenty_thousand_steps() -> None:
    runbook = book("".join(f"- [ ] item {n}\n" for n in range(20_000)))
    assert len(set(ids(runbook))) == 20_000
