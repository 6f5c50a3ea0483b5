"""Tells which commands never end and which need a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runbooks.syntax import masked, tree
from runbooks.words import Simple, Word, simple_commands
from runbooks.wrappers import unwrapped

_FOLLOW = ("-f", "--follow")
_HELP = ("--help", "--version")
_KUBECTL_TAKES = "ncslo"
_DOCKER_TAKES = "fHpc"
_DOCKER_FLAGS = frozenset(
    {"--rm", "--tty", "--interactive", "--detach", "--init", "--privileged", "--no-TTY"}
)
_LOOP = re.compile(r"\b(?:while\s+(?:true|:|\[ 1 \])|until\s+false)\s*[;\n]")


@dataclass(frozen=True, slots=True)
class Nature:
    """What a command is like to run.

    Attributes:
        endless: it goes on until it is stopped, as ``tail -f`` does.
        interactive: it wants the terminal, as ``psql`` does.
        reason: a few words for the screen, or "".
    """

    endless: bool
    interactive: bool
    reason: str


def nature(text: str) -> Nature:
    """Return what *text* is like to run, by rule; the operator may know better."""
    root = tree(masked(text))
    endless = "it loops for ever" if _LOOP.search(text) else ""
    interactive = ""
    for simple in simple_commands(root):
        bare, limited = unwrapped(simple)
        endless = endless or ("" if limited else _endless(bare))
        interactive = interactive or _interactive(bare)
    return Nature(bool(endless), bool(interactive), interactive or endless)


def _endless(simple: Simple) -> str:
    rule = _ENDLESS.get(simple.name or "")
    if rule is None or _has(simple.values, *_HELP) or not rule(simple.values):
        return ""
    return f"`{_shown(simple)}` goes on until it is stopped"


def _interactive(simple: Simple) -> str:
    rule = _INTERACTIVE.get((simple.name or "").rsplit("/", 1)[-1])
    if rule is None or _has(simple.values, *_HELP) or not rule(simple):
        return ""
    return f"`{_shown(simple)}` needs a terminal"


def _shown(simple: Simple) -> str:
    """Name and first plain argument: what the operator knows the command by."""
    return " ".join([simple.name or "", *simple.values[:1]])[:40]


def _has(words: tuple[str, ...], *options: str) -> bool:
    """Whether one of *options* is among *words*, also as a letter of a cluster."""
    letters = {option[1] for option in options if len(option) == 2}
    for text in words:
        if text == "--":
            return False
        if text.split("=", 1)[0] in options and not text.endswith("=false"):
            return True
        if re.fullmatch(r"-[A-Za-z]+", text) and letters & set(text[1:]):
            return True
    return False


def _operands(words: tuple[str, ...], takes: str = "") -> list[str]:
    """Return what is no option; *takes* are the letters of options with a value."""
    found: list[str] = []
    skip = False
    for text in words:
        if skip:
            skip = False
        elif text.startswith("-") and len(text) > 1:
            skip = len(text) == 2 and text[1] in takes
        else:
            found.append(text)
    return found


def _kubectl_endless(words: tuple[str, ...]) -> bool:
    verb = next(iter(_operands(words, _KUBECTL_TAKES)), "")
    if verb in ("port-forward", "proxy"):
        return True
    if verb in ("logs", "log"):
        return _has(words, *_FOLLOW)
    return verb in ("get", "events") and _has(words, "-w", "--watch", "--watch-only")


def _docker_endless(words: tuple[str, ...]) -> bool:
    verbs = _operands(words, _DOCKER_TAKES)
    if verbs[:1] in (["compose"], ["container"], ["service"], ["system"]):
        del verbs[0]
    verb = verbs[0] if verbs else ""
    after = words[words.index(verb) + 1 :] if verb else ()
    if verb == "logs":
        return _has(after, *_FOLLOW)
    if verb == "up":
        return not _has(after, "-d", "--detach", "--wait", "--no-start")
    if verb == "stats":
        return not _has(after, "--no-stream")
    return verb == "watch" or (verb == "events" and not _has(after, "--until"))


def _no_count(words: tuple[str, ...]) -> bool:
    """Whether no option says after how many packets, or when, to stop."""
    return not any(re.match(r"-[A-Za-z]*[cw]\d*$", text) for text in words)


def _terminal(words: tuple[str, ...]) -> bool:
    return _has(words, "-t", "--tty") and _has(words, "-i", "--interactive", "--stdin")


def _kubectl_interactive(simple: Simple) -> bool:
    verb = next(iter(_operands(simple.values, _KUBECTL_TAKES)), "")
    asks = verb in ("exec", "run", "attach", "debug") and _terminal(simple.values)
    return asks or verb == "edit"


def _docker_interactive(simple: Simple) -> bool:
    verbs = _operands(simple.values, _DOCKER_TAKES)
    group = verbs.pop(0) if verbs[:1] in (["compose"], ["container"]) else ""
    verb = verbs[0] if verbs else ""
    if verb in ("exec", "run"):
        options, inner = _inner(simple, verb)
        # Compose gives its commands a terminal unless it is told not to.
        wants = group == "compose" and not _has(options, "-T", "--no-TTY")
        return _terminal(options) or (wants and bool(_interactive(inner)))
    answers = ("-p", "--password", "--password-stdin")
    return verb == "attach" or (verb == "login" and not _has(simple.values, *answers))


def _inner(simple: Simple, verb: str) -> tuple[tuple[str, ...], Simple]:
    """Return the options of `docker exec` or `run`, and the command that it runs."""
    words, values = simple.arguments, simple.values
    first = place = values.index(verb) + 1
    while place < len(values) and values[place].startswith("-"):
        option = values[place]
        takes = re.fullmatch(r"-[A-Za-z]*[euwvpnlhmc]|--[a-z-]+", option)
        place += 2 if takes and option not in _DOCKER_FLAGS else 1
    return values[first:place], Simple(words[place + 1 :], (), simple.has_input)


def _compose(simple: Simple) -> Simple:
    """Return `docker-compose …` as `docker compose …`, for the same rules."""
    name, *rest = simple.words
    return Simple((name, _COMPOSE, *rest), simple.assigned, simple.has_input)


def _prompts(*answers: str) -> Callable[[Simple], bool]:
    """A client that prompts unless it has input or one of the options *answers*."""
    return lambda simple: not simple.has_input and not _has(simple.values, *answers)


def _alone(takes: str = "", answers: tuple[str, ...] = ()) -> Callable[[Simple], bool]:
    """A program that prompts unless it has an argument or input."""

    def prompts(simple: Simple) -> bool:
        told = _has(simple.values, *answers) or _operands(simple.values, takes)
        return not simple.has_input and not told

    return prompts


def _always(_: Simple) -> bool:
    return True


def _ssh(simple: Simple) -> bool:
    rest = _operands(simple.values, "bcDEeFIiJLlmOopQRSWw")
    options = simple.values[: simple.values.index(rest[0])] if rest else simple.values
    if _has(options, "-t"):
        return True
    quiet = simple.has_input or _has(options, "-N", "-f", "-V", "-T", "-G", "-Q")
    return len(rest) < 2 and not quiet


def _git(simple: Simple) -> bool:
    words = simple.values
    verb = next(iter(_operands(words, "Cc")), "")
    if verb == "commit":
        quiet = ("-m", "--message", "-F", "--file", "-C", "--no-edit", "--fixup")
        return not _has(words, *quiet)
    asks = {"rebase": ("-i", "--interactive"), "add": ("-p", "-i", "--patch")}
    return verb in asks and _has(words, *asks[verb])


_REPL = _alone(answers=("-c", "-e", "-m", "-p", "-V", "--eval"))
_COMPOSE = Word("compose", "compose", "compose")

_ENDLESS: Mapping[str, Callable[[tuple[str, ...]], bool]] = {
    **dict.fromkeys(("kubectl", "oc"), _kubectl_endless),
    **dict.fromkeys(("docker", "podman"), _docker_endless),
    "docker-compose": _docker_endless,
    "journalctl": lambda words: _has(words, *_FOLLOW),
    "tail": lambda words: (
        _has(words, *_FOLLOW, "-F") or any(re.fullmatch(r"-\d+f", w) for w in words)
    ),
    "stern": lambda words: not _has(words, "--no-follow"),
    "watch": lambda words: True,
    "top": lambda words: not _has(words, "-b", "-n"),
    "ping": _no_count,
    "tcpdump": _no_count,
    "dmesg": lambda words: _has(words, "-w", "--follow", "-W", "--follow-new"),
    "vmstat": lambda words: len(_operands(words, "S")) == 1,
    "yes": lambda words: True,
}
"""Command name to the rule by which it never ends."""

_INTERACTIVE: Mapping[str, Callable[[Simple], bool]] = {
    **dict.fromkeys(("kubectl", "oc"), _kubectl_interactive),
    **dict.fromkeys(("docker", "podman"), _docker_interactive),
    "docker-compose": lambda simple: _docker_interactive(_compose(simple)),
    **dict.fromkeys(("vi", "vim", "nvim", "nano", "emacs", "visudo", "vipw"), _always),
    **dict.fromkeys(("htop", "btop", "nvtop", "k9s", "lazydocker", "man"), _always),
    **dict.fromkeys(("su", "passwd", "telnet", "ftp", "sftp"), _always),
    **dict.fromkeys(("tmux", "screen", "select"), _always),
    **dict.fromkeys(("less", "more"), _always),
    "read": lambda simple: not simple.has_input,
    "sudo": lambda simple: not _has(simple.values[:1], "-n", "--non-interactive"),
    "top": lambda simple: not _has(simple.values, "-b", "-n"),
    "psql": _prompts("-c", "--command", "-f", "--file", "-l", "--list"),
    **dict.fromkeys(("mysql", "mariadb"), _prompts("-e", "--execute")),
    "mongosh": _prompts("--eval", "-f", "--file"),
    "redis-cli": _alone("hpanus"),
    "sqlite3": lambda s: not s.has_input and len(_operands(s.values)) < 2,
    "ssh": _ssh,
    "git": _git,
    "crontab": lambda simple: _has(simple.values, "-e"),
    "openssl": lambda s: s.values[:1] == ("s_client",) and not s.has_input,
    **dict.fromkeys(("python", "python3", "ipython", "node", "irb"), _REPL),
    **dict.fromkeys(("bash", "sh", "zsh"), _REPL),
}
"""Command name to the rule by which it needs a terminal."""
