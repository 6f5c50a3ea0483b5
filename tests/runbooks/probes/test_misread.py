"""An answer of the wrong shape is told as that, whichever probe reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, Probe, measured
from runbooks.probes.sources import Sources
from runbooks.results import Reading

WRONG: dict[str, Callable[[], Any]] = {
    "kept is a list": lambda: [2],
    "KeyError": lambda: {}["kept"],
    "OverflowError": lambda: int(float("inf")),
}


class Misreading(Probe, frozen=True, kw_only=True):
    """Reads what its test makes of the answer."""

    server: ClassVar[str] = "Prometheus"
    made: Callable[[], Any]

    @property
    def source(self) -> str:
        return "prometheus"

    async def measure(self, sources: Sources) -> Measurement:
        return measured("", Reading("kept", self.made()))


@pytest.mark.parametrize("said", WRONG)
async def test_it_is_a_sentence(said: str) -> None:
    async with Sources() as sources:
        with pytest.raises(ProbeError, match="that no Prometheus answers") as caught:
            await Misreading(made=WRONG[said]).look(sources)
    assert said in str(caught.value)
