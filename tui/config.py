"""The operator's own settings: ``~/.config/gonogo/config.toml``, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from runbooks.errors import DocumentError
from state.locations import config_home
from tui.keymap import clashes, unknown_ids


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator set.

    Attributes:
        theme: one of Textual's themes or ours, chosen in the palette.
        slow_link: few frames and 256 colours, for a line that is slow.
        name: who decides, where several people share one Unix user.
        roles: those in which the operator acts; steps of these owners are "mine".
        keymap: id of a key to its keys, ``"step.pass" = "space"``.
    """

    theme: str = ""
    slow_link: bool = False
    name: str = ""
    roles: tuple[str, ...] = ()
    keymap: Mapping[str, str] = {}


def config_path() -> Path:
    return config_home() / "config.toml"


def read_config(path: Path | None = None) -> Config:
    """Return the settings; the defaults when there is no such file.

    Raises:
        DocumentError: the file cannot be read or says something unknown; the
            message names everything that is wrong with it.
    """
    path = path or config_path()
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise DocumentError(path, f"cannot be read: {reason}.") from error
    # Most operators have no such file.
    from difflib import get_close_matches

    from runbooks.source import loads, misread

    try:
        data = loads(text)
        known = Config.__struct_fields__
        for name in data:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else _list(known)
                problem = f"there is no setting {name!r}; {hint}"
                raise DocumentError(path, problem, *_place(text, name))
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise DocumentError(path, f"{error}.") from error
    except (ValueError, RecursionError) as error:
        said, line, column = misread(error, text)
        raise DocumentError(
            path, f"is not valid TOML: {said}.", line, column
        ) from error
    if complaints := [*unknown_ids(config.keymap), *clashes(config.keymap)]:
        name = next((n for n in config.keymap if n in complaints[0]), "keymap")
        raise DocumentError(path, "; ".join(complaints) + ".", *_place(text, name))
    return config


def save_theme(theme: str, path: Path | None = None) -> None:
    """Keep *theme* in the file; everything else in it, comments too, stays.

    Raises:
        StateError: it could not be written.
    """
    import tomlkit

    from state.locations import private_directory, replace_file

    path = path or config_path()
    private_directory(path.parent)
    document = tomlkit.parse(path.read_text("utf-8") if path.exists() else "")
    document["theme"] = theme
    replace_file(path, tomlkit.dumps(document).encode())


def _list(names: tuple[str, ...]) -> str:
    return f"there are {', '.join(names[:-1])} and {names[-1]}"


def _place(text: str, name: str) -> tuple[int, int]:
    """Return line and column, from 1, where *name* is set; 0 where it is not seen."""
    pattern = re.compile(rf'^\s*\[?\s*(["\']?{re.escape(name)}\b)')
    for number, line in enumerate(text.splitlines(), 1):
        if found := pattern.match(line):
            return number, found.start(1) + 1
    return 0, 0
