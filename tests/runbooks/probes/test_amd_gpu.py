"""The probe of AMD GPUs, against a C library of our own in the place of AMD SMI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from tests.runbooks.probes.gpu_stubs import built

SOURCE = Path(__file__).with_name("amd_smi_stub.c")


@pytest.fixture(scope="module")
def rocm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ROCM_PATH names, and a `cat` that says the kernel's driver is live."""
    rocm = tmp_path_factory.mktemp("rocm")
    built(SOURCE, rocm / "lib" / "libamd_smi.so", "-DWITH_RSMI")
    built(SOURCE, rocm / "old" / "lib" / "libamd_smi.so")
    cat = rocm / "bin" / "cat"
    cat.parent.mkdir()
    cat.write_text("#!/bin/sh\necho live\n")
    cat.chmod(0o755)
    return rocm


@pytest.fixture
def gpus(rocm: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of the helper process, in which library and driver are found."""
    monkeypatch.setenv("ROCM_PATH", str(rocm))
    monkeypatch.setenv("PATH", f"{rocm / 'bin'}:{os.environ['PATH']}")
    return monkeypatch


async def look(timeout: str = "10s") -> Measurement:
    cls = probes.probe_class("amd_gpu")
    async with Sources() as sources:
        return await probes.build(cls, {"timeout": timeout}).look(sources)


def values(seen: Measurement) -> dict[str, object]:
    return {name: reading.value for name, reading in seen.readings.items()}


async def test_two_gpus(gpus: pytest.MonkeyPatch) -> None:
    assert values(await look()) == {
        "devices": 2,
        "names": "Stub GPU 0, Stub GPU 1",
        "failing": None,
        "driver": "6.10.5",
        "driver_major": 6,
        "memory_total": 64 * 2**30,
        "memory_used": 16 * 2**30,
        "memory": 25.0,
        "utilisation": 42,
        "processes": 1,
    }


async def test_an_old_driver(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_DRIVER", "5.18.13")
    assert values(await look())["driver_major"] == 5


async def test_no_device(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_COUNT", "0")
    assert values(await look())["devices"] == 0


async def test_a_library_that_offers_less(gpus: pytest.MonkeyPatch, rocm: Path) -> None:
    gpus.setenv("ROCM_PATH", str(rocm / "old"))
    gpus.setenv("STUB_GFX", "65535")  # how the library writes "not available"
    seen = values(await look())
    assert seen["devices"] == 2 and seen["memory"] == 25.0
    assert "processes" not in seen and "utilisation" not in seen


async def test_a_gpu_that_answers_nothing(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_SECOND", "7")
    seen = values(await look())
    assert seen["devices"] == 2 and seen["failing"] == "1 (answers nothing)"


async def test_no_library(gpus: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gpus.setenv("ROCM_PATH", str(tmp_path))
    with pytest.raises(ProbeError, match=r"libamd_smi\.so is not there") as caught:
        await look()
    assert (caught.value.source, caught.value.stage) == ("AMD GPU", "driver")


async def test_a_driver_that_is_not_loaded(
    rocm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROCM_PATH", str(rocm))
    with pytest.raises(ProbeError, match="driver not initialized"):
        await look()


async def test_a_library_that_cannot_start(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_INIT", "34")
    with pytest.raises(ProbeError, match="Processor driver not loaded"):
        await look()


async def test_a_driver_that_hangs(gpus: pytest.MonkeyPatch) -> None:
    gpus.setenv("STUB_HANG", "1")
    with pytest.raises(ProbeError, match="no answer in 1 s"):
        await look("1s")
