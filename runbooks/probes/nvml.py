"""Helper process that asks NVML: ``python -m runbooks.probes.nvml``.

Every field is asked for on its own, because a GPU that does not know one still
answers the others. Source: NVML API reference, and its Python binding pynvml.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from runbooks.probes.answering import answer
from runbooks.probes.gpu import Gpu, Gpus

T = TypeVar("T")


def ask() -> Gpus:
    """Return what NVML says of this machine."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError_LibraryNotFound:
        said = "libnvidia-ml.so.1 is not there: this machine has no NVIDIA driver"
        return Gpus(missing=said)
    except pynvml.NVMLError as error:
        return Gpus(missing=f"NVML cannot start: {error}")
    try:
        problems: list[str] = []
        driver = _field(pynvml.nvmlSystemGetDriverVersion, problems)
        count = pynvml.nvmlDeviceGetCount()
        devices = [_device(number) for number in range(count)]
        return Gpus(driver=driver or "", devices=devices)
    except pynvml.NVMLError as error:
        return Gpus(missing=f"NVML cannot count GPUs: {error}")
    finally:
        pynvml.nvmlShutdown()


def _device(number: int) -> Gpu:
    import pynvml

    problems: list[str] = []
    handle = _field(lambda: pynvml.nvmlDeviceGetHandleByIndex(number), problems)
    if handle is None:
        return Gpu(problems=problems or ["cannot be asked"])

    def read(name: str, *more: int) -> Any:
        return _field(lambda: getattr(pynvml, name)(handle, *more), problems)

    memory = read("nvmlDeviceGetMemoryInfo")
    rates = read("nvmlDeviceGetUtilizationRates")
    processes = read("nvmlDeviceGetComputeRunningProcesses_v3")
    return Gpu(
        name=read("nvmlDeviceGetName") or "",
        memory_total=memory.total if memory else None,
        memory_used=memory.used if memory else None,
        utilisation=rates.gpu if rates else None,
        temperature=read("nvmlDeviceGetTemperature", pynvml.NVML_TEMPERATURE_GPU),
        processes=[each.pid for each in processes] if processes is not None else None,
        problems=list(dict.fromkeys(problems)),
    )


def _field(read: Callable[[], T], problems: list[str]) -> T | None:
    """Return what is read, None where it cannot be; tell problems apart.

    That a GPU or a driver does not offer something is none.
    """
    import pynvml

    try:
        return read()
    except (
        pynvml.NVMLError_NotSupported,
        pynvml.NVMLError_FunctionNotFound,
        pynvml.NVMLError_NoPermission,
    ):
        return None
    except pynvml.NVMLError as error:
        problems.append(str(error))
        return None


if __name__ == "__main__":
    answer(ask)
