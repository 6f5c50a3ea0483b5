"""C18: what terminals obey, in all text from outside, reaches no terminal as it is."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from runbooks.events import Kind
from state.lines import decoded
from tests.data.hostile import SEQUENCES, hostile
from tests.torture.results import counted, result, rng, size
from tests.torture.surfaces import SCREENS, SURFACES, Texts
from tests.tui.terminals import ROOT, terminal
from tests.tui.test_every_screen import every_screen
from tui.display import UNSAFE, content, display_text, sgr_spans
from tui.modes import BEGIN

pytestmark = pytest.mark.timeout(900)

OURS = re.compile(
    rb"\x1b\[[0-9;]*[mH]|\x1b\[\?[0-9;]+(?:[hl]|\$p)|\x1b\[[<>=][0-9]*u"
    rb"|\x1b\]22;[a-z-]*\x07"
)
"""All that the screen sends besides text: styles, places, modes, kitty's keys, the
shape of the pointer."""
WIDE = (240, 60)
TOGETHER = 8
"""Texts that are on a surface at once."""
OWN_ALONE = {"HelpScreen", "TooSmallScreen", "Palette"}
"""Screens that show nothing from outside."""

SHOW = """
import sys
sys.argv[1:] = [{plan!r}, {home!r}]
from tests.torture.surfaces import main
sys.exit(main())
"""
NAIVE = """
import json, sys
from textual.app import App
from textual.content import Content
from textual.widgets import Input, Label, Static
texts = json.loads(open({plan!r}).read())

class Naive(App):
    CSS = ".box {{ border: round white; height: 3; }}"
    def compose(self):
        for text in texts:
            yield Label(text, markup=False)
            yield Input(text, compact=True)
            box = Static(text, markup=False, classes="box")
            box.border_title = Content(text)
            yield box
    def on_ready(self):
        for text in texts:
            self.notify(text, title=text, markup=False)
        self.set_timer(1, self.exit)

Naive().run(mouse=False)
"""
GONOGO = "import sys; from tui.__main__ import main; sys.exit(main({words!r}))"
BUG = """
import sys, tui.__main__
def stopped(words):
    raise ValueError({text!r})
tui.__main__._run = stopped
sys.exit(tui.__main__.main([]))
"""
ENV = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": None}


def grouped(texts: Sequence[str], together: int = TOGETHER) -> list[Texts]:
    return [list(texts[n : n + together]) for n in range(0, len(texts), together)]


def foreign(seen: bytes) -> set[str]:
    """Return what of *seen* is neither text nor what the screen sends itself."""
    text = OURS.sub(b"", seen.replace(BEGIN, b"", 1)).decode("utf-8", "replace")
    return others_in(text)


def others_in(text: str) -> set[str]:
    """Return what of *text* no terminal should get, with what comes after it."""
    found = UNSAFE.finditer(text)
    return {text[f.start() : f.start() + 12] for f in found if f[0] not in "\r\n"}


def shown(plan: dict[str, list[Texts]], home: Path) -> bytes:
    """Show all of it on a terminal; return every byte that it got."""
    listed = home / "plan.json"
    listed.write_text(json.dumps(plan))
    program = SHOW.format(plan=str(listed), home=str(home))
    with terminal(program, home, ENV, size=WIDE) as screen:
        assert screen.ended(800) == 0, screen.seen[-3000:].decode("utf-8", "replace")
    return screen.seen


def test_none_of_the_sequences_reaches_the_terminal_from_any_surface(
    tmp_path: Path,
) -> None:
    counted("hostile_sequences", len(SEQUENCES))
    counted("surfaces", len(SURFACES))
    names = list(SEQUENCES)
    names = rng("c18").sample(names, size(len(names), TOGETHER))
    hidden, leaked, others = [], [], set()
    for surface in SURFACES:
        made = [hostile(name, f"W{nth:03}") for nth, name in enumerate(names)]
        seen = shown({surface: grouped([text for text, _ in made])}, tmp_path)
        others |= foreign(seen)
        for nth, (name, (_, raw)) in enumerate(zip(names, made, strict=True)):
            if f"W{nth:03}".encode() not in seen:
                hidden.append((surface, name))
            if raw in seen:
                leaked.append((surface, name))
    assert not hidden, f"never shown, so nothing is proven: {hidden[:20]}"
    print(leaked[:20], sorted(others)[:20])
    result(
        "G16",
        "C18",
        f"{len(names)} sequences on {len(SURFACES)} surfaces of the screen, on a "
        "terminal",
        "0 raw",
        f"{len(leaked)} raw, {len(others)} other characters",
        not leaked and not others,
    )


def test_no_screen_is_forgotten() -> None:
    here = {name.replace(" ", "") for name in SCREENS}
    names = {cls.__name__ for cls in every_screen()} - OWN_ALONE
    words = {"Remedy": "remedies", "Runbook": "board"}
    kinds = {each.removesuffix("Screen") for each in names}
    assert {words.get(kind, kind.casefold()) for kind in kinds} <= here


def test_plain_widgets_of_textual_let_them_through(tmp_path: Path) -> None:
    names = rng("c18 naive").sample(list(SEQUENCES), size(len(SEQUENCES), 24))
    leaked = set()
    for some in grouped(names, 12):
        made = {
            name: hostile(name, f"N{number:02}") for number, name in enumerate(some)
        }
        listed = tmp_path / "texts.json"
        listed.write_text(json.dumps([text for text, _ in made.values()]))
        program = NAIVE.format(plan=str(listed))
        with terminal(program, tmp_path, size=(200, 90)) as screen:
            screen.ended(60)
        leaked |= {name for name, (_, raw) in made.items() if raw in screen.seen}
    result(
        "G16",
        "C18",
        "naive twin: Label, Input, border title and toast as Textual has them",
        "most of them raw",
        f"{len(leaked)} of {len(names)} raw",
        len(leaked) > 0.7 * len(names),
    )


def book(texts: Texts, output: Path) -> str:
    """Return a runbook with *texts* wherever a document has text."""
    flat = [" ".join(text.replace("\0", "").split("\r")) for text in texts]
    strings = [json.dumps(text) for text in flat]
    steps = "\n".join(
        f'- [ ] Step {number} {text}\n\n  ```toml step\n  id = "s{number}"\n'
        f"  hint = {strings[number]}\n  owner = {strings[number]}\n  ```\n"
        for number, text in enumerate(flat)
    )
    return (
        f"# Title {flat[0]}\n\n```toml runbook\n"
        f"vars = {{ FOREIGN = {strings[0]} }}\n```\n\n## Section {flat[1]}\n\n{steps}\n"
        '- [ ] Printed\n\n  ```toml step\n  id = "printed"\n  use = "command"\n'
        f"  ```\n\n  ```bash {{class=observe}}\n  cat '{output}'; exit 3\n  ```\n"
    )


class Plain:
    """gonogo without its screen, on a terminal, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.seen = b""
        self.runs = 0

    def __call__(self, *words: str, program: str = "", keys: bytes = b"") -> bytes:
        program = program or GONOGO.format(words=list(words))
        with terminal(program, self.home, ENV, size=WIDE) as shown:
            if keys:
                shown.type(keys)
            shown.ended(120)
        self.seen += shown.seen
        self.runs += 1
        return shown.seen


def test_none_reaches_a_plain_terminal_from_any_command(tmp_path: Path) -> None:
    names = list(SEQUENCES)
    dice = rng("c18 plain")
    names = dice.sample(names, size(len(names), 24))
    made = [hostile(name, f"P{nth:03}") for nth, name in enumerate(names)]
    texts = [text for text, _ in made]
    every = " ".join(texts).replace("\0", "")
    short = " ".join(texts[:4]).replace("\0", "").replace("/", "")
    output = tmp_path / "output"
    output.write_bytes("\n".join(texts).encode())
    path = tmp_path / f"{short}.md".encode()[:200].decode(errors="ignore")
    path = path.with_suffix(".md")
    path.write_text(book(texts, output), encoding="utf-8")
    broken = tmp_path / "broken.md"
    # TOML takes no control characters as they are: broken, and the message has them.
    broken.write_text(
        "# B\n\n- [ ] A\n\n  ```toml step\n"
        + "".join(f"  {json.dumps(text)} = {json.dumps(text)}\n" for text in texts)
        + f"  id = '{every}'\n  ```\n",
        encoding="utf-8",
    )
    for each in (path, broken):
        each.chmod(0o600)
    targets = tmp_path / ".config" / "gonogo" / "targets"
    targets.mkdir(parents=True)
    profile = targets / "odd.toml"
    profile.write_text(
        f"[facts]\nplatform = {json.dumps(every)}\n[postgres]\ndsn = "
        f"{json.dumps(every)}\n[{json.dumps(short)}]\nhost = {json.dumps(every)}\n"
    )
    profile.chmod(0o600)
    gonogo, name = Plain(tmp_path), str(path)
    shown = gonogo("show", name)
    gonogo("lint", str(broken), name)
    gonogo("trust", name, keys=b"n\n")
    gonogo("trust", "--yes", name)
    gonogo("check", name)
    gonogo("decide", name, "s0", "pass", "--note", every, "--evidence", every)
    services = f"services=[{json.dumps(every)}]"
    others = [
        ("show", "--format", "json", name),
        ("show", "--format", "jsonl", name, str(broken)),
        ("check", "--format", "json", name),
        ("check", "--format", "junit", name),
        ("check", "--format", "prometheus", name),
        ("check", str(broken)),
        ("plan", name),
        ("plan", "--format", "json", name),
        ("decide", name, every, "pass"),
        ("decide", name, "s1", "waive", "--note", every, "--until", every),
        ("status", name),
        ("status", "--format", "json", name),
        ("status", every),
        ("runs",),
        ("runs", "--format", "json"),
        ("verify", every),
        ("verify", name, "--anchor", every),
        ("trust", "--list"),
        ("trust", "--revoke", every),
        ("trust", str(profile)),
        ("target", "check", "odd", "--runbook", name),
        ("target", "check", every),
        ("probes", every, "url=x"),
        ("probes", "file", f"path={every}"),
        ("probes", "file", f"path={every}", "expect.exists=true"),
        ("act", every),
        ("act", "docker.restart", services, "--target", short),
        ("rehearse", "--fault", every),
        ("--target", every, name),
        (f"--{every}",),
        (every,),
    ]
    counted("plain_outputs", len(others) + 6)
    for words in dice.sample(others, size(len(others), 6)):
        gonogo(*words, keys=b"n\n")
    changed = path.read_text("utf-8") + f"\n```bash\necho '{every}'\n```\n"
    path.write_text(changed, "utf-8")
    gonogo("trust", name, keys=b"n\n")
    gonogo("target", "init", keys=b"odd\n\x04")
    gonogo(program=BUG.format(text=every))
    hidden = [nth for nth in range(len(names)) if f"P{nth:03}".encode() not in shown]
    assert not hidden, f"never shown: {[names[nth] for nth in hidden][:9]}"
    seen = gonogo.seen
    leaked = [n for n, (_, raw) in zip(names, made, strict=True) if raw in seen]
    # Only these does gonogo print itself: colours, and the bar that says how far it is.
    own = re.sub(rb"\x1b\[(?:[0-9;]*m|\?25[lh]|1A|2?K)", b"", seen)
    stray = others_in(own.decode("utf-8", "replace"))
    files = [*tmp_path.rglob("journal.jsonl"), *tmp_path.rglob("progress.toml")]
    files += tmp_path.rglob("*.log")
    assert len(files) >= 3
    # Beyond the first plane nothing is obeyed, and JSON and TOML escape it unlike.
    stored = {
        f"{file.name}: {each}"
        for file in files
        for each in others_in(file.read_text("utf-8"))
        if ord(each[0]) <= 0xFFFF
    }
    print(sorted(stored)[:20])
    print(leaked[:20], sorted(stray)[:20])
    result(
        "G16",
        "C18",
        f"{len(names)} sequences in {gonogo.runs} outputs of commands on a plain "
        "terminal, in journal, progress.toml and logs",
        "0 raw",
        f"{len(leaked)} raw, {len(stray)} other characters, {len(stored)} in files",
        not leaked and not stray and not stored,
    )
    journal = next(tmp_path.rglob("journal.jsonl")).read_bytes().splitlines()
    events = [event for line in journal if (event := decoded(line))]
    notes = [e.data.get("note") for e in events if e.kind is Kind.DECIDED]
    assert every in notes, "what was said is kept as it was said"


def anything(dice: random.Random) -> str:
    """Return a text of what is seldom, or worse."""
    pieces = []
    for _ in range(dice.randrange(1, 40)):
        match dice.randrange(5):
            case 0:
                pieces.append(chr(dice.randrange(0x110000)))
            case 1:
                pieces.append(chr(dice.randrange(0xA0)))
            case 2:
                pieces.append(
                    dice.choice("\x1b\x9b\x9d\x90\x07\n\r\t[];?0123456789mHJhl")
                )
            case 3:
                pieces.append(dice.choice(list(SEQUENCES.values())))
            case _:
                raw = bytes(dice.randrange(256) for _ in range(dice.randrange(8)))
                pieces.append(raw.decode("utf-8", "surrogateescape"))
    return "".join(pieces)


def test_nothing_random_gets_through(tmp_path: Path) -> None:
    dice, rounds, bad = rng("c18 random"), size(100_000, 3_000), 0
    some: Texts = []
    for number in range(rounds):
        text = anything(dice)
        made = [
            display_text(text),
            display_text(text, lines=True).replace("\n", ""),
            content(text).plain,
            *(shown for shown, _ in sgr_spans(text)[0]),
        ]
        bad += any(UNSAFE.search(each) for each in made)
        if number % (rounds // size(400, 16)) == 0:
            some.append(text.encode("utf-8", "replace").decode()[:120])
    seen = shown(
        {name: grouped(some) for name in ("text", "board", "toasts")}, tmp_path
    )
    others = foreign(seen)
    print(sorted(others)[:20])
    result(
        "G16",
        "C18",
        f"{rounds} random texts through the function, {len(some)} on the screen",
        "0 raw",
        f"{bad} raw, {len(others)} characters on the terminal",
        not bad and not others,
    )
