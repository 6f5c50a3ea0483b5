"""Releases that come from elsewhere, as CI makes them."""

from __future__ import annotations

import copy
from itertools import count

from tests.runbooks.actions.kubernetes.acting import Acting
from tests.runbooks.probes.kubernetes_api import Object

OLD = "registry.test/transcript-create:1.4.1"
NEW = "registry.test/transcript-create:1.4.2"
BAD = "registry.test/transcript-create:1.9.0"
CAUSE = "kubernetes.io/change-cause"
_numbers = count()


def release(
    act: Acting,
    template: Object | None = None,
    cause: str = "",
    steps: int = 40,
    image: str = "",
) -> None:
    """Roll a template out, by default one that differs in a variable."""
    owner = act.deployment
    if template is None:
        template = copy.deepcopy(owner["spec"]["template"])
        variables = template["spec"]["containers"][0]["env"]
        variables.append({"name": f"RELEASE_{next(_numbers)}", "value": "yes"})
    if image:
        template["spec"]["containers"][0]["image"] = image
    if cause:
        owner["metadata"].setdefault("annotations", {})[CAUSE] = cause
    act.api.edit(owner, template=template)
    act.controller.settle(steps)


def release_badly(act: Acting, steps: int = 40) -> None:
    """Roll out an image of which no pod gets ready."""
    act.controller.broken.add(BAD)
    release(act, image=BAD, steps=steps)
