"""Helper process that asks AMD SMI: ``python -m runbooks.probes.rsmi``.

Source: pyrsmi, AMD's Python binding. Its getters return -1 or "" for whatever they
could not read, and write the reason to the log only, which is stderr here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from runbooks.probes.answering import answer
from runbooks.probes.gpu import Gpu, Gpus

DRIVER = Path("/sys/module/amdgpu/version")
"""Where the kernel says the version of a driver that was installed beside it."""


def ask() -> Gpus:
    """Return what AMD SMI says of this machine."""
    from pyrsmi import rocml

    try:
        rocml.smi_initialize()
    except rocml.ROCMLError_LibraryNotFound:
        said = "libamd_smi.so is not there: this machine has no ROCm at ROCM_PATH"
        return Gpus(missing=said)
    except RuntimeError as error:
        return Gpus(missing=str(error))
    try:
        devices = [_device(number) for number in range(rocml.smi_get_device_count())]
        return Gpus(driver=_driver(), devices=devices, processes=_processes())
    finally:
        rocml.smi_shutdown()


def _device(number: int) -> Gpu:
    from pyrsmi import rocml

    gpu = Gpu(
        name=rocml.smi_get_device_name(number),
        memory_total=_known(rocml.smi_get_device_memory_total(number)),
        memory_used=_known(rocml.smi_get_device_memory_used(number)),
        utilisation=_known(rocml.smi_get_device_utilization(number), 100),
    )
    if gpu == Gpu():
        gpu.problems.append("answers nothing")
    return gpu


def _known(value: int, most: int | None = None) -> int | None:
    """Return the value, None for -1 and for the largest number that C can write."""
    return None if value < 0 or (most is not None and value > most) else value


def _driver() -> str:
    from pyrsmi import rocml

    said = _exported(rocml.smi_get_kernel_version) or ""
    if not said and DRIVER.is_file():
        return DRIVER.read_text().strip()
    return str(said)


def _processes() -> list[int] | None:
    from pyrsmi import rocml

    ids: list[int] | None = _exported(rocml.smi_get_device_compute_process)
    return ids


def _exported(read: Callable[[], Any]) -> Any:
    """Return what is read, None where this libamd_smi has no such function."""
    try:
        return read()
    except AttributeError:
        return None


if __name__ == "__main__":
    answer(ask)
