"""Probe of alert rules: what they are about, and whether they can ever fire."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from runbooks.probes.base import Measurement, measured
from runbooks.probes.prometheus.client import PrometheusProbe
from runbooks.probes.prometheus.expression import Selector
from runbooks.probes.prometheus.loaded import Rule, alert_rules
from runbooks.probes.prometheus.matter import Live, Matter
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_AT_ONCE = 15
"""Selectors in one query, so that its address stays short."""


class RulesProbe(PrometheusProbe, frozen=True, kw_only=True):
    """Measures which matters the loaded alert rules cover, whatever they are called.

    A rule is about a matter when its expression, or that of a recorded series in it,
    reads one of the matter's metrics and compares. It is dead when series that it
    needs do not exist in this Prometheus, because then it can never fire: nobody
    exports the metric, or the job that does is not scraped. It covers the matter when
    it is about it, lives, and the server can evaluate it.

    Source: ``GET /api/v1/rules``, and one query for what the rules in question read.

    Readings:
        matters: how many were asked for.
        loaded, covered: those with a rule about them, with one that covers them.
        missing: those without any rule.
        dead: those that have rules, all of them dead.
        weak: those whose only living rules read metrics that prove nothing.
        rules: names of those that cover something.
        firing: those of them that fire now.
        firing_for: how long the one has that has fired for longest.
        broken: rules about these matters that the server cannot evaluate.
        unlabelled: those that cover something and have no label severity.
        longest_for: what the matter that is told last has to hold for.
        unreadable: rules whose expression is newer than what can be read.

    Attributes:
        matters: by name, what is to be covered: `reads` (regular expressions of
            metrics), and if need be `labels`, `calls`, `threshold`, `absence`.
        weak: regular expressions of metrics that prove nothing, such as one that
            never changes; a rule on nothing but these covers nothing.

    Raises:
        ProbeError: Prometheus cannot be asked.
    """

    matters: dict[str, Matter]
    weak: tuple[str, ...] = ()

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("matters", "loaded", "covered", "missing", "dead", "weak"), ""
        ),
        **dict.fromkeys(("rules", "firing", "broken", "unlabelled", "unreadable"), ""),
        "firing_for": "s",
        "longest_for": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset(
        {
            *("missing", "dead", "weak", "rules", "firing", "broken"),
            *("unlabelled", "unreadable"),
        }
    )

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        try:
            matters = msgspec.convert(parameters.get("matters", {}), dict[str, Matter])
        except msgspec.ValidationError as error:
            return [f"matters: {error}"]
        every = (*matters.values(), Matter(reads=tuple(parameters.get("weak", ()))))
        wrong = [f"matters: {said}" for each in every for said in each.complaints()]
        return wrong if matters or "matters" not in parameters else ["matters: none"]

    @property
    def thing(self) -> str:
        return f"{self.source} rules on {', '.join(self.matters)}"

    async def measure(self, sources: Sources) -> Measurement:
        every = await alert_rules(self, sources)
        possible = [r for r in every if any(m.named(r) for m in self.matters.values())]
        live = await self._live(sources, possible)
        about = {
            name: [rule for rule in possible if matter.concerns(rule, live)]
            for name, matter in self.matters.items()
        }
        living = {
            name: [rule for rule in rules if not _lacks(rule, live)]
            for name, rules in about.items()
        }
        covering = {
            name: [r for r in rules if not r.broken and not self._is_weak(r)]
            for name, rules in living.items()
        }
        counted = _unique(covering)
        firing = [rule for rule in counted if rule.since is not None]
        begun = [rule.since for rule in counted if rule.since is not None]
        quickest = [min(r.pending for r in each) for each in covering.values() if each]
        return measured(
            "\n".join(_told(name, rules, live) for name, rules in about.items()),
            Reading("matters", len(self.matters)),
            Reading("loaded", sum(map(bool, about.values()))),
            Reading("covered", sum(map(bool, covering.values()))),
            _naming("missing", (name for name in about if not about[name])),
            _naming("dead", (n for n in about if about[n] and not living[n])),
            _naming(
                "weak",
                (n for n in living if living[n] and all(map(self._is_weak, living[n]))),
            ),
            _naming("rules", (rule.name for rule in counted)),
            _naming("firing", (rule.name for rule in firing)),
            Reading("firing_for", time.time() - min(begun) if begun else None, "s"),
            _naming("broken", (rule.name for rule in _unique(about) if rule.broken)),
            _naming("unlabelled", (r.name for r in counted if not r.severity)),
            Reading("longest_for", max(quickest, default=None), "s"),
            _naming("unreadable", (r.name for r in every if r.expression is None)),
        )

    async def _live(self, sources: Sources, rules: list[Rule]) -> Live:
        """Ask which series exist now, with the labels that matters ask for."""
        selectors = list(dict.fromkeys(s for rule in rules for s in rule.selectors))
        keys = {key for matter in self.matters.values() for key in matter.labels}
        found: dict[Selector, list[Mapping[str, str]]] = {s: [] for s in selectors}
        for start in range(0, len(selectors), _AT_ONCE):
            asked = selectors[start : start + _AT_ONCE]
            # Each selector's answer is kept apart by a label of its own.
            query = " or ".join(
                f"label_replace(count by ({', '.join(sorted(keys))}) ({selector}), "
                f'"part", "{n}", "", "")'
                for n, selector in enumerate(asked)
            )
            for sample in await self.samples(sources, query):
                found[asked[int(sample.labels["part"])]].append(sample.labels)
        return found

    def _is_weak(self, rule: Rule) -> bool:
        return bool(self.weak) and all(
            any(re.fullmatch(each, selector.metric) for each in self.weak)
            for selector in rule.selectors
        )


def _lacks(rule: Rule, live: Live) -> list[Selector]:
    there = {selector: bool(series) for selector, series in live.items()}
    return rule.expression.lacks(there) if rule.expression else []


def _unique(by_matter: Mapping[str, list[Rule]]) -> list[Rule]:
    """Return all rules, one that is about two matters once."""
    return list(
        {id(rule): rule for each in by_matter.values() for rule in each}.values()
    )


def _told(matter: str, rules: list[Rule], live: Live) -> str:
    said = []
    for rule in rules:
        lacking = _lacks(rule, live)
        state = f"dead, nothing exports {lacking[0]}" if lacking else "lives"
        state = "cannot be evaluated" if rule.broken else state
        fires = ", fires" if rule.since is not None else ""
        said.append(f"{rule.name} ({state}{fires})")
    return f"{matter}: {', '.join(said) or 'no rule'}"


def _naming(name: str, found: Iterable[str]) -> Reading:
    return Reading(name, ", ".join(dict.fromkeys(found)) or None)
