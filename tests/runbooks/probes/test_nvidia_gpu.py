"""The probe of NVIDIA GPUs, against a C library of our own in the place of NVML."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from tests.runbooks.probes.gpu_stubs import built

SOURCE = Path(__file__).with_name("nvml_stub.c")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(SOURCE, tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so.1")


@pytest.fixture
def gpus(library: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of the helper process, in which the library is found."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(library.parent))
    return monkeypatch


async def look(timeout: str = "10s") -> Measurement:
    cls = probes.probe_class("nvidia_gpu")
    async with Sources() as sources:
        return await probes.build(cls, {"timeout": timeout}).look(sources)


def values(seen: Measurement) -> dict[str, object]:
    return {name: reading.value for name, reading in seen.readings.items()}


async def test_two_gpus(gpus: pytest.MonkeyPatch) -> None:
    seen = await look()
    assert values(seen) == {
        "devices": 2,
        "names": "Stub GPU 0, Stub GPU 1",
        "failing": None,
        "driver": "550.54.15",
        "driver_major": 550,
        "memory_total": 64 * 2**30,
        "memory_used": 16 * 2**30,
        "memory": 25.0,
        "utilisation": 39,
        "temperature": 55,
        "processes": 1,
    }
    assert "0: Stub GPU 0, 16 GiB of 64 GiB, 38 % busy, 55 °C, processes: 4711" in (
        seen.evidence
    )


async def test_an_old_driver(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_DRIVER", "470.256.02")
    assert values(await look())["driver_major"] == 470


async def test_no_device(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_COUNT", "0")
    seen = values(await look())
    assert seen["devices"] == 0 and seen["names"] is None
    assert "memory_total" not in seen and seen["processes"] == 0


async def test_what_a_gpu_does_not_offer_is_left_out(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_RATES", "3")  # not supported
    gpus.setenv("STUB_TEMPERATURE", "4")  # no permission
    seen = values(await look())
    assert "utilisation" not in seen and "temperature" not in seen
    assert seen["failing"] is None and seen["processes"] == 1


async def test_a_gpu_that_is_lost(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_SECOND", "15")
    seen = values(await look())
    assert seen["devices"] == 2
    assert seen["failing"] == "1 (GPU is lost)"


@pytest.mark.parametrize(
    ("code", "words"), [("9", "Driver Not Loaded"), ("18", "version mismatch")]
)
async def test_a_driver_that_does_not_work(
    gpus: pytest.MonkeyPatch, code: str, words: str
) -> None:
    gpus.setenv("STUB_INIT", code)
    with pytest.raises(ProbeError, match=words) as caught:
        await look()
    assert (caught.value.source, caught.value.stage) == ("NVIDIA GPU", "driver")


async def test_gpus_that_cannot_be_counted(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_COUNT_CODE", "999")
    with pytest.raises(ProbeError, match="cannot count GPUs: Unknown Error"):
        await look()


async def test_no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    with pytest.raises(ProbeError, match=r"libnvidia-ml\.so\.1 is not there"):
        await look()


async def test_a_driver_that_hangs(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_HANG", "1")
    with pytest.raises(ProbeError, match="no answer in 1 s") as caught:
        await look("1s")
    assert caught.value.stage == "timeout"


async def test_a_library_that_crashes(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_CRASH", "1")
    with pytest.raises(ProbeError, match="NVIDIA ended without an answer"):
        await look()
