"""Twenty ways in which a document may try to run something as soon as it is opened.

Each touches a file of its own name, its canary, when it runs.
"""

from __future__ import annotations

import random
from pathlib import Path

SHAPES = {
    "fenced command": "```bash\n{touch}\n```\n",
    "probe on open": (
        "- [ ] Looks {n}\n  ```toml step\n  [probe]\n  use = 'command'\n"
        "  class = 'observe'\n  command = '{touch}'\n  expect = {{ exit = 0 }}\n  ```\n"
    ),
    "front matter": "",
    "include": "{{{{#include {place}/include.md}}}}\n\n!include {place}/include.md\n",
    "symlink": "[see](link-{n}.md)\n\n!include link-{n}.md\n",
    "env file": "```bash {{env_file=canary.env}}\n. ./canary.env\n```\n",
    "variable": (
        "```toml step\n[vars]\nX = '$({touch})'\n```\n\n```bash\n"
        'echo "${{X:-$({touch})}}" <name-{n}>\n```\n'
    ),
    "link": "[run](shell:{touch}) <file://{place}/run.sh>\n",
    "image": "![x](shell:{touch}) ![y](|{touch})\n",
    "comment": "<!-- gonogo: run {touch} -->\n<!-- ```bash\n{touch}\n``` -->\n",
    "heading id": "## Heading {{#id onload='{touch}'}} $({touch}) `{touch}`\n",
    "list of tasks": "- [ ] `{touch}`\n- [x] $({touch})\n  ```bash\n  {touch}\n  ```\n",
    "auto run": (
        '```bash {{auto=true run=always class=observe name="a{n}"}}\n{touch}\n```\n'
    ),
    "code span": "Look at `{touch}` and `$({touch})` and ``!{touch}``.\n",
    "table cell": "| a | b |\n|---|---|\n| `{touch}` | $({touch}) |\n",
    "footnote": (
        "Words[^{n}].\n\n[^{n}]: `{touch}`\n\n    ```bash\n    {touch}\n    ```\n"
    ),
    "look-alike fence": "ˋˋˋbash\n{touch}\nˋˋˋ\n\n｀｀｀bash\n{touch}\n｀｀｀\n",
    "CRLF": "```bash\r\n{touch}\r\n```\r\n",
    "BOM": "\ufeff```bash\n{touch}\n```\n",
    "nested fence": (
        "````bash\n```bash\n{touch}\n```\n````\n\n> ```sh\n> {touch}\n> ```\n"
    ),
}
"""What the canary is in, to the text; ``{touch}`` is the command."""
FRONT = "---\nhooks:\n  open: {touch}\nrun: '$({touch})'\n---\n"
MORE = (
    "```toml runbook\ntarget = 'canary'\nvars = {{ X = '$({touch})' }}\n```\n",
    "- [ ] Fix {n}\n  ```toml step\n  fix = ['{touch}']\n  ```\n",
    "- [ ] Act {n}\n  ```toml action\n  use = 'practice.write'\n  to = '$({touch})'\n"
    "  undo = '{touch}'\n  ```\n",
    "Some words, *and* more.\n",
    "### Another part\n",
)


def write(name: str, place: Path, number: int = 0) -> str:
    """Return the text in which the canary *name* is, touching a file in *place*."""
    text = FRONT if name == "front matter" else SHAPES[name]
    canary = place / name.replace(" ", "-")
    return text.format(touch=f"touch {canary}", place=place, n=number)


def document(dice: random.Random, place: Path) -> bytes:
    """Return a document with some of them, in any order, nested or not."""
    names = dice.sample(sorted(SHAPES), dice.randint(1, len(SHAPES)))
    pieces = [write(n, place, i) for i, n in enumerate(names) if n != "front matter"]
    touch = f"touch {place / 'more'}"
    for i in range(dice.randint(0, 6)):
        pieces.append(dice.choice(MORE).format(touch=touch, n=100 + i))
    dice.shuffle(pieces)
    if dice.random() < 0.3:
        pieces = [_nested(piece, dice) for piece in pieces]
    text = "# Untrusted\n\n" + "\n".join(pieces)
    if "front matter" in names:
        text = write("front matter", place) + text
    if dice.random() < 0.1:
        text = text.replace("\n", "\r\n")
    return text.encode()


def surround(folder: Path, place: Path) -> None:
    """Lay beside a document what it may try to draw in: each runs something, too."""
    touch = f"touch {place / 'beside'}"
    (place / "include.md").write_text(f"```bash\n{touch}\n```\n")
    (folder / "canary.env").write_text(f"X=$({touch})\n")
    (folder / ".env").write_text(f"X=$({touch})\n")
    (folder / "gonogo.toml").write_text(
        f"[api]\nurl = 'http://127.0.0.1:9'\n[api.token]\ncommand = '{touch}'\n"
    )
    for number in range(len(SHAPES)):
        (folder / f"link-{number}.md").symlink_to(place / "include.md")


def _nested(piece: str, dice: random.Random) -> str:
    before = dice.choice(["> ", "  ", "- > ", ""])
    return "".join(before + line for line in piece.splitlines(keepends=True))


def sung(folder: Path) -> set[str]:
    return {path.name for path in (folder / "canaries").iterdir()} - {"include.md"}


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path
