"""Actions, by the name that documents use.

An action is called ``family.verb``. A family is one module here; it says in
``ACTIONS`` which actions it holds, and is imported when one of them is first asked
for. It may also have ``identify(target, sources)``, which tells the system that the
profile's table of the same name leads to from every other, and ``history(target)``,
which says what ran there before, the newest first. Nothing but the process that
performs an action (`performing`) calls `perform`, and nothing but the one door starts
that process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from runbooks import families, parameters
from runbooks.parameters import near

if TYPE_CHECKING:
    from runbooks.actions.base import Action
    from runbooks.changes import Identity, Revision
    from runbooks.probes.sources import Sources
    from runbooks.tables import ActionSpec
    from runbooks.target import Target

Identify = Callable[["Target", "Sources"], Awaitable["Identity"]]
History = Callable[["Target"], Awaitable[Sequence["Revision"]]]

FAMILIES = ("backups", "docker", "kubernetes", "postgres")
"""Names of the modules here that hold actions."""


def names() -> list[str]:
    """Return what documents may write after ``use``; imports every family."""
    return sorted(name for family in FAMILIES for name in _family(family))


def action_class(name: str) -> type[Action]:
    """Return the action class that documents call *name*.

    Raises:
        LookupError: there is no such action; the message offers near names.
    """
    family = name.partition(".")[0]
    if family not in FAMILIES:
        hint = near(name, FAMILIES) or near(family, FAMILIES)
        raise LookupError(f"no action is called {name!r}{hint}")
    known = _family(family)
    if name not in known:
        hint = near(name, known) or f"; there are {', '.join(known)}"
        raise LookupError(f"no action is called {name!r}{hint}")
    return known[name]


def check(spec: ActionSpec) -> list[str]:
    """Return what is wrong with an action as written, each with what to write."""
    try:
        cls = action_class(spec.use)
    except LookupError as error:
        return [str(error)]
    return parameters.complaints(cls, spec.parameters)


def identifier(family: str) -> Identify | None:
    """Return how a family asks its system which one it is, None where it cannot."""
    found: Identify | None = getattr(_module(family), "identify", None)
    return found


def historian(family: str) -> History | None:
    """Return how a family looks at what ran before, None where it cannot."""
    found: History | None = getattr(_module(family), "history", None)
    return found


def _module(family: str) -> ModuleType:
    return families.family(f"{__name__}.{family}")


def _family(family: str) -> Mapping[str, type[Action]]:
    known: Mapping[str, type[Action]] = _module(family).ACTIONS
    return known
