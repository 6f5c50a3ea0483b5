"""The runner: one finding a step, whatever happens."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.model import Step
from runbooks.passes import Pass
from runbooks.probes.tcp import TcpProbe
from runbooks.results import Finding, Result
from runbooks.runner import Runner
from runbooks.secrets import Secret
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import Target


def step(
    id: str,
    *specs: ProbeSpec,
    when: dict[str, str | bool | int | list[str]] | None = None,
) -> Step:
    options = StepOptions(probes=specs, when=when or {})
    return Step(id, id, "section", 1, False, 0, "digest", options)


def http(url: str, expect: dict[str, Any], **parameters: Any) -> ProbeSpec:
    return ProbeSpec("http", expect, {"url": url, **parameters})


async def one(target: Target, *specs: ProbeSpec, **more: Any) -> Finding:
    return await Runner(target).probe(step("a", *specs, **more))


@pytest.fixture
def target(web: Any) -> Target:
    return Target("test", tables={"api": {"url": web.url}})


async def test_pass_with_reason_evidence_and_source(web: Any, target: Target) -> None:
    found = await one(target, http("${api.url}/health", {"status": 200}))
    assert (found.result, found.reason) == (Result.PASS, "200")
    assert found.source == f"http 127.0.0.1:{web.port}"
    assert "healthy" in found.evidence
    assert found.seconds > 0
    assert [judged.expected for judged in found.judged] == ["200"]


async def test_fail_says_what_was_not_met(target: Target) -> None:
    found = await one(target, http("${api.url}/503", {"status": 200}))
    assert (found.result, found.reason) == (Result.FAIL, "503, not 200")


async def test_warn(target: Target) -> None:
    bounds = {"pass": 301, "warn": 200}
    found = await one(target, http("${api.url}/health", {"status": bounds}))
    assert found.result is Result.WARN


async def test_the_worst_of_several_probes_decides(target: Target) -> None:
    good = http("${api.url}/health", {"status": 200})
    found = await one(target, good, http("${api.url}/503", {"status": 200}))
    assert (found.result, found.reason) == (Result.FAIL, "503, not 200 (/503)")
    assert len(found.judged) == 2


async def test_down_is_unknown(closed_port: int) -> None:
    target = Target("t", tables={"api": {"url": f"http://127.0.0.1:{closed_port}"}})
    found = await one(target, http("${api.url}/", {"status": 200}))
    assert found.result is Result.UNKNOWN
    assert found.reason == f"127.0.0.1:{closed_port} refused the connection"
    assert found.source == f"http 127.0.0.1:{closed_port}"


async def test_a_step_about_being_reachable_fails_when_it_is_not(
    web: Any, closed_port: int
) -> None:
    expect = {"answers": True, "status": 200}
    found = await one(Target(""), http(f"http://127.0.0.1:{closed_port}", expect))
    assert found.result is Result.FAIL and "refused" in found.reason
    found = await one(Target(""), http(f"{web.url}/slow", expect, timeout="100ms"))
    assert found.result is Result.FAIL and found.reason == "no answer in 0.1 s"
    found = await one(Target(""), http("${api.url}/", expect))
    assert found.result is Result.UNKNOWN
    found = await one(Target(""), http(f"{web.url}/health", expect))
    assert (found.result, found.reason) == (Result.PASS, "200")


async def test_a_reading_that_was_not_given_is_unknown(target: Target) -> None:
    found = await one(target, http("${api.url}/big", {"json.status": "ok"}))
    assert found.result is Result.UNKNOWN
    assert found.reason == "nothing was read for json.status"
    assert "1000000 bytes" in found.evidence


async def test_a_failure_outweighs_what_was_not_read(target: Target) -> None:
    spec = http("${api.url}/503", {"status": 200, "json.status": "ok"})
    found = await one(target, spec)
    assert (found.result, found.reason) == (Result.FAIL, "503, not 200")


async def test_nothing_expected_never_passes(target: Target) -> None:
    assert (await one(target)).result is Result.UNKNOWN
    found = await one(target, http("${api.url}/health", {}))
    assert found.result is Result.UNKNOWN


async def test_without_a_profile_the_reason_is_the_profile() -> None:
    found = await one(Target(""), http("${api.url}/health", {"status": 200}))
    assert found.result is Result.UNKNOWN
    assert found.reason == "no [api] url in the profile"
    assert found.source == "target profile"
    assert "add url under [api]" in found.evidence


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (ProbeSpec("htpt", {"status": 200}), "did you mean 'http'"),
        (http("http://127.0.0.1", {"statsu": 200}), "no reading 'statsu'"),
        (http("http://127.0.0.1", {"latency": "<= 5 B"}), "does not fit"),
        (http("http://127.0.0.1", {"status": 200}, timeuot="5s"), "mean 'timeout'"),
    ],
)
async def test_a_mistake_in_the_document_is_unknown(spec: ProbeSpec, said: str) -> None:
    found = await one(Target(""), spec)
    assert found.result is Result.UNKNOWN
    assert said in found.reason


async def test_facts_rule_a_step_out_without_looking(web: Any) -> None:
    target = Target("t", facts={"platform": "compose"})
    spec = http(f"{web.url}/health", {"status": 200})
    found = await one(target, spec, when={"platform": "kubernetes"})
    assert (found.result, found.reason) == (Result.NA, "by fact: platform is compose")
    assert not web.asked


async def test_which_probe_is_to_look_is_a_fact_that_has_to_be_stated(
    web: Any,
) -> None:
    here, there = (
        ProbeSpec("http", {"status": code}, {"url": f"{web.url}/health"}, when=when)
        for code, when in ((200, {"pooler": True}), (503, {"pooler": False}))
    )
    # Neither alternative may speak for a deployment that nobody described.
    found = await one(Target("t"), here, there)
    assert found.result is Result.UNKNOWN and not web.asked
    assert (found.reason, found.source) == (
        "no [facts] pooler in the profile",
        "target profile",
    )
    assert "add pooler under [facts]" in found.evidence
    for pooler, result in ((True, Result.PASS), (False, Result.FAIL)):
        stated = Target("t", facts={"pooler": pooler})
        assert (await one(stated, here, there)).result is result


async def test_thresholds_of_the_profile_replace_those_of_the_step(web: Any) -> None:
    spec = http(f"{web.url}/503", {"status": 200})
    lenient = Target("t", thresholds={"a": {"status": 503}})
    assert (await one(lenient, spec)).result is Result.PASS
    mistaken = Target("t", thresholds={"a": {"latency": "<= 1 s"}})
    found = await one(mistaken, spec)
    assert found.result is Result.UNKNOWN and "'latency'" in found.reason


@pytest.mark.parametrize(
    ("thresholds", "result"),
    [
        ({}, Result.FAIL),
        ({"late.status": [200, 503]}, Result.PASS),
        ({"status": [200, 503]}, Result.PASS),
        ({"status": [200, 503], "late.status": 200}, Result.FAIL),
        ({"soon.status": [200, 503]}, Result.FAIL),
    ],
)
async def test_a_threshold_may_be_for_one_of_several_probes(
    web: Any, thresholds: dict[str, Any], result: Result
) -> None:
    soon, late = (
        ProbeSpec("http", {"status": 200}, {"url": f"{web.url}/{path}"}, called=name)
        for name, path in (("soon", "health"), ("late", "503"))
    )
    found = await one(Target("t", thresholds={"a": thresholds}), soon, late)
    assert found.result is result, found


async def test_expectations_may_refer_to_the_profile(target: Target) -> None:
    spec = http("${api.url}/redirect", {"location": "${api.url}/"})
    assert (await one(target, spec)).result is Result.FAIL
    spec = http("${api.url}/redirect", {"location": "${api.wanted}"})
    tables = {"api": {**target.tables["api"], "wanted": "https://elsewhere.test/"}}
    assert (await one(Target("t", tables=tables), spec)).result is Result.PASS


async def test_secrets_reach_the_server_and_nothing_else(
    web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONOGO_TEST_TOKEN", "s3cret-value")
    token = Secret("env", "GONOGO_TEST_TOKEN")
    target = Target("t", tables={"api": {"token": token}}, secrets={"api.token": token})
    headers = {"Authorization": "Bearer ${api.token}"}
    spec = http(f"{web.url}/echo", {"body": "~ ^Bearer s3cret-value$"}, headers=headers)
    found = await one(target, spec)
    assert found.result is Result.PASS
    assert "s3cret" not in found.evidence + found.reason + str(
        [judged.reading for judged in found.judged]
    )
    assert "[redacted]" in found.evidence


async def test_several_that_pass_say_what_they_read(target: Target) -> None:
    good = http("${api.url}/health", {"status": 200})
    here = http("${api.url}/health", {"answers": True})
    assert (await one(target, good, here)).reason == "200"
    assert (await one(target, here, here)).reason == "all 2 pass"


async def test_a_secret_that_a_probe_comes_upon_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").write_text("kept-in-a-file\n")
    monkeypatch.setenv("SOME_TOKEN", "of-the-environment")
    monkeypatch.setenv("PLAIN", "named-by-the-profile")
    secrets = {
        "redis.password": Secret("env", "PLAIN"),
        "grafana.token": Secret("file", str(tmp_path / "kept")),
    }
    tables = {"grafana": {"token": secrets["grafana.token"]}}
    said = f'cat {tmp_path}/kept; echo "$SOME_TOKEN $PLAIN"'
    command = {"command": said, "class": "observe"}
    found = await one(
        Target("t", tables=tables, secrets=secrets),
        ProbeSpec("command", {"output": "~ kept"}, command),
    )
    assert found.result is Result.PASS
    assert found.judged[0].reading.value == "[redacted]\n[redacted] [redacted]\n"
    assert "kept-in" not in found.evidence and "named-by" not in found.evidence


async def test_a_secret_that_nobody_needs_is_fetched_by_no_command(
    tmp_path: Path, target: Target
) -> None:
    ran = tmp_path / "ran"
    secrets = {"other.token": Secret("command", f"touch {ran}; echo it")}
    wider = replace(target, secrets=secrets)
    found = await one(wider, http("${api.url}/health", {"status": 200}))
    assert found.result is Result.PASS
    assert not ran.exists()


async def test_a_missing_secret_is_unknown() -> None:
    token = Secret("env", "GONOGO_TEST_UNSET")
    target = Target("t", tables={"api": {"token": token}}, secrets={"api.token": token})
    found = await one(target, http("http://127.0.0.1/${api.token}", {"status": 200}))
    assert found.result is Result.UNKNOWN and "is not set" in found.reason


async def test_long_readings_are_cut(target: Target) -> None:
    found = await one(target, http("${api.url}/big", {"body": "~ x"}))
    assert len(str(found.judged[0].reading.value)) == 200


async def test_equal_requests_of_one_pass_are_made_once(
    web: Any, target: Target
) -> None:
    steps = [
        step("a", http("${api.url}/health", {"status": 200})),
        step("b", http(f"{web.url}/health", {"json.status": "healthy"})),
        step("c", http("${api.url}/health", {"status": 404})),
        step("d", http("${api.url}/503", {"status": 503})),
    ]
    runner = Runner(target)
    found = {id: finding.result async for id, finding in runner.probe_all(steps)}
    passed = dict.fromkeys("abd", Result.PASS)
    assert found == {**passed, "c": Result.FAIL}
    assert web.asked == {"/health": 1, "/503": 1}
    async for _ in runner.probe_all(steps[:1]):
        pass
    assert web.asked["/health"] == 2, "another pass looks again"


async def test_concurrency_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    async def measure(self: TcpProbe, sources: Any) -> None:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0.01)
        running -= 1
        raise ProbeError("seen")

    monkeypatch.setattr(TcpProbe, "measure", measure)
    steps = [
        step(f"s{n}", ProbeSpec("tcp", {"open": "80"}, {"host": "h", "port": n}))
        for n in range(1, 13)
    ]
    found = [id async for id, _ in Runner(Target(""), 3).probe_all(steps)]
    assert len(found) == 12
    assert most == 3


async def test_a_bug_is_named_logged_and_leaves_neighbours_alone(
    target: Target, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def measure(self: TcpProbe, sources: Any) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(TcpProbe, "measure", measure)
    steps = [
        step("bug", ProbeSpec("tcp", {"open": "80"}, {"host": "h", "port": 80})),
        step("fine", http("${api.url}/health", {"status": 200})),
    ]
    with caplog.at_level(logging.ERROR, "gonogo.runner"):
        found = {id: finding async for id, finding in Runner(target).probe_all(steps)}
    assert found["fine"].result is Result.PASS
    assert found["bug"].result is Result.UNKNOWN
    assert found["bug"].reason == "a bug in the probe tcp: see the log"
    assert "KeyError: 'oops'" in caplog.text


async def test_a_bug_around_the_probes_keeps_nobody_waiting(
    target: Target, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, step: Step, agreed: bool) -> None:
        raise ZeroDivisionError(step.id)

    monkeypatch.setattr(Pass, "_chosen", broken)
    async with asyncio.timeout(60):
        found = await one(target, http("${api.url}/health", {"status": 200}))
    assert found.result is Result.UNKNOWN and "a bug in looking" in found.reason
    assert "ZeroDivisionError: a" in caplog.text


async def test_closing_early_stops_what_runs(web: Any, target: Target) -> None:
    steps = [
        step("slow", http("${api.url}/slow", {"status": 200}, timeout="60s")),
        step("fast", http("${api.url}/health", {"status": 200})),
    ]
    async with aclosing(Runner(target).probe_all(steps)) as findings:
        async for id, _ in findings:
            assert id == "fast"
            break
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancelling_leaves_nothing_running(target: Target) -> None:
    slow = step("slow", http("${api.url}/slow", {"status": 200}, timeout="60s"))
    task = asyncio.create_task(Runner(target).probe(slow))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_headless_an_inferred_class_does_not_count(tmp_path: Path) -> None:
    inferred = ProbeSpec("command", {"exit": 0}, {"command": f"ls {tmp_path}"})
    declared = ProbeSpec(
        "command", {"exit": 0}, {**inferred.parameters, "class": "observe"}
    )
    assert (await one(Target(""), inferred)).result is Result.PASS
    headless = Runner(Target(""), declared_only=True)
    found = await headless.probe(step("a", inferred))
    assert found.result is Result.UNKNOWN and 'class = "observe"' in found.reason
    assert (await headless.probe(step("a", declared))).result is Result.PASS


async def test_commands_see_the_profile_through_their_environment() -> None:
    target = Target("t", tables={"api": {"host": "a b", "port": 80}})
    parameters = {
        "command": 'echo "<$HOST>" "$PORT" "${HOME:+home}"',
        "class": "observe",
        "env": {"HOST": "${api.host}", "PORT": "${api.port}"},
    }
    spec = ProbeSpec("command", {"output": "~ ^<a b> 80 home$"}, parameters)
    assert (await one(target, spec)).result is Result.PASS
