"""The table of keys: what each does, and on which screens it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a key does.

    Attributes:
        id: what the keymap in config.toml calls it.
        keys: Textual's names, separated by commas; the first one is shown.
        action: Textual's action of the screen or widget that binds the group.
        label: one or two words, for the footer; "" where the key is not told
            (movement keys that every pager has).
        help: what it does, one line, for help and palette.
        priority: works even while text is being typed.
    """

    id: str
    keys: str
    action: str
    label: str
    help: str = ""
    priority: bool = False


KEYS: Mapping[str, tuple[Key, ...]] = {
    "app": (
        Key("app.help", "question_mark", "help", "keys", "What the keys do here"),
        Key(
            "app.palette",
            "colon,ctrl+p",
            "command_palette",
            "palette",
            "Everything that has a key, by name",
        ),
        # Ctrl+Q is bound by Textual itself and cannot be remapped.
        Key(
            "app.quit",
            "q",
            "quit",
            "quit",
            "Leave; a running command goes on without the screen",
        ),
        Key(
            "app.suspend",
            "ctrl+z",
            "suspend_process",
            "",
            "To the shell for a while; fg comes back",
        ),
    ),
    "back": (
        Key("app.back", "escape", "back", "back", "Back; nothing is changed"),
        Key("app.help", "question_mark", "help", "keys", "What the keys do here"),
        Key("app.close", "q", "back", "", "Back to where you were"),
    ),
    "list": (
        Key("list.down", "down,j", "cursor_down", "", "Next row"),
        Key("list.up", "up,k", "cursor_up", "", "Row above"),
        Key("list.page_down", "pagedown", "page_down", "", "A page down"),
        Key("list.page_up", "pageup", "page_up", "", "A page up"),
        Key("list.first", "home,g", "first", "", "First row"),
        Key("list.last", "end,G", "last", "", "Last row"),
    ),
    "pager": (
        Key("pager.down", "down,j", "scroll_down", "", "A line down"),
        Key("pager.up", "up,k", "scroll_up", "", "A line up"),
        Key("pager.page_down", "pagedown,space", "page_down", "", "A page down"),
        Key("pager.page_up", "pageup", "page_up", "", "A page up"),
        Key("pager.first", "home,g", "scroll_home", "", "To the beginning"),
        Key("pager.last", "end,G", "scroll_end", "", "To the end"),
    ),
    "find": (
        Key("find.start", "slash", "find", "find", "Find text"),
        Key("find.next", "n", "find_next", "", "Next one found"),
        Key("find.previous", "N", "find_previous", "", "One found before"),
    ),
    "choose": (
        Key("choose.open", "enter", "open", "open", "Open this runbook or run"),
        Key("choose.find", "slash", "find", "filter", "Show only what holds a text"),
        Key("choose.all", "escape", "show_all", "", "Show everything again"),
    ),
    "runbook": (
        Key("row.open", "enter", "open", "open", "Open, close, look; decides nothing"),
        Key("app.back", "escape", "back", "", "Cancel; nothing is changed"),
        Key(
            "step.pass", "space", "decide('pass')", "pass", "Pass, or accept a proposal"
        ),
        Key("step.fail", "x", "decide('fail')", "fail", "Fail, with a note"),
        Key("step.skip", "s", "decide('skip')", "skip", "Skip: not now"),
        Key("step.na", "a", "decide('n/a')", "n/a", "N/a: does not exist here"),
        Key(
            "step.waive",
            "w",
            "decide('waive')",
            "waive",
            "Waive: known bad, accepted until a date",
        ),
        Key(
            "step.done",
            "h",
            "decide('done')",
            "by hand",
            "Done by hand, with evidence",
        ),
        Key("step.withdraw", "backspace", "withdraw", "", "Take back my last decision"),
        Key("step.note", "t", "note", "note", "Note on this step"),
        Key(
            "row.edit",
            "e",
            "edit",
            "evidence, edit",
            "Attach evidence to a step, edit a command before it runs",
        ),
        Key("part.run", "r", "run_part", "run", "Run this command, or do this action"),
        Key("step.fix", "F", "fix", "fix", "What can be done about this step"),
        Key(
            "part.run_interactive",
            "I",
            "run_interactive",
            "",
            "Run this command with the terminal, for one that asks for it",
        ),
        Key("block.run", "R", "run_block", "", "Run the whole block, part by part"),
        Key("command.stop", "full_stop", "stop", "stop", "Stop the running command"),
        Key("step.probe", "p", "probe", "probe", "Look at this step again"),
        Key("step.probe_all", "P", "probe_all", "", "Look at every step again"),
        Key("plan.show", "d", "plan", "", "Dry run: what would run, and what not"),
        Key(
            "target.set_up",
            "T",
            "set_up_target",
            "",
            "Set up the target: write its profile, or change it",
        ),
        Key(
            "rehearsal.faults",
            "X",
            "faults",
            "",
            "Faults of this rehearsal: inject or heal one",
        ),
        Key(
            "shell.open",
            "exclamation_mark",
            "shell",
            "",
            "A shell with what commands here have; it is recorded",
        ),
        Key(
            "change.arm", "D", "arm", "arm", "Arm for changes with a reason, or disarm"
        ),
        Key("change.longer", "A", "arm_longer", "", "Armed for half an hour more"),
        Key(
            "change.way_back", "u", "way_back", "rollback", "What was changed, and back"
        ),
        Key("change.loose_ends", "L", "loose_ends", "", "Changes left open on purpose"),
        Key(
            "run.changes",
            "B",
            "resumption",
            "",
            "What changed since the run was left",
        ),
        Key("list.blockers", "b", "blockers", "blockers", "Show what blocks"),
        Key("list.filter", "f", "filter", "filter", "Filter: open, mine, failing, all"),
        Key("list.mark", "v", "mark", "mark", "Mark, to answer many at once"),
        Key("output.show", "o", "outputs", "outputs", "Outputs of commands"),
        Key("output.full", "plus", "full_screen", "", "Output on the full screen"),
        Key(
            "section.previous",
            "left_curly_bracket",
            "section(-1)",
            "",
            "Section before",
        ),
        Key("section.next", "right_curly_bracket", "section(1)", "", "Next section"),
        Key("crew.show", "C", "crew", "", "Who is on, and who holds the lever"),
        Key("panel.next", "tab", "next_panel", "", "Next panel"),
        Key("row.copy", "y", "copy", "copy", "Copy, also to a file whose path shows"),
    ),
    "output": (
        Key("output.wrap", "w", "wrap", "wrap", "Break long lines, or not"),
        Key(
            "output.level",
            "l",
            "level",
            "level",
            "Of lines in JSON: all, warnings and errors, errors alone",
        ),
        Key("output.follow", "f", "follow", "follow", "Follow what comes, or stay"),
        Key("output.save", "s", "save", "save", "Save to a file"),
        Key("output.other", "o", "outputs", "outputs", "Outputs of commands"),
        Key("command.stop", "full_stop", "stop", "stop", "Stop the running command"),
        Key("row.copy", "y", "copy", "copy", "Copy, also to a file whose path shows"),
    ),
    "way-back": (
        Key(
            "way_back.undo",
            "enter",
            "undo",
            "take back",
            "Take this change back, or bring this release back",
        ),
        Key("way_back.mark", "v", "mark", "mark", "Mark, to take several back"),
        Key(
            "way_back.undo_all",
            "R",
            "undo_all",
            "all",
            "Take back all that is marked, or all of it, newest first",
        ),
        Key(
            "way_back.accept", "a", "accept", "leave", "Leave it as it is, for a reason"
        ),
    ),
    "resume": (
        Key("resume.choose", "enter", "choose", "go there", "To the step, or unfold"),
    ),
    "remedies": (
        Key("remedies.choose", "enter", "choose", "do it", "Do this; it asks first"),
    ),
    "loading": (Key("loading.cancel", "escape", "cancel", "cancel", "Stop reading"),),
    "leave": (
        Key("leave.leave", "y", "dismiss('')", "leave", "Leave; commands go on"),
        Key("leave.note", "t", "note", "note", "A line for the next one on shift"),
        Key("leave.stay", "escape,n", "dismiss(None)", "stay", "Stay here"),
    ),
    "crew": (
        Key("crew.take", "t", "take", "take", "Take the lever over"),
        Key("crew.give", "g", "give", "give up", "Give the lever up"),
        Key("crew.back", "escape,q", "dismiss(None)", "back", "Nothing is changed"),
    ),
    "faults": (
        Key(
            "faults.choose", "space", "choose", "inject, heal", "Inject it, or heal it"
        ),
        Key("faults.back", "escape,q", "dismiss(None)", "back", "Nothing is changed"),
    ),
    "question": (
        Key("question.cancel", "escape", "cancel", "cancel", "Nothing runs"),
        Key(
            "question.show",
            "f2",
            "show_secrets",
            "show",
            "Show what is hidden here, for ten seconds; the journal says so",
            priority=True,
        ),
        Key("question.page_down", "pagedown", "scroll_text(1)", "", "Read on"),
        Key("question.page_up", "pageup", "scroll_text(-1)", "", "Read back"),
        *(
            Key(
                f"question.choice_{digit}", str(digit), f"choose({digit})", "", "Choose"
            )
            for digit in range(1, 10)
        ),
    ),
}
"""Group to its keys."""

SCREENS: Mapping[str, tuple[str, ...]] = {
    "choose": ("choose", "list", "app"),
    "runbook": ("runbook", "find", "list", "app"),
    "output": ("output", "find", "pager", "back"),
    "help": ("pager", "back"),
    "loading": ("loading", "app"),
    "plan": ("pager", "back"),
    "way-back": ("way-back", "list", "back"),
    "resume": ("resume", "list", "back"),
    "remedies": ("remedies", "list", "back"),
    "leave": ("leave",),
    "crew": ("crew",),
    "faults": ("faults",),
    "question": ("question",),
}
"""Screen to the groups that work on it together."""
