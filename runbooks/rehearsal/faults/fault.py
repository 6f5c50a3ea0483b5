"""What a fault is: broken for real at one place, and mended again.

Everything here is synchronous, as the orders to a deployment are: a fault is a
handful of them. Whoever has a screen to keep alive gives it a thread.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runbooks.errors import CommandError, RefusedError
from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults.marks import marked
from runbooks.rehearsal.faults.settling import forget, settle

CONTAINED = "caddy"
"""A part that there is only where a Docker Engine runs containers."""
Change = Callable[[Deployment, Path], None]
"""Changes a deployment; the directory keeps what mending needs, and is empty before
something is broken. Mending is sound however far breaking has come."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        name: as people type it.
        says: what is injected, one sentence.
        place: what it changes; one fault at a time has a place, so that they can be
            healed in any order.
        needs: parts without which it would change nothing.
        uncontained: whether it cannot be injected where there are containers.
    """

    name: str
    says: str
    place: str
    breaks: Change
    mends: Change
    needs: tuple[str, ...] = ()
    uncontained: bool = False

    @property
    def contained(self) -> bool:
        """Whether it is one of containers, so that it takes a Docker Engine."""
        return CONTAINED in self.needs

    def lacks(self, running: Collection[str]) -> str:
        """Return what it needs besides *running* parts ("needs …"), "" if nothing."""
        if self.contained and CONTAINED not in running:
            return "needs a Docker Engine, and none runs the containers here"
        if self.uncontained and CONTAINED in running:
            return "needs an API that is no container: set DOCKER_HOST to nowhere"
        for part in self.needs:
            if part not in running:
                return f"needs {part}, which does not run here"
        return ""

    def told(self, running: Collection[str]) -> str:
        """Return what it is, after what it needs besides *running* parts."""
        lacking = self.lacks(running)
        if not lacking:
            return self.says
        return f"{lacking[0].upper()}{lacking[1:]}. {self.says}"

    def inject(self, deployment: Deployment) -> None:
        """Break it, and return once everything that watches has seen so.

        Raises:
            RefusedError: it is injected, its place is taken, or it lacks something.
            CommandError: it could not be injected. All is as before, unless even that
                did not work: then it counts as injected.
        """
        self._require(deployment)
        mark = marked(deployment.layout, self.place, self.name)
        mark.mkdir(parents=True)
        kept = mark / "kept"
        kept.mkdir()
        try:
            with _in_words(f"{self.name} could not be injected"):
                self.breaks(deployment, kept)
                settle(deployment)
        except BaseException:
            with _in_words(f"{self.name} could not be taken back"):
                self.mends(deployment, kept)
            shutil.rmtree(mark)
            raise

    def heal(self, deployment: Deployment) -> None:
        """Mend it, and return once all is as it was before.

        Raises:
            RefusedError: it is not injected.
            CommandError: it could not be healed; it counts as injected still.
        """
        mark = marked(deployment.layout, self.place, self.name)
        if not mark.is_dir():
            raise RefusedError(f"{self.name} is not injected.")
        since = mark.stat().st_ctime  # nothing is made or moved in it afterwards
        with _in_words(f"{self.name} could not be healed"):
            self.mends(deployment, mark / "kept")
            forget(deployment, since)
            settle(deployment)
            shutil.rmtree(mark)

    def _require(self, deployment: Deployment) -> None:
        place = marked(deployment.layout, self.place, self.name).parent
        for other in place.glob("*"):
            if other.name == self.name:
                raise RefusedError(f"{self.name} is injected already.")
            raise RefusedError(
                f"{self.name} would change what {other.name} has changed. "
                f"Heal {other.name} first."
            )
        if lacking := self.lacks(deployment.running):
            raise RefusedError(f"{self.name} {lacking}.")


@contextmanager
def _in_words(problem: str) -> Iterator[None]:
    """Turn what goes wrong with files, too, into a CommandError that says so."""
    try:
        yield
    except (CommandError, OSError) as error:
        raise CommandError(f"{problem}: {error}") from error
