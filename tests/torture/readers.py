"""Every file that gonogo reads, how it reads it, and an honest one to begin with."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from runbooks import env_file, kubeconfig
from runbooks.errors import DocumentError, GonogoError
from runbooks.linting import lint
from runbooks.model import Runbook
from runbooks.parsing import parse
from runbooks.target import parse as parse_profile
from state.identities import FILE, Identities
from state.reading import read as read_progress
from state.run import Run
from state.trust import TrustStore
from tests.state.books import ANA, runbook, step
from tests.torture.results import ROOT
from tui.config import read_config

BOOK = Path("book.md")


def _runbook(data: bytes, place: Path) -> None:
    _complete(parse(data, BOOK))


def _sidecar(data: bytes, place: Path) -> None:
    _complete(parse(b"# T\n\n- [ ] one\n- [ ] two\n", BOOK, data))


def _complete(found: Runbook) -> None:
    """Lint it as well; every complaint has a line and a remedy."""
    for each in [*found.problems, *lint(found)]:
        assert each.line >= 1 and each.problem and each.remedy, each


def _profile(data: bytes, place: Path) -> None:
    parse_profile(data, place / "profile.toml")


def _config(data: bytes, place: Path) -> None:
    file = place / "config.toml"
    file.write_bytes(data)
    read_config(file)


def _progress(data: bytes, place: Path) -> None:
    for tables_too in (False, True):
        found, _ = read_progress(data, tables_too)
        assert found.problem or found.seq >= 0


def _journal(data: bytes, place: Path) -> None:
    """Open the run whose journal it is."""
    copy = place / "run"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(place / "honest", copy)
    (copy / "journal.jsonl").write_bytes(data)
    run = Run.open(copy, STEPS, ANA)
    try:
        run.save()
    finally:
        run.close()


def _trust(data: bytes, place: Path) -> None:
    (place / "trust.json").write_bytes(data)
    (place / "trust.json").chmod(0o600)
    TrustStore(place).entries()


def _identities(data: bytes, place: Path) -> None:
    (place / FILE).write_bytes(data)
    Identities(place).expected("prod", "kubernetes")


def _kubeconfig(data: bytes, place: Path) -> None:
    (place / "kubeconfig").write_bytes(data)
    kubeconfig.contexts(place / "kubeconfig")


def _env_file(data: bytes, place: Path) -> None:
    (place / ".env").write_bytes(data)
    env_file.read(str(place / ".env"))


STEPS = runbook(*(step(f"s.{i}") for i in range(5)))
SIDECAR = b"""[runbook]
name = "x"
target = "prod"

[step."one"]
id = "a.one"
severity = "blocker"
probe = {use = "http", url = "https://a.test/", expect = {status = 200}}

[[step."two".probes]]
use = "tcp"
host = "a"
port = 1
expect = {answers = true}
"""
CONFIG = b"""theme = "nord"
slow_link = true
name = "Ana"
roles = ["ops", "db"]

[keymap]
"step.pass" = "space"
"""
TRUST = b'[{"digest": "a", "path": "/b", "at": "2026-01-01T00:00:00Z", "text": "x"}]'
KNOWN = b'{"prod": {"kubernetes": {"table": "kubernetes", "id": "u", "says": "c"}}}'
KUBECONFIG = b"""apiVersion: v1
clusters: [{name: here, cluster: {server: "https://a.test:6443"}}]
users: [{name: me, user: {token: made-up}}]
contexts:
- name: production
  context: {cluster: here, user: me, namespace: transcripts}
current-context: production
"""
ENV = b"A=1\nexport B='two'\nC=\"th${A}ree\"\n# comment\nD\n"


def books() -> bytes:
    text = (ROOT / "runbooks/documents/production-deployment.md").read_bytes()
    return text[: text.index(b"\n## ", 12_000)]


def rehearsed() -> bytes:
    template = (ROOT / "runbooks/rehearsal/profile.toml").read_bytes()
    return re.sub(rb"(?<= )\$\w+", b"1", template)


READERS: dict[
    str, tuple[Callable[[bytes, Path], None], Callable[[], bytes] | bytes]
] = {
    "runbook": (_runbook, books),
    "sidecar": (_sidecar, SIDECAR),
    "profile": (_profile, rehearsed),
    "config.toml": (_config, CONFIG),
    "progress.toml": (_progress, b""),
    "journal": (_journal, b""),
    "trust.json": (_trust, TRUST),
    "identities": (_identities, KNOWN),
    "kubeconfig": (_kubeconfig, KUBECONFIG),
    "env file": (_env_file, ENV),
}
SLOW = {"runbook": 16, "journal": 8, "kubeconfig": 20, "sidecar": 4}
"""How many times as long these take: they are read less often."""


def honest(name: str, place: Path) -> bytes:
    if name == "progress.toml":
        return (place / "honest/progress.toml").read_bytes()
    if name == "journal":
        return (place / "honest/journal.jsonl").read_bytes()
    data = READERS[name][1]
    return data if isinstance(data, bytes) else data()


def tried(name: str, data: bytes, place: Path) -> str:
    """Read it; return what is wrong with how that ended, or ""."""
    try:
        READERS[name][0](data, place)
    except GonogoError as error:
        said = str(error)
        if not said or "Traceback" in said or "Error" in said.split(":")[0]:
            return f"says {said!r}"
        if isinstance(error, DocumentError) and " TOML" in said and not error.line:
            return f"has no line: {said}"
    except OSError:
        return "" if name == "env file" else "an OSError"
    except Exception as error:
        return repr(error)[:150]
    return ""
