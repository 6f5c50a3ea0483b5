"""References to secrets: where a value is kept, and fetching it when it is used."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from runbooks.errors import ProbeError
from runbooks.redaction import SHORTEST

KINDS = ("env", "file", "command")
COMMAND_LIMIT = 10.0
"""Seconds that a command may take to print a secret."""
FILE_LIMIT = 64 * 1024
"""Bytes: a larger file is no secret."""

_SECRET_NAME = re.compile(
    r"(?:^|[_-])(password|passwd|token|secret|api_?key|secret_?key|access_?key"
    r"|private_?key)$",
    re.IGNORECASE,
)
_PASSWORD_IN_URL = re.compile(
    r"^[a-z][a-z0-9+.-]*://[^/@:\s]*:[^/@\s]+@", re.IGNORECASE
)
_PASSWORD_IN_WORDS = re.compile(r"(?:^|[\s?&])password\s*=\s*[^\s&]", re.IGNORECASE)
"""Of libpq's ``host=… password=…``, and of a URL's query."""


class TooShort(ProbeError):
    """A secret that would be found in ordinary words, so that nobody can hide it."""

    def __init__(self, kind: str, where: str) -> None:
        super().__init__(
            f"the secret from {kind} {where!r} has fewer than {SHORTEST} characters, "
            "and cannot be hidden",
            source="secrets",
            stage="configuration",
        )
        self.add_note(f"Set one of {SHORTEST} characters or more there, and in use")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is kept; the value itself is never held.

    Attributes:
        kind: ``env``, ``file`` or ``command``.
        where: name of the variable, path of the file, or a bash command line.
    """

    kind: str
    where: str

    def value(self) -> str:
        """Fetch the value, without the line end that files and commands add.

        Blocks for at most `COMMAND_LIMIT` seconds.

        Raises:
            ProbeError: it is not there or empty. The message never holds it.
        """
        value = getattr(self, f"_from_{self.kind}")().rstrip("\r\n")
        if not value:
            raise self._missing("is empty")
        if len(value) < SHORTEST:
            raise TooShort(self.kind, self.where)
        return str(value)

    def _from_env(self) -> str:
        if self.where not in os.environ:
            raise self._missing("is not set")
        return os.environ[self.where]

    def _from_file(self) -> str:
        try:
            with Path(self.where).expanduser().open("rb") as file:
                return file.read(FILE_LIMIT).decode("utf-8", "replace")
        except OSError as error:
            raise self._missing(f"cannot be read: {error.strerror}") from error

    def _from_command(self) -> str:
        try:
            done = subprocess.run(
                ["bash", "-c", self.where],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_LIMIT,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            raise self._missing(f"printed none in {COMMAND_LIMIT:g} s") from None
        except OSError as error:
            raise self._missing(f"cannot run: {error.strerror}") from error
        if done.returncode:
            raise self._missing(f"ended with exit code {done.returncode}")
        return done.stdout.decode("utf-8", "replace")

    def _missing(self, problem: str) -> ProbeError:
        return ProbeError(
            f"the secret from {self.kind} {self.where!r} {problem}",
            source="secrets",
            stage="configuration",
        )


def within(secret: str) -> tuple[str, ...]:
    """Return a secret and the password in it if it is a URL, as written and plain."""
    match = _PASSWORD_IN_URL.match(secret)
    if not match:
        return (secret,)
    password = match[0].removesuffix("@").split("://", 1)[1].partition(":")[2]
    return (secret, password, unquote(password))


def named(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    return bool(_SECRET_NAME.search(name))


def reference(value: Any) -> Secret | None:
    """Return the reference that a profile's table is, or None."""
    if isinstance(value, dict) and len(value) == 1:
        kind, where = next(iter(value.items()))
        if kind in KINDS and isinstance(where, str):
            return Secret(kind, where)
    return None


def literal(table: str, key: str, value: Any) -> str:
    """Say why an entry of a profile is a secret written out, or ""."""
    if not isinstance(value, str) or not value:
        return ""
    remedy = (
        f'write {key} = {{ env = "NAME" }}, {{ file = "…" }} or {{ command = "…" }}'
    )
    if table == "secrets" or _SECRET_NAME.search(key):
        return f"[{table}] {key} is a secret written out; {remedy}"
    if _PASSWORD_IN_URL.match(value) or _PASSWORD_IN_WORDS.search(value):
        return f"[{table}] {key} holds a password; take it out, or {remedy}"
    return ""
