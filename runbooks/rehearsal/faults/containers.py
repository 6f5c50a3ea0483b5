"""The fault of a container that cannot start, and is started again and again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from runbooks.errors import CommandError, ProbeError
from runbooks.probes.docker.containers import PROJECT, SERVICE
from runbooks.rehearsal import project, settings
from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults.database import PLACE
from runbooks.rehearsal.faults.fault import CONTAINED, Fault
from runbooks.rehearsal.faults.settling import restart, until

SETTING = "REHEARSAL_HEARTBEAT_SECONDS"
"""Read by the worker alone, which ends at once when it is no number."""


def crash(deployment: Deployment, kept: Path) -> None:
    """Start the worker with a setting that it cannot read."""
    settings.change(deployment.layout, **{SETTING: "often"})
    with suppress(CommandError):  # it never gets ready
        restart(deployment, "worker")
    until(
        lambda: _restarts(deployment) > 1,
        "The Engine does not start the worker again and again.",
    )


def mend(deployment: Deployment, kept: Path) -> None:
    settings.change(deployment.layout, **{SETTING: None})
    restart(deployment, "worker")


def _restarts(deployment: Deployment) -> int:
    """Return how often the Engine has started the worker again.

    Raises:
        CommandError: the Engine cannot be asked.
    """
    ours = project.read(deployment.directory)
    wanted = [f"{PROJECT}={ours.name}", f"{SERVICE}=worker"]
    try:
        with ours.engine.explaining(), ours.engine.connect() as client:
            (found,) = client.containers(all=True, filters={"label": wanted})
            return int(client.inspect_container(found["Id"])["RestartCount"])
    except ProbeError as error:
        raise CommandError(str(error)) from error


FAULTS = (
    Fault(
        "container-crash-looping",
        "The worker's container ends at once, and is started again and again.",
        PLACE,
        crash,
        mend,
        needs=(CONTAINED,),
    ),
)
