"""One pass over steps: every probe's readings judged, no neighbour harmed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import msgspec
from msgspec.structs import replace

from runbooks import expectations, probes
from runbooks.bounds import Readings
from runbooks.errors import ProbeError
from runbooks.expectations import Expectation
from runbooks.facts import BY_FACT, differing
from runbooks.findings import AS_EXPECTED, together, unknown
from runbooks.hiding import Hiding
from runbooks.intrusive import allowed, more_than_read
from runbooks.model import Step
from runbooks.parameters import build
from runbooks.probes.base import Measurement, Probe
from runbooks.probes.sources import STEP, Sources
from runbooks.references import fill
from runbooks.resolving import resolved
from runbooks.results import Finding, Judged, Reading, Result, worst
from runbooks.tables import Level, ProbeSpec
from runbooks.target import SOURCE, Target, lookup
from runbooks.thresholds import bounds, replaceable

VALUE_LIMIT = 200
"""Characters of a text reading that a finding keeps; evidence holds more."""

_REACHING = {"name", "tcp", "tls", "http", "timeout"}
"""Stages of a look that fail when the thing itself cannot be reached."""

_log = logging.getLogger("gonogo.runner")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A measurement, and what it was made of."""

    measurement: Measurement
    source: str
    thing: str


@dataclass(frozen=True, slots=True)
class _Look:
    """How looking for one probe of a step ended, after so many seconds."""

    spec: ProbeSpec
    ended: _Seen | Exception
    seconds: float

    def reading(self, name: str) -> Reading | None:
        if isinstance(self.ended, Exception):
            return None
        return self.ended.measurement.reading(name)


class Pass:
    """One walk over steps, in which equal measurements are made once."""

    def __init__(
        self,
        target: Target,
        sources: Sources,
        free: asyncio.Semaphore,
        declared_only: bool,
    ) -> None:
        self._target = target
        self._sources = sources
        self._free = free
        self._declared_only = declared_only
        self._hiding = Hiding(target, sources)

    def begin(self, steps: Iterable[Step]) -> None:
        """Prepare to look at these steps."""
        self._hiding.begin(steps)

    async def find(self, step: Step, intrusive: bool) -> Finding:
        """Return what the step's probes say together, also where they fail."""
        STEP.set(step.id)
        differs = differing(step.options.when, self._target)
        if differs:
            return Finding(Result.NA, BY_FACT + differs)
        overrides = self._target.thresholds.get(step.id, {})
        known = replaceable(step.probes)
        for name in overrides:
            if name not in known:
                said = f"the profile's thresholds name {name!r}, which is not asked"
                return Finding(Result.UNKNOWN, said, source=SOURCE)
        agreed = intrusive and allowed(step, self._target)
        specs, left_out = self._chosen(step, agreed)
        if not specs and left_out is not None:
            return left_out
        looks = await asyncio.gather(*(self._look(spec) for spec in specs))
        await self._hiding.known()
        found = together([self._finding(look, looks, overrides) for look in looks])
        return replace(found, agreed=any(more_than_read(spec) for spec in specs))

    def _chosen(
        self, step: Step, agreed: bool
    ) -> tuple[list[ProbeSpec], Finding | None]:
        """Return the probes to look with, and what to say when there is none."""
        chosen: list[ProbeSpec] = []
        left_out = None
        for spec in step.probes:
            if differs := differing(spec.when, self._target):
                left_out = left_out or _beside_the_facts(step, differs)
            elif (does := more_than_read(spec)) and not agreed:
                left_out = _not_looked(step, does, self._target)
            else:
                chosen.append(spec)
        return chosen, left_out

    async def _look(self, spec: ProbeSpec) -> _Look:
        started = perf_counter()
        ended: _Seen | Exception
        try:
            for fact in spec.when:  # nobody knows whether this is the one to ask
                lookup(self._target, f"facts.{fact}")
            with _configuring():
                cls = probes.probe_class(spec.use)
            ended = await self._seen(cls, spec)
        except ProbeError as error:
            ended = error
        except Exception as error:
            # A probe's bug must not take its neighbours along.
            _log.exception("the probe %s failed", spec.use)
            ended = error
        return _Look(spec, ended, perf_counter() - started)

    async def _seen(self, cls: type[Probe], spec: ProbeSpec) -> _Seen:
        """Look, or share the look of another step of this pass."""
        parameters = cls.with_defaults(spec.parameters, self._target)
        parameters = {
            name: value if name in cls.verbatim else fill(value, self._target)
            for name, value in parameters.items()
        }
        key = (
            "probe",
            spec.use,
            msgspec.json.encode(parameters, order="deterministic"),
        )
        return await self._sources.once(key, lambda: self._measure(cls, parameters))

    async def _measure(self, cls: type[Probe], parameters: dict[str, Any]) -> _Seen:
        async with self._free:
            parameters = await resolved(
                parameters, cls.verbatim, self._target, self._hiding.fetch
            )
            with _configuring():
                probe = build(cls, parameters)
            if self._declared_only and not probe.declared:
                raise ProbeError(
                    'its class is inferred; declare class = "observe" in the step',
                    source=probe.source,
                    stage="configuration",
                )
            measurement = await probe.look(self._sources)
        return _Seen(measurement, probe.source, probe.thing)

    def _finding(
        self, look: _Look, looks: Sequence[_Look], overrides: Mapping[str, Any]
    ) -> Finding:
        try:
            found = self._judged(look, looks, overrides)
        except ProbeError as error:
            notes = "\n".join(getattr(error, "__notes__", ()))
            said = self._sources.hidden(str(error))
            notes = self._sources.hidden(notes)
            found = unknown(said, error.source, notes, error.stage)
        except Exception as error:
            if error is not look.ended:
                _log.exception("the probe %s failed", look.spec.use)
            said = f"a bug in the probe {look.spec.use}: see the log"
            found = unknown(said, f"probe {look.spec.use}")
        judged = tuple(replace(each, seconds=look.seconds) for each in found.judged)
        return replace(found, judged=judged, seconds=look.seconds)

    def _judged(
        self, look: _Look, looks: Sequence[_Look], overrides: Mapping[str, Any]
    ) -> Finding:
        asked = bounds(look.spec, overrides)
        with _configuring():
            cls = probes.probe_class(look.spec.use)
            expected = probes.expected(cls, fill(asked, self._target))
        seen = look.ended
        if isinstance(seen, ProbeError):
            if "answers" not in expected or seen.stage not in _REACHING:
                raise seen
            why = self._sources.hidden(str(seen))
            return _unreached(seen, why, expected["answers"])
        if isinstance(seen, Exception):
            raise seen

        def other(name: str) -> Reading | None:
            called, _, rest = name.partition(".")
            for each in looks:
                if rest and each.spec.called == called:
                    return each.reading(rest)
            return look.reading(name)

        answers = [
            self._answer(seen, name, expectation, other)
            for name, expectation in expected.items()
        ]
        result = worst(judged.result for judged, _ in answers)
        said = [reason for each, reason in answers if each.result is result and reason]
        said = list(dict.fromkeys(said))
        return Finding(
            result,
            ", ".join(said[:2]) or AS_EXPECTED,
            tuple(judged for judged, _ in answers),
            self._sources.hidden(seen.measurement.evidence),
            source=seen.source,
        )

    def _answer(
        self,
        seen: _Seen,
        name: str,
        expectation: Expectation,
        other: Readings,
    ) -> tuple[Judged, str]:
        """Judge one reading, and say why."""
        reading = seen.measurement.reading(name)
        thing = self._sources.hidden(seen.thing)
        if reading is None:
            nothing = Reading(name, None)
            judged = Judged(nothing, str(expectation), Result.UNKNOWN, thing)
            said = seen.measurement.lacking.get(name, f"nothing was read for {name}")
            return judged, self._sources.hidden(said)
        judged = expectations.judge(reading, expectation, other)
        lacking = _lacking(seen.measurement, judged, expectation)
        said = lacking or expectations.reason(judged, expectation, other)
        kept = self._kept(reading)
        return (
            replace(judged, reading=kept, source=thing),
            self._sources.hidden(said),
        )

    def _kept(self, reading: Reading) -> Reading:
        """Hide secrets in a text reading and cut it to what a list can show."""
        if not isinstance(reading.value, str):
            return reading
        return replace(reading, value=self._sources.hidden(reading.value)[:VALUE_LIMIT])


def _beside_the_facts(step: Step, differs: str) -> Finding:
    """What there is to say where no probe of *step* is meant for this deployment.

    Where probes only inform who answers, the question is asked all the same.
    """
    if step.level is Level.ATTEST:
        return unknown(f"nothing to look at where {differs}", "")
    return Finding(Result.NA, BY_FACT + differs)


def _not_looked(step: Step, does: str, target: Target) -> Finding:
    """Say what would happen, and how it is asked for."""
    if allowed(step, target):
        how = "p on the step asks; 'gonogo check' wants --intrusive"
    else:
        how = f'add "{step.id}" to steps under [intrusive] in the profile to allow it'
    return unknown(f"not looked: it {does}", "", how)


@contextmanager
def _configuring() -> Iterator[None]:
    """Turn what a document or profile got wrong into a ProbeError."""
    try:
        yield
    except (ValueError, LookupError) as error:
        raise ProbeError(str(error), stage="configuration") from error


def _unreached(error: ProbeError, why: str, expectation: Expectation) -> Finding:
    """Answer a step that asks whether the thing can be reached at all."""
    answer = expectations.judge(Reading("answers", False), expectation)
    judged = replace(answer, source=error.source)
    return Finding(
        judged.result, why, (judged,), source=error.source, stage=error.stage
    )


def _lacking(measurement: Measurement, answer: Judged, asked: Expectation) -> str:
    """Return what the probe itself says of too little, or ""."""
    if answer.result is Result.PASS or asked.passes.operator == "absent":
        return ""
    return measurement.lacking.get(answer.reading.name, "")
