"""How a transaction begins in which something is looked at: its limits, its name.

All are set in the transaction and not when connecting, as poolers refuse settings that
they do not know when a client connects, and hand what a session has set to the next
client. https://www.postgresql.org/docs/16/runtime-config-client.html
"""

from __future__ import annotations

import os
import pwd
import re

from runbooks.probes.sources import STEP

STATEMENT = 5
"""Seconds that the server gives one statement."""
_LIMITS = {
    "statement_timeout": f"{STATEMENT}s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "30s",
}
_CHECKED = "client_connection_check_interval"
"""How soon the server ends what nobody waits for any more; it knows it since 14.
https://www.postgresql.org/docs/16/runtime-config-connection.html"""
_LONGEST_NAME = 63
"""Characters of an application's name that a server keeps."""
_UNFIT = re.compile(r"[^A-Za-z0-9._@+-]")


def begin(major: int) -> str:
    """Return what begins a transaction on a server of a *major* version."""
    limits = {**_LIMITS, "application_name": name()}
    if major >= 14:
        limits[_CHECKED] = "1s"
    return "begin read only" + "".join(
        f"; set local {setting} = '{value}'" for setting, value in limits.items()
    )


def name() -> str:
    """Return as what the server shows it: ``gonogo/USER/STEP``.

    Nothing is left in it that a quoted text of SQL could end with.
    """
    words = ("gonogo", user(), STEP.get())
    return "/".join(_UNFIT.sub("_", word) for word in words if word)[:_LONGEST_NAME]


def user() -> str:
    """Return the account of the person who looks."""
    if through := os.environ.get("SUDO_USER"):
        return through
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container with a user id that has no name
        return f"uid {os.geteuid()}"
