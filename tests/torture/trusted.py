"""A document, its sidecar and a profile that are trusted, and what may be written."""

from __future__ import annotations

from pathlib import Path

from runbooks.errors import GonogoError
from runbooks.model import Runbook
from runbooks.parsing import read
from runbooks.target import load
from state.trust import TrustStore
from tests.torture.canaries import written

BOOK = """# Trusted

- [ ] Step

```bash
touch "$MARK"/old
```
"""
SIDECAR = '[step."Step"]\nowner = "ana"\n'
PROFILE = '[vars]\nMARK = "{mark}"\n'


class Trusted:
    """A document, its sidecar and a profile, as they are when they are trusted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.texts = {
            "book.md": BOOK,
            "book.gonogo.toml": SIDECAR,
            "gonogo.toml": PROFILE.format(mark=folder / "canaries"),
        }
        self.lay()
        self.store = TrustStore()
        self.store.trust(self.runbook)
        self.store.trust(self.texts["gonogo.toml"], folder / "gonogo.toml")

    def lay(self) -> None:
        for name, text in self.texts.items():
            written(self.folder / name, text.encode())

    @property
    def runbook(self) -> Runbook:
        return read(self.folder / "book.md")

    def holds(self) -> bool:
        """Whether all three are trusted, as they lie there now."""
        try:
            runbook = self.runbook
            target = load(None, runbook, self.store.covers_profile)
        except GonogoError:
            return False
        return self.store.covers(runbook) and target.untrusted is None
