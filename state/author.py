"""Who acts: recorded with every event."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Author:
    """A person at a terminal.

    Attributes:
        user: name of the effective user.
        sudo_user: who became *user* by sudo, or "".
        pid: process of this gonogo.
    """

    user: str
    sudo_user: str = ""
    host: str = ""
    pid: int = 0

    @property
    def name(self) -> str:
        """``ana``, or ``root (sudo: ana)``."""
        return person(self.as_data())

    def as_data(self) -> dict[str, Any]:
        return {
            "user": self.user,
            "sudo_user": self.sudo_user,
            "host": self.host,
            "pid": self.pid,
        }


def current(name: str = "") -> Author:
    """Return who runs this process.

    Args:
        name: what the operator says to be called, told before the account's name:
            a shared account does not tell who it was.
    """
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container with a user id that has no name
        user = f"uid {os.geteuid()}"
    if name:
        user = f"{name} as {user}"
    sudo_user = os.environ.get("SUDO_USER", "")
    return Author(user, sudo_user, socket.gethostname(), os.getpid())


def person(by: Mapping[str, Any]) -> str:
    """Return the name of the person in an event's `by`."""
    user, sudo_user = str(by.get("user", "?")), by.get("sudo_user")
    return f"{user} (sudo: {sudo_user})" if sudo_user else user
