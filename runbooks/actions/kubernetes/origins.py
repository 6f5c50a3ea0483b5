"""Who brought a revision, as far as anything in the cluster tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbooks.actions.kubernetes.revisions import Revision
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.quantities import moment
from runbooks.probes.kubernetes.selectors import annotations_of, labels_of

RESTARTED = "kubectl.kubernetes.io/restartedAt"
"""The annotation of a pod template by which kubectl restarts, and gonogo too."""
SOON = 60
"""Seconds within which a controller keeps a template that somebody wrote."""
_SHOWN = 40
"""Characters of a cause that are told."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a pod template last (``metadata.managedFields``).

    Attributes:
        time: of the last change of theirs, of the template or of something else.
        alone: whether nobody else has a part in the template.
    """

    manager: str
    time: str
    alone: bool


def writer(workload: Object) -> Writer | None:
    """Return who wrote the template of a workload last, None where nobody is noted."""
    found = [
        (str(each.get("time", "")), str(each.get("manager", "")))
        for each in workload["metadata"].get("managedFields") or []
        if "f:template" in ((each.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    if not found:
        return None
    time, manager = max(found)
    return Writer(manager, time, len(found) == 1)


def origin(
    workload: Object, before: Revision | None, revision: Revision, live: Revision | None
) -> str:
    """Return who brought a revision, or "".

    Args:
        before: the revision before it. What it has in common with that one, a cause
            that nobody took away for example, tells nothing.
    """
    said = list(_signs(before, revision))
    if revision == live and (wrote := writer(workload)) and _surely(wrote, revision):
        said.insert(0, wrote.manager)
    cause = revision.cause
    if cause and (before is None or before.cause != cause):
        cause = " ".join(cause.split())
        said.append(cause if len(cause) <= _SHOWN else f"{cause[:_SHOWN]}…")
    return ", ".join(dict.fromkeys(filter(None, said)))


def _surely(wrote: Writer, revision: Revision) -> bool:
    """Whether who wrote last wrote this: right before it was kept, or as the only one.

    Times are of whatever they wrote last.
    """
    if wrote.alone or not (wrote.time and revision.made):
        return wrote.alone
    return abs((moment(wrote.time) - moment(revision.made)).total_seconds()) < SOON


def _signs(before: Revision | None, revision: Revision) -> Iterator[str]:
    if before and _without_restart(before) == _without_restart(revision):
        yield "a restart"
        return
    if chart := labels_of(revision.template).get("helm.sh/chart"):
        yield f"Helm chart {chart}"
    elif release := annotations_of(revision.kept).get("meta.helm.sh/release-name"):
        yield f"Helm release {release}"
    tracked = annotations_of(revision.kept).get("argocd.argoproj.io/tracking-id", "")
    if tracked:
        yield f"Argo CD {tracked.partition(':')[0]}"


def _without_restart(revision: Revision) -> Object:
    """Return a template without the note that its pods were made anew."""
    template = revision.template
    metadata = dict(template.get("metadata") or {})
    noted = {**(metadata.pop("annotations", None) or {})}
    noted.pop(RESTARTED, None)
    return {**template, "metadata": {**metadata, "annotations": noted}}
