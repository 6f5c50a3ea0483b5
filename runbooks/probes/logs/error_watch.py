"""Probe of who hears of the errors that services log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, Probe, measured
from runbooks.probes.logs.loki_rules import LokiRulesProbe
from runbooks.probes.prometheus.failures import FailuresProbe
from runbooks.probes.settings.probe import SettingsProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading
from runbooks.target import Target

_DSN = "SENTRY_DSN"


class ErrorWatchProbe(Probe, frozen=True, kw_only=True):
    """Measures what is watched for errors, and by whom.

    Any one is enough: Sentry, to which the services send exceptions; an alert of
    Loki's ruler on lines; an alert rule of Prometheus on failed requests, which hears
    of an error only when it fails one. Loki and Prometheus are asked where the profile
    mentions them.

    Source: the services' ``SENTRY_DSN``; the rules of Loki and of Prometheus.

    Readings:
        watched: ``errors``, ``failed requests``, or absent.
        watchers: Sentry, or names of the rules.

    Attributes:
        settings, loki, prometheus: parameters of the probes ``settings``,
            ``logs.loki_rules`` and ``prometheus.failures``.

    Raises:
        ProbeError: nobody was found, and one of them cannot be asked.
    """

    settings: Mapping[str, Any] = {}
    loki: Mapping[str, Any] | None = None
    prometheus: Mapping[str, Any] | None = None
    timeout: Duration = Duration(30)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("watched", "watchers"), "")
    naming: ClassVar[frozenset[str]] = frozenset({"watchers"})

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        known: dict[str, Any] = {}
        asked = {"service": ["api", "worker"], "names": [_DSN]}
        known["settings"] = SettingsProbe.with_defaults(asked, target)
        if target.facts.get("central_logs") == "loki":
            known["loki"] = LokiRulesProbe.with_defaults({}, target)
        if FailuresProbe.table in target.tables:
            known["prometheus"] = FailuresProbe.with_defaults({}, target)
        return {**known, **parameters}

    @property
    def source(self) -> str:
        return "watchers of errors"

    async def measure(self, sources: Sources) -> Measurement:
        said: list[str] = []
        failed: list[ProbeError] = []

        async def look(cls: type[Probe], parameters: Mapping[str, Any]) -> Measurement:
            try:
                seen = await probes.build(cls, parameters).look(sources)
            except ProbeError as error:
                failed.append(error)
                seen = Measurement(evidence=str(error))
            said.append(seen.evidence)
            return seen

        errors = []
        settings = await look(SettingsProbe, self.settings)
        if _value(settings, f"{_DSN}.set") is True:
            errors.append("Sentry")
        if self.loki is not None:
            rules = await look(LokiRulesProbe, self.loki)
            failing = _names(rules, "failing")
            errors += [
                each for each in _names(rules, "watching") if each not in failing
            ]
        requests = []
        if not errors and not failed and self.prometheus is not None:
            requests = _names(await look(FailuresProbe, self.prometheus), "rules")
        if not errors and failed:
            raise failed[0]
        watched = "errors" if errors else "failed requests" if requests else None
        return measured(
            "\n".join(said),
            Reading("watched", watched),
            Reading("watchers", ", ".join(errors or requests) or None),
        )


def _value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    return reading.value if reading else None


def _names(seen: Measurement, name: str) -> list[str]:
    value = _value(seen, name)
    return str(value).split(", ") if value else []
