"""What every probe is: parameters, one look, readings."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from traceback import extract_tb
from typing import Any, ClassVar

import msgspec

from runbooks.errors import ProbeError
from runbooks.parameters import Duration as Duration
from runbooks.parameters import Parametrised
from runbooks.probes.sources import Sources
from runbooks.results import Reading, Value

_log = logging.getLogger(__name__)
_MISREADING = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError),
    *(TypeError, ValueError),
)
"""What comes of reading a value that is of another type than was expected, or not
there at all."""
_SHOWN = 80
"""Characters of such an error that are told."""
SOURCE = "runbook"
"""Source of failures that only the document or profile can settle."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one look brought back.

    Attributes:
        readings: by name. A value of None says that the thing was looked for and
            is not there; a name that is missing says that nobody looked.
        evidence: what was seen, plain text.
        lacking: by name of a reading, what to say instead of its value where more
            than that was expected, or of one that is missing, why.
    """

    readings: Mapping[str, Reading] = field(default_factory=dict)
    evidence: str = ""
    lacking: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def reading(self, name: str) -> Reading | None:
        return self.readings.get(name)


def _single(found: Measurement) -> Measurement:
    """Return *found*, each value of which is one: an answer may hold anything.

    Raises:
        TypeError: a reading is a list or a table.
    """
    for reading in found.readings.values():
        if not isinstance(reading.value, Value):
            kind = type(reading.value).__name__
            raise TypeError(f"{reading.name} is a {kind}, and no value")
    return found


def measured(evidence: str, *readings: Reading) -> Measurement:
    return Measurement({reading.name: reading for reading in readings}, evidence)


class Probe(Parametrised, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Looks at one resource and changes nothing."""

    server: ClassVar[str] = ""
    """What answers, such as "Prometheus". An answer whose shape is not that of one is
    told as such; where this is empty, it is a mistake of the probe."""
    intrusive: ClassVar[str] = ""
    """What looking does beyond reading, such as "submits a job"; it needs a word."""

    readings: ClassVar[Mapping[str, str]] = {}
    """Base units of the readings whose names are fixed, "" for those without."""
    naming: ClassVar[frozenset[str]] = frozenset()
    """Readings that name what is there or are absent: never a yes or a no."""

    @property
    def declared(self) -> bool:
        """Whether it is known, and not only inferred, that looking changes nothing."""
        return True

    @classmethod
    def unit(cls, reading: str) -> str | None:
        """Return the base unit of a reading, None if the probe has no such one."""
        return cls.readings.get(reading)

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with *parameters* beyond their names and types."""
        return []

    @property
    @abstractmethod
    def source(self) -> str:
        """What is looked at, as failures that steps share are announced."""

    @property
    def thing(self) -> str:
        """What exactly is looked at, in few words, to tell a step's probes apart."""
        return self.source

    @abstractmethod
    async def measure(self, sources: Sources) -> Measurement:
        """Look once, asking *sources* for what other probes may need too.

        Raises:
            ProbeError: nobody could look.
        """

    async def look(self, sources: Sources) -> Measurement:
        """Measure within the budget.

        Raises:
            ProbeError: nobody could look, or not within the budget.
        """
        fields = msgspec.structs.fields(self)
        given = {field.encode_name: getattr(self, field.name) for field in fields}
        for complaint in self.complaints(given):
            raise ProbeError(complaint, source=SOURCE, stage="configuration")
        try:
            return _single(await sources.within(self.timeout, self.measure(sources)))
        except TimeoutError as error:
            raise ProbeError(
                f"no answer in {self.timeout:g} s", source=self.source, stage="timeout"
            ) from error
        except ProbeError as error:
            error.source = error.source or self.source
            raise
        except _MISREADING as error:
            if not self.server:
                raise
            # The log has the place, should the probe be mistaken; what was read may
            # be secret.
            at = extract_tb(error.__traceback__)[-1]
            place = f"{at.filename}:{at.lineno}"
            _log.warning("%s in %s: %s", type(error).__name__, place, self.source)
            said = f"{type(error).__name__}: {error}"[:_SHOWN]
            raise ProbeError(
                f"{self.source} answered something that no {self.server} answers: "
                f"{said}",
                source=self.source,
                stage="query",
            ) from error
