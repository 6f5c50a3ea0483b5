"""Rehearsal: a practice deployment with the shape of the target system.

    from runbooks.rehearsal import start

    with start() as deployment:
        print(deployment.profile.read_text())

Needs the extra ``gonogo[rehearsal]``, for its processes alone: importing this loads
nothing but the standard library.
"""

from runbooks.rehearsal.deployment import Deployment, start

__all__ = ["Deployment", "start"]
