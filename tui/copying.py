"""Copying text: to the terminal's clipboard, and to a file for those without one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runbooks.errors import StateError
from state.locations import open_file, runtime_dir

if TYPE_CHECKING:
    from textual.app import App


def copy(app: App[None], text: str) -> str:
    """Copy *text*; return a sentence that says where it is."""
    if not text:
        return "There is nothing to copy here."
    app.copy_to_clipboard(text)
    try:
        path = runtime_dir() / "copied.txt"
        handle = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except (OSError, StateError) as error:
        return f"Copied to the clipboard; not to a file: {error}"
    return f"Copied, also to {path}"
