"""What is loaded, seen from outside: start-up is a feature, and so is layering."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    *("textual", "rich", "click", "httpx", "tomlkit", "asyncio"),
    *("markdown_it", "tree_sitter", "tree_sitter_bash", "ahocorasick_rs"),
}
READING = {"markdown_it", "tree_sitter", "tree_sitter_bash"}

CHEAP = (
    ("runbooks.model", HEAVY),
    ("runbooks.parsing", HEAVY - {"markdown_it"}),
    ("runbooks.linting", HEAVY - {"markdown_it"}),
    ("runbooks.classes", HEAVY),
    ("runbooks.commands", HEAVY),
    ("runbooks.gate", HEAVY),
    ("runbooks.target", HEAVY),
    ("runbooks.runner", HEAVY - {"asyncio"}),
    ("runbooks.probes.http", HEAVY - {"asyncio"}),
    ("state.run", HEAVY),
    ("state.verdict", HEAVY),
    ("state.trust", HEAVY),
    ("tui.display", HEAVY),
    ("tui.engine", HEAVY - {"asyncio"}),
    ("tui.opening", HEAVY - {"asyncio"}),
    ("tui.cli.group", HEAVY - {"click"}),
    ("tui.cli.show", HEAVY - {"click"}),
)


def loaded(code: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter has after *code*."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize(("module", "heavy"), CHEAP)
def test_headless_modules_are_cheap(module: str, heavy: set[str]) -> None:
    assert not heavy & loaded(f"import {module}")


def test_show_loads_no_screen_and_no_client(tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text("# T\n\n- [ ] a\n\n```bash\nls\n```\n")
    shown = f"from tui.__main__ import main; main(['show', {str(path)!r}])"
    assert not (HEAVY - READING - {"click"}) & loaded(shown)


def test_a_runbook_alone_is_opened_without_click(tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text("# T\n\n- [ ] a\n")
    opened = f"from tui.__main__ import main; main([{str(path)!r}])"
    assert "click" not in loaded(opened)


@pytest.mark.parametrize("layer", ["runbooks", "state"])
def test_lower_layers_do_not_reach_up(layer: str) -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / layer).rglob("*.py"))
        if path.name not in ("__init__.py", "supervisor.py")  # that one is a script
    ]
    code = "\n".join(f"import {module}" for module in modules)
    above = {"runbooks": {"state", "tui"}, "state": {"tui"}}[layer]
    assert not (above | {"textual", "rich", "click"}) & loaded(code)


def test_nothing_is_imported_from_the_working_directory(tmp_path: Path) -> None:
    for name in ("click", "msgspec", "markdown_it", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hijacked')\n")
    (tmp_path / "book.md").write_text("- [ ] a\n")
    done = subprocess.run(
        [sys.executable, "-m", "tui", "show", "book.md"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    assert "hijacked" not in done.stdout + done.stderr
    assert done.returncode == 0
