"""Runs the probes of steps: bounded, each measurement once a pass, never raising."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import msgspec
from msgspec.structs import replace

from runbooks import expectations, probes
from runbooks.errors import ProbeError
from runbooks.facts import differing
from runbooks.findings import together, unknown
from runbooks.model import Step
from runbooks.probes.base import Measurement, Probe
from runbooks.references import fill, references
from runbooks.results import Finding, Judged, Reading, Result, worst
from runbooks.tables import ProbeSpec
from runbooks.target import SOURCE, Target

VALUE_LIMIT = 200
"""Characters of a text reading that a finding keeps; evidence holds more."""

_REACHING = {"name", "tcp", "tls", "http", "timeout"}
"""Stages of a look that fail when the thing itself cannot be reached."""

_log = logging.getLogger("gonogo.runner")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A measurement, and the secrets that were used to make it."""

    measurement: Measurement
    source: str
    thing: str
    secrets: tuple[str, ...] = ()

    def hidden(self, text: str) -> str:
        return _hidden(text, self.secrets)


class Runner:
    """Runs probes against one target, for the screen and for headless checks.

    Args:
        target: what references in the runbook are resolved with.
        concurrency: measurements at one time.
        declared_only: refuse commands whose class is inferred, as a check without
            a person must.
    """

    def __init__(
        self, target: Target, concurrency: int = 16, declared_only: bool = False
    ) -> None:
        self._target = target
        self._declared_only = declared_only
        self._free = asyncio.Semaphore(concurrency)

    async def probe(self, step: Step) -> Finding:
        """Return what the step's probes say; unknown where nobody could look."""
        one = _Pass(self._target, self._declared_only, self._free)
        try:
            return await one.find(step)
        finally:
            await _cancel(one.looks.values())

    async def probe_all(
        self, steps: Iterable[Step]
    ) -> AsyncIterator[tuple[str, Finding]]:
        """Yield step id and finding as they come.

        Closing the iterator early stops what still runs.
        """
        one = _Pass(self._target, self._declared_only, self._free)
        done: asyncio.Queue[tuple[str, Finding]] = asyncio.Queue()

        async def find(step: Step) -> None:
            done.put_nowait((step.id, await one.find(step)))

        tasks = [asyncio.create_task(find(step)) for step in steps]
        try:
            for _ in tasks:
                yield await done.get()
        finally:
            await _cancel([*tasks, *one.looks.values()])


class _Pass:
    """One walk over steps, in which equal measurements are made once."""

    def __init__(
        self, target: Target, declared_only: bool, free: asyncio.Semaphore
    ) -> None:
        self.looks: dict[tuple[str, bytes], asyncio.Task[_Seen]] = {}
        self._target = target
        self._declared_only = declared_only
        self._free = free

    async def find(self, step: Step) -> Finding:
        differs = differing(step.options.when, self._target)
        if differs:
            return Finding(Result.NA, f"by fact: {differs}")
        overrides = self._target.thresholds.get(step.id, {})
        asked = {name for spec in step.probes for name in spec.expect}
        for name in overrides:
            if name not in asked:
                said = f"the profile's thresholds name {name!r}, which is not asked"
                return Finding(Result.UNKNOWN, said, source=SOURCE)
        return together(
            await asyncio.gather(*(self._finding(s, overrides) for s in step.probes))
        )

    async def _finding(self, spec: ProbeSpec, overrides: Mapping[str, Any]) -> Finding:
        started = perf_counter()
        try:
            found = await self._judged(spec, overrides)
        except ProbeError as error:
            notes = "\n".join(getattr(error, "__notes__", ()))
            found = unknown(str(error), error.source, notes)
        except Exception:
            # A probe's bug must not take its neighbours along.
            _log.exception("the probe %s failed", spec.use)
            said = f"a bug in the probe {spec.use}: see the log"
            found = unknown(said, f"probe {spec.use}")
        return replace(found, seconds=perf_counter() - started)

    async def _judged(self, spec: ProbeSpec, overrides: Mapping[str, Any]) -> Finding:
        bounds = {name: overrides.get(name, spec.expect[name]) for name in spec.expect}
        with _configuring():
            cls = probes.probe_class(spec.use)
            expected = probes.expected(cls, fill(bounds, self._target))
        try:
            seen = await self._seen(cls, spec)
        except ProbeError as error:
            if "answers" not in expected or error.stage not in _REACHING:
                raise
            return _unreached(error, expected["answers"])
        judged: list[Judged] = []
        reasons: list[str] = []
        for name, expectation in expected.items():
            reading = seen.measurement.reading(name)
            if reading is None:
                nothing = Reading(name, None)
                answer = Judged(nothing, str(expectation), Result.UNKNOWN, seen.thing)
                judged.append(answer)
                reasons.append(f"nothing was read for {name}")
                continue
            answer = expectations.judge(reading, expectation)
            lacking = _lacking(seen.measurement, answer, expectation)
            said_of = lacking or expectations.reason(answer, expectation)
            reasons.append(seen.hidden(said_of))
            kept = _kept(reading, seen)
            judged.append(replace(answer, reading=kept, source=seen.thing))
        result = worst(answer.result for answer in judged)
        said = [
            reason
            for reason, answer in zip(reasons, judged, strict=True)
            if answer.result is result and reason
        ]
        said = list(dict.fromkeys(said))
        return Finding(
            result,
            ", ".join(said[:2]) or "as expected",
            tuple(judged),
            seen.hidden(seen.measurement.evidence),
            source=seen.source,
        )

    async def _seen(self, cls: type[Probe], spec: ProbeSpec) -> _Seen:
        """Look, or share the look of another step of this pass."""
        parameters = cls.with_defaults(spec.parameters, self._target)
        parameters = {
            name: value if name in cls.verbatim else fill(value, self._target)
            for name, value in parameters.items()
        }
        key = (spec.use, msgspec.json.encode(parameters, order="deterministic"))
        if key not in self.looks:
            self.looks[key] = asyncio.create_task(self._look(cls, parameters))
        # Other steps may share the look, so the end of one must not stop it.
        return await asyncio.shield(self.looks[key])

    async def _look(self, cls: type[Probe], parameters: dict[str, Any]) -> _Seen:
        values: dict[str, str] = {}
        async with self._free:
            try:
                for name, value in parameters.items():
                    if name not in cls.verbatim:
                        for secret in references(value):
                            values[secret] = await asyncio.to_thread(
                                self._target.secrets[secret].value
                            )
                            parameters[name] = fill(value, self._target, values)
                with _configuring():
                    probe = probes.build(cls, parameters)
                if self._declared_only and not probe.declared:
                    raise ProbeError(
                        'its class is inferred; declare class = "observe" in the step',
                        source=probe.source,
                        stage="configuration",
                    )
                measurement = await probe.look()
            except ProbeError as error:
                error.args = (_hidden(str(error), tuple(values.values())),)
                raise
        secrets = tuple(values.values())
        thing = _hidden(probe.thing, secrets)
        return _Seen(measurement, probe.source, thing, secrets)


@contextmanager
def _configuring() -> Iterator[None]:
    """Turn what a document or profile got wrong into a ProbeError."""
    try:
        yield
    except (ValueError, LookupError) as error:
        raise ProbeError(str(error), stage="configuration") from error


def _unreached(error: ProbeError, expectation: expectations.Expectation) -> Finding:
    """Answer a step that asks whether the thing can be reached at all."""
    answer = expectations.judge(Reading("answers", False), expectation)
    judged = replace(answer, source=error.source)
    return Finding(judged.result, str(error), (judged,), source=error.source)


def _lacking(
    measurement: Measurement, answer: Judged, expectation: expectations.Expectation
) -> str:
    """Return what the probe itself says of too little, or ""."""
    if answer.result is Result.PASS or expectation.passes.operator == "absent":
        return ""
    return measurement.lacking.get(answer.reading.name, "")


def _kept(reading: Reading, seen: _Seen) -> Reading:
    """Hide secrets in a text reading and cut it to what a list can show."""
    if not isinstance(reading.value, str):
        return reading
    return replace(reading, value=seen.hidden(reading.value)[:VALUE_LIMIT])


def _hidden(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "[redacted]")
    return text


async def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    pending = list(tasks)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
