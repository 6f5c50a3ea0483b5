"""What `gonogo show` prints: the JSON that docs/json.md promises, and text."""

from __future__ import annotations

import json
from pathlib import Path

BOOK = """\
# Title

- [x] done *before*
- [ ] open
  - [ ] inside

```bash
# Look
kubectl get pods
rm -rf /tmp/x
```

## Second

-[ ] near miss

```
text
```
"""


def test_json_has_all_that_is_promised(gonogo, write) -> None:
    path = write(BOOK)
    done = gonogo("show", path, "--format", "json")
    shown = json.loads(done.stdout)
    assert done.returncode == 0
    assert shown["version"] == 1
    assert shown["path"] == str(path)
    assert shown["title"] == "Title"
    assert shown["counts"] == {
        "headings": {"1": 1, "2": 1},
        "tasks": {"checked": 1, "unchecked": 2},
        "fences": {"bash": 1, "": 1},
    }
    assert [(s["title"], s["level"], s["line"]) for s in shown["sections"]] == [
        ("Title", 1, 1),
        ("Second", 2, 13),
    ]
    assert shown["sections"][1]["path"] == ["Title", "Second"]
    steps = [(s["text"], s["line"], s["checked"], s["depth"]) for s in shown["steps"]]
    assert steps == [
        ("done before", 3, True, 0),
        ("open", 4, False, 0),
        ("inside", 5, False, 1),
    ]
    assert {s["section"] for s in shown["steps"]} == {shown["sections"][0]["id"]}
    commands = [(c["text"], c["line"], c["class"]) for c in shown["commands"]]
    assert commands == [
        ("kubectl get pods", 9, "observe"),
        ("rm -rf /tmp/x", 10, "destructive"),
    ]
    assert [c["language"] for c in shown["commands"]] == ["bash", "bash"]
    assert len({c["block"] for c in shown["commands"]}) == 1
    assert [n["line"] for n in shown["notices"]] == [15]


def test_jsonl_goes_on_after_a_bad_file(gonogo, write, tmp_path: Path) -> None:
    first, last = write(BOOK, "a.md"), write("- [ ] b\n", "b.md")
    missing = tmp_path / "missing.md"
    done = gonogo("show", "--format", "jsonl", first, missing, last)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert [o["path"] for o in objects] == [str(first), str(missing), str(last)]
    assert "no such file" in objects[1]["error"]
    assert objects[2]["counts"]["tasks"] == {"checked": 0, "unchecked": 1}


def test_a_command_in_a_section_without_tasks_is_listed_once(gonogo, write) -> None:
    path = write("# Fix\n\n```sh\nls /\n```\n")
    shown = json.loads(gonogo("show", path, "--format", "json").stdout)
    assert shown["steps"] == []
    assert [command["text"] for command in shown["commands"]] == ["ls /"]


def test_text_lists_sections_steps_and_commands(gonogo, write) -> None:
    done = gonogo("show", write(BOOK))
    assert "3 task items, 2 commands" in done.stdout
    assert "[ticked in file] done before" in done.stdout
    assert "$ rm -rf /tmp/x" in done.stdout


def test_text_ends_with_what_is_nearly_a_task(gonogo, write) -> None:
    path = write(BOOK + "\n- [] another\n")
    done = gonogo("show", path)
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 0
    assert last.startswith(f"warning: {path}:15: looks like a task and is none")
    assert "(and 1 more line)" in last and f"gonogo lint {path}" in last


def test_an_unclosed_fence_is_mentioned(gonogo, write) -> None:
    path = write("# T\n\n- [ ] a\n\n```sh\nls\n")
    done = gonogo("show", path)
    assert done.returncode == 0
    assert f"warning: {path}:5:1: nothing closes the fence" in done.stdout
    shown = json.loads(gonogo("show", path, "--format", "json").stdout)
    assert [(p["line"], p["warning"]) for p in shown["problems"]] == [(5, True)]


def test_foreign_text_cannot_reach_the_terminal(gonogo, write) -> None:
    path = write("# T\x1b[2J\n\n- [ ] evil \x1b]0;title\x07 \u202etxt \x9b1m\n")
    for form in ("text", "json", "jsonl"):
        done = gonogo("show", path, "--format", form)
        assert not set("\x1b\x07\x9b\u202e") & set(done.stdout), form


def test_an_ascii_terminal_gets_escapes(gonogo, write) -> None:
    done = gonogo("show", write("- [ ] größe\n"), PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "gr\\xf6\\xdfe" in done.stdout


def test_without_a_terminal_the_runbook_is_printed(gonogo, write) -> None:
    done = gonogo(write(BOOK))
    assert done.returncode == 0
    assert "[ ] open" in done.stdout
    assert "warning: " in done.stdout.splitlines()[-1]
