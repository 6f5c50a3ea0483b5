"""Names of files as text: they are bytes, and any program may have made them up."""

from __future__ import annotations

from msgspec.structs import replace

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement


def legible(text: str) -> str:
    """Return *text* with U+FFFD for what is no UTF-8 in the names that it holds."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def legible_measurement(measurement: Measurement) -> Measurement:
    """Return *measurement* with all its texts legible."""
    readings = {
        name: replace(reading, value=legible(reading.value))
        if isinstance(reading.value, str)
        else reading
        for name, reading in measurement.readings.items()
    }
    lacking = {name: legible(said) for name, said in measurement.lacking.items()}
    return Measurement(readings, legible(measurement.evidence), lacking=lacking)


def legible_error(error: ProbeError) -> ProbeError:
    """Return an error like *error* whose words are legible."""
    return ProbeError(legible(str(error)), source=error.source, stage=error.stage)
