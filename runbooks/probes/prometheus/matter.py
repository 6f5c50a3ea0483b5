"""What alert rules are to be about, told by what they look at."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

import msgspec

from runbooks.probes.prometheus.expression import ABSENCE, Expression, Selector
from runbooks.probes.prometheus.loaded import Rule

Live = Mapping[Selector, list[Mapping[str, str]]]
"""By selector, the labels of what it finds now, as far as they were asked for."""
_NEAR = 0.05
"""Share by which a threshold may be off and still be the same."""


class Matter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that an alert has to be about.

    Attributes:
        reads: regular expressions of metrics; a rule reads at least one of them.
        labels: by label, a regular expression of what it is on the series that are
            read, as far as they have it.
        calls: functions or aggregations, at least one of which it calls.
        threshold: what it compares with, in the metric's base unit, to 5 %.
        absence: whether it has to notice that series end (true), or has to do
            more than that (false); either where it is left out.
    """

    reads: tuple[str, ...]
    labels: dict[str, str] = {}
    calls: tuple[str, ...] = ()
    threshold: float | None = None
    absence: bool | None = None

    def named(self, rule: Rule) -> bool:
        """Whether a rule may be about this, by the names of what it reads."""
        return any(self._reads(each) for each in rule.selectors)

    def concerns(self, rule: Rule, live: Live) -> bool:
        """Whether a rule is about this."""
        expression = rule.expression
        return (
            expression is not None
            and expression.compares
            and self._asks(expression)
            and any(
                self._reads(each) and self._labelled(each, live.get(each, []))
                for each in rule.selectors
            )
        )

    def complaints(self) -> Iterable[str]:
        """Yield what is wrong with the patterns."""
        for pattern in (*self.reads, *self.labels.values()):
            try:
                re.compile(pattern)
            except re.error as error:
                yield f"{pattern!r} is no regular expression: {error}"

    def _reads(self, selector: Selector) -> bool:
        return any(re.fullmatch(each, selector.metric) for each in self.reads)

    def _asks(self, expression: Expression) -> bool:
        if self.calls and not expression.functions & set(self.calls):
            return False
        if self.absence not in (None, bool(expression.functions & ABSENCE)):
            return False
        return self.threshold is None or any(
            math.isclose(each, self.threshold, rel_tol=_NEAR)
            for each in expression.thresholds
        )

    def _labelled(self, selector: Selector, series: list[Mapping[str, str]]) -> bool:
        """Whether one of the series has the labels, as far as it has such ones.

        Where there are none now, those that the selector names count.
        """
        return any(
            all(re.fullmatch(p, each[k]) for k, p in self.labels.items() if k in each)
            for each in series or [selector.labels]
        )
