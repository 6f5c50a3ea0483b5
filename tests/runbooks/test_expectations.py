"""How readings are judged, and what is said of them."""

from __future__ import annotations

import pytest

from runbooks.expectations import judge, parse, reason
from runbooks.quantities import shown
from runbooks.results import Reading, Result

HOUR = 3600.0


def judged(spec: object, value: object, unit: str = "") -> tuple[Result, str]:
    expectation = parse(spec, unit)
    answer = judge(Reading("status", value, unit), expectation)  # type: ignore[arg-type]
    return answer.result, reason(answer, expectation)


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        (200, 200, 503),
        ([401, 403], 403, 200),
        ("== 5", 5, 6),
        ("!= 0", 1, 0),
        ("nosniff", "nosniff", "none"),
        ("~ ^text/", "text/html", "a text/html"),
        ("!~ unsafe-", "default-src 'self'", "unsafe-inline"),
        ("present", "", None),
        ("present", True, False),
        ("absent", None, ""),
        ("absent", None, False),
        (True, True, False),
        (True, True, 1),
        ("<= 5", 5, 5.1),
        ("< 5", 4.9, 5),
        (">= 5", 5, 4.9),
        ("> 5", 5.1, 5),
        ("1", 1, 2),
        (["< 1", "> 9"], 10, 5),
    ],
)
def test_bounds(spec: object, good: object, bad: object) -> None:
    assert judged(spec, good)[0] is Result.PASS
    assert judged(spec, bad)[0] is Result.FAIL


@pytest.mark.parametrize("spec", [200, [1, 2], "!= 0", "~ x", "!~ x", "<= 5", "> 0"])
def test_what_is_not_there_meets_only_absent(spec: object) -> None:
    assert judged(spec, None)[0] is Result.FAIL


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("12", (Result.PASS, "12")),
        ("0.5", (Result.FAIL, "0.5 < 1")),
        ("twelve", (Result.FAIL, "twelve is no number")),
        (True, (Result.FAIL, "status: yes")),
    ],
)
def test_only_what_is_a_number_meets_an_ordered_bound(
    value: object, answer: tuple[Result, str]
) -> None:
    assert judged(">= 1", value) == answer


@pytest.mark.parametrize(
    ("passes", "warns"),
    [("<= 5", "<= 6"), ("< 5", "<= 5"), (">= 5", "<= 4"), ("<= [a]", "<= [b]")],
)
def test_a_warn_band_may_reach_further(passes: str, warns: str) -> None:
    assert parse({"pass": passes, "warn": warns}).warns


def test_pass_then_warn_then_fail() -> None:
    spec = {"pass": "<= 1 s", "warn": "<= 3 s"}
    assert judged(spec, 0.9, "s")[0] is Result.PASS
    assert judged(spec, 2.0, "s")[0] is Result.WARN
    assert judged(spec, 3.1, "s")[0] is Result.FAIL


@pytest.mark.parametrize(
    ("text", "unit", "limit"),
    [
        ("<= 250 ms", "s", 0.25),
        ("<= 2 min", "s", 120),
        ("<= 26 h", "s", 26 * HOUR),
        ("<= 26h", "s", 26 * HOUR),
        ("<= 2 d", "s", 48 * HOUR),
        ("<= 36 h", "d", 1.5),
        ("<= 2 KiB", "B", 2048),
        ("<= 1.5 GiB", "B", 1.5 * 2**30),
        ("<= 80 %", "%", 80),
    ],
)
def test_units_are_converted(text: str, unit: str, limit: float) -> None:
    assert judged(text, limit, unit)[0] is Result.PASS
    assert judged(text, limit * 1.001, unit)[0] is Result.FAIL


@pytest.mark.parametrize(
    ("spec", "unit", "remedy"),
    [
        ("<= 5 GiB", "s", "write it in ms, s, min"),
        ("<= 5 s", "B", "write it in B, KiB"),
        ("<= 5", "s", "write it in"),
        (300, "s", "write it in"),
        ("<= 5 s", "", "write it in no unit"),
        ("<= five", "s", "write for instance"),
        ("<=", "s", "nothing follows"),
        ("~ (", "", "no regular expression"),
        ([], "", "empty list"),
        ({}, "", "pass is missing"),
        ({"pass": 1, "wrn": 2}, "", "'wrn' means nothing"),
        ({"pass": "<= 5 s", "warn": "<= 3 s"}, "s", "write a wider one"),
        ({"pass": "<= 5", "warn": "< 5"}, "", "write a wider one"),
        ({"pass": "present", "warn": "present"}, "", "write a wider one"),
        (">= 0 B", "B", "asserts nothing"),
        ({"pass": ">= 0", "warn": "absent"}, "%", "asserts nothing"),
        (None, "", "cannot be compared"),
    ],
)
def test_what_cannot_be_read_says_what_to_write(
    spec: object, unit: str, remedy: str
) -> None:
    with pytest.raises(ValueError, match=remedy):
        parse(spec, unit)


@pytest.mark.parametrize(
    ("spec", "value", "unit", "said"),
    [
        ("<= 26 h", 31 * HOUR, "s", "31 h > 26 h"),
        ("<= 26 h", 26.0001 * HOUR, "s", "26.0001 h > 26 h"),
        (">= 30 d", 12.0, "d", "12 d < 30 d"),
        (200, 503, "", "503, not 200"),
        ([401, 403], 200, "", "200, not 401 or 403"),
        ("absent", "80, 443", "", "status: 80, 443"),
        (200, None, "", "status absent"),
        ("~ ok", "down", "", "status lacks ok"),
        ("!~ debug", "debug on", "", "status has debug"),
        ("!= 0", 0, "", "is 0"),
        (True, False, "", "status: no"),
        ("<= 1 s", 0.12, "s", "120 ms"),
        (200, 200, "", "200"),
    ],
)
def test_reasons_in_few_words(
    spec: object, value: object, unit: str, said: str
) -> None:
    assert judged(spec, value, unit)[1] == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.0123, "s", "12.3 ms"),
        (90.0, "s", "90 s"),
        (600.0, "s", "10 min"),
        (5 * 24 * HOUR, "s", "5 d"),
        (1536, "B", "1536 B"),
        (5 * 2**20, "B", "5 MiB"),
        (12.0, "%", "12 %"),
        (0, "B", "0 B"),
        (0.0, "s", "0 ms"),
        (True, "", "yes"),
        (float("inf"), "", "infinite"),
        (float("nan"), "", "not a number"),
        (10**400, "s", "infinite d"),
        (1e30, "", "1e+30"),
        ("two\nlines", "", "two lines"),
    ],
)
def test_values_for_people(value: object, unit: str, said: str) -> None:
    assert shown(Reading("x", value, unit)) == said  # type: ignore[arg-type]


def compared(spec: object, value: object, other: object) -> tuple[Result, str]:
    def others(name: str) -> Reading | None:
        return Reading(name, other) if name == "db.rows" else None  # type: ignore[arg-type]

    expectation = parse(spec)
    answer = judge(Reading("count", value), expectation, others)  # type: ignore[arg-type]
    return answer.result, reason(answer, expectation, others)


@pytest.mark.parametrize(
    ("spec", "other", "good", "bad"),
    [
        ("== [db.rows]", 7, 7, 8),
        ("== [db.rows] ± 2", 7, 9, 10),
        ("== [db.rows] +- 10 %", 100, 110, 111),
        ("== [db.rows] ± 5 or 10 %", 100, 110, 111),
        ("== [db.rows] ± 5 or 10 %", 10, 5, 4),
        ("!= [db.rows]", 7, 8, 7),
        ("<= 80 % of [db.rows]", 100, 80, 81),
        (">= 2 × [db.rows]", 3, 6, 5),
        ("< [db.rows]", 3, 2, 3),
        ("== [db.rows]", "a", "a", "b"),
        (["== [db.rows]", 0], 7, 0, 1),
    ],
)
def test_another_reading_may_be_the_bound(
    spec: object, other: object, good: object, bad: object
) -> None:
    assert compared(spec, good, other)[0] is Result.PASS
    assert compared(spec, bad, other)[0] is Result.FAIL


def test_a_comparison_says_both_sides() -> None:
    said = compared("<= 80 % of [db.rows]", 90, 100)
    assert said == (Result.FAIL, "count 90, not <= 80 % of [db.rows] (100)")


def test_without_the_other_reading_nobody_can_tell() -> None:
    result, said = compared("<= [db.size]", 1, 100)
    assert result is Result.UNKNOWN
    assert said == "nothing was read for db.size, to compare count with"


def test_what_is_not_there_compares_with_nothing() -> None:
    assert compared("<= [db.rows]", None, 7)[0] is Result.FAIL
    assert compared("<= [db.rows]", 1, None)[0] is Result.FAIL


def test_a_band_shows_that_the_step_does_not_apply() -> None:
    spec = {"pass": ">= 2", "na": 0}
    assert judged(spec, 0)[0] is Result.NA
    assert judged(spec, 2)[0] is Result.PASS
    assert judged(spec, 1)[0] is Result.FAIL


@pytest.mark.parametrize("pattern", ["~ .*", "~ a?", "!~ (x|)"])
def test_a_pattern_that_is_always_found_asserts_nothing(pattern: str) -> None:
    with pytest.raises(ValueError, match="asserts nothing"):
        parse(pattern)
