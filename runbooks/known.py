"""Every secret whose value is known before anything runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runbooks.errors import DocumentError, ProbeError, RefusedError
from runbooks.redaction import secret_values
from runbooks.secrets import TooShort, named, within

if TYPE_CHECKING:
    from runbooks.target import Target


def known(target: Target, *, commands: bool = True) -> tuple[str, ...]:
    """Return the values of the environment, the profile and its kubeconfigs.

    One that cannot be fetched is left out: what nobody can read cannot leak.

    Args:
        commands: run those, too, that print one, and refuse what cannot be hidden.

    Raises:
        RefusedError: one is too short to be hidden; the message names it.
    """
    values = [*secret_values(os.environ), *credentials(target)]
    values += (value for name, value in target.vars.items() if named(name))
    for name, secret in target.secrets.items():
        if secret.kind == "command" and not commands:
            continue
        try:
            values += within(secret.value())
        except TooShort as error:
            if commands:
                raise RefusedError(
                    f"Nothing ran: {name}, {error}. {error.__notes__[0]}."
                ) from error
        except ProbeError:
            continue
    return tuple(values)


def credentials(target: Target) -> tuple[str, ...]:
    """Return what the kubeconfig of the profile, or the usual one, logs in with."""
    from runbooks import kubeconfig

    said = target.tables.get("kubernetes", {}).get("kubeconfig")
    values: list[str] = []
    for path in kubeconfig.files(said if isinstance(said, str) else None):
        try:
            values += kubeconfig.credentials(path)
        except DocumentError:  # whoever asks the cluster is told
            continue
    return tuple(values)
