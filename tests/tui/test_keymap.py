"""One table of keys: no key with two meanings, none that an arrow could press."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.errors import DocumentError
from tui.config import Config, read_config, save_theme
from tui.keymap import KEYS, SCREENS, bindings, clashes, keys_of, shown, unknown_ids
from tui.torn_arrows import TornArrows


def test_no_key_has_two_meanings_on_one_screen() -> None:
    assert clashes() == []


def test_a_clash_is_found() -> None:
    assert clashes({"step.fail": "space"}) == [
        "space would mean both step.pass and step.fail"
    ]
    assert clashes({"step.fail": "?"}) != [], "signs and long names are one key"


def test_every_group_is_on_a_screen_and_every_key_is_explained() -> None:
    assert set(KEYS) == {group for groups in SCREENS.values() for group in groups}
    assert all(key.help for screen in SCREENS for key in keys_of(screen))


@pytest.mark.parametrize("screen", ["runbook", "choose", "output", "help"])
def test_an_arrow_that_arrives_byte_by_byte_does_nothing(screen: str) -> None:
    """ESC, then ``[`` or ``O``, then a letter or a number and ``~``."""
    bound = {name for key in keys_of(screen) for name in key.keys.split(",")}
    assert not bound & {"left_square_bracket", "O", "tilde"}
    for sequence in ("[A", "[D", "OD", "[H"):
        torn = TornArrows(lambda: 0.0)
        assert not torn.swallow("escape")
        first = {"[": "left_square_bracket", "O": "O"}[sequence[0]]
        assert torn.swallow(first) and torn.swallow(sequence[1])
        assert not torn.swallow(sequence[1]), "a second one is meant"
    assert not bound & set("0123456789"), "digits only answer a choice"


def test_only_what_comes_at_once_is_torn() -> None:
    now = 0.0
    torn = TornArrows(lambda: now)
    torn.swallow("escape")
    now = 5.0
    assert not torn.swallow("left_square_bracket")
    assert not torn.swallow("D")
    torn.swallow("escape")
    assert torn.swallow("left_square_bracket")
    assert torn.swallow("3") and torn.swallow("tilde")
    assert not torn.swallow("D")


def test_enter_decides_nothing() -> None:
    for screen in ("runbook", "choose"):
        actions = {key.action for key in keys_of(screen) if "enter" in key.keys}
        assert actions == {"open"}


def test_bindings_carry_their_ids() -> None:
    ids = {binding.id for binding in bindings("runbook")}
    assert {"step.pass", "step.waive", "part.run", "command.stop"} <= ids


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("question_mark", "?"),
        ("?", "?"),
        ("ctrl+p", "Ctrl-P"),
        ("escape,n", "Esc"),
        ("N", "N"),
        ("shift+tab", "Shift-Tab"),
    ],
)
def test_keys_are_shown_as_people_write_them(keys: str, text: str) -> None:
    assert shown(keys) == text


def test_unknown_ids_are_named_with_the_nearest() -> None:
    assert unknown_ids(["step.pas"]) == [
        "no key is called 'step.pas'; did you mean 'step.pass'?"
    ]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_config(tmp_path / "none.toml") == Config()


def test_settings_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'theme = "nord"\nslow_link = true\nname = "ana"\n[keymap]\n"step.pass" = "y"\n'
        '"row.copy" = "Y"\n',
    )
    assert read_config(path) == Config(
        theme="nord",
        slow_link=True,
        name="ana",
        keymap={"step.pass": "y", "row.copy": "Y"},
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('\nthem = "nord"', r"config.toml:2:1: .*'them'; did you mean 'theme'\?"),
        ("zzz = 1", r"config.toml:1:1: .*theme, slow_link, name, roles and keymap"),
        ("theme = 3", "theme"),
        ("theme = ", "not valid TOML"),
        ('[keymap]\n"step.pas" = "y"', r"config.toml:2:1: .*'step.pass'"),
        ('[keymap]\n"step.fail" = "space"', "space would mean both"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(DocumentError, match=said):
        read_config(write(tmp_path, text))


def test_a_directory_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        read_config(tmp_path)


def test_the_theme_is_kept_with_comments(tmp_path: Path) -> None:
    path = write(tmp_path, '# mine\nname = "ana"  # me\n')
    save_theme("nord", path)
    assert "# mine" in path.read_text() and "# me" in path.read_text()
    assert read_config(path) == Config(theme="nord", name="ana")
