"""The shipped runbook's GPU steps, against C libraries of our own."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from runbooks import parsing
from runbooks.results import Finding, Result
from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.probes.gpu_stubs import built

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "runbooks/documents/production-deployment.md"
STUB = ROOT / "tests/runbooks/probes/nvml_stub.c"
FAMILIES = ("nvidia_gpu", "amd_gpu")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(STUB, tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so.1")


@pytest.fixture
def gpus(library: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(library.parent))
    return monkeypatch


async def found(gpu: str) -> dict[str, Finding]:
    """Return what the GPU probes say of each item that has one."""
    steps = []
    for step in parsing.read(SHIPPED).steps:
        probes = tuple(probe for probe in step.probes if probe.use in FAMILIES)
        if probes and step.part is None:
            options = replace(step.options, probe=None, probes=probes)
            steps.append(replace(step, options=options))
    runner = Runner(Target("x", facts={"platform": "compose", "gpu": gpu}))
    return {id: finding async for id, finding in runner.probe_all(steps)}


async def test_a_good_driver_whose_gpu_is_used(gpus: pytest.MonkeyPatch) -> None:
    said = await found("nvidia")
    assert said["infra.gpu-drivers"].result is Result.PASS
    assert said["validate.gpu-used"].result is Result.PASS
    assert said["env.whisper-model"].result is Result.PASS


async def test_too_little_memory_for_the_model_fails(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_GIB", "4")
    assert (await found("nvidia"))["env.whisper-model"].result is Result.FAIL


async def test_an_old_driver_warns(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_DRIVER", "525.147.05")
    drivers = (await found("nvidia"))["infra.gpu-drivers"]
    assert (drivers.result, drivers.reason) == (Result.WARN, "driver_major 525 < 530")


async def test_no_device_fails(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_COUNT", "0")
    said = await found("nvidia")
    assert said.pop("env.whisper-model").result is Result.UNKNOWN
    assert {finding.result for finding in said.values()} == {Result.FAIL}


async def test_a_lost_gpu_fails(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_SECOND", "15")
    drivers = (await found("nvidia"))["infra.gpu-drivers"]
    assert drivers.reason == "failing: 1 (GPU is lost)"


async def test_another_makers_library_tells_nothing(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("ROCM_PATH", "/nowhere")
    said = await found("amd")
    assert {finding.result for finding in said.values()} == {Result.UNKNOWN}
    assert {finding.source for finding in said.values()} == {"AMD GPU"}


async def test_without_a_gpu_nothing_applies(gpus: pytest.MonkeyPatch) -> None:
    said = await found("none")
    assert {finding.result for finding in said.values()} == {Result.NA}
    assert len(said) >= 2
