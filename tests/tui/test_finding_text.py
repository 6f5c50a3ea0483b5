"""What a finding says in the detail of a step."""

from __future__ import annotations

import pytest

from runbooks.results import Finding, Judged, Reading, Result, Soaked
from state.standing import StepState
from tui.widgets.finding_text import finding_text, soak_text


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (None, "", "absent"),
        (True, "", "yes"),
        (False, "", "no"),
        (0.0008539829996152548, "s", "0.854 ms"),
        ("x" * 90, "", "x" * 90),
    ],
)
def test_values_are_for_people(value: str | float | None, unit: str, said: str) -> None:
    judged = Judged(Reading("open", value, unit), "present", Result.FAIL)
    state = StepState(probed_at="2026-01-01T00:00:00Z")
    lines = finding_text(Finding(Result.FAIL, "why", (judged,)), state)
    assert [str(line.text) for line in lines][-1] == f"✗ open  present   {said}"


def test_a_trend_says_of_what() -> None:
    trend = (0.012, 0.5, 0.03)
    soak = Soaked("", "", 60.0, 30.0, 3, trend=trend, reading="latency", unit="s")
    *_, line = soak_text(soak)
    assert str(line.text) == "▁█▁  latency 12 ms to 30 ms"
