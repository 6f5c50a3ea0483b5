"""How well a transcript matches what was said."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SHOWN = 12
"""Words of the beginning, the middle and the end that evidence holds."""


class TranscriptProbe(EndpointProbe, frozen=True, kw_only=True):
    """Compares a transcript with a reference text, word by word.

    Case and punctuation do not count. The rate is that of speech recognition:
    words to replace, remove and add, per word of the reference; it can exceed
    100 %.

    Readings:
        status: code of the response.
        word_error_rate: in %; of an empty transcript 100.
        words: how many the transcript has.
        segments: how many the transcript has.

    Attributes:
        url: of the transcript as JSON (``segments[].text``).
        reference: file with what was said, UTF-8.

    Raises:
        ProbeError: the reference cannot be read or is empty, or the answer is no
            transcript.
    """

    reference: str
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = {
        "status": "",
        "word_error_rate": "%",
        "words": "",
        "segments": "",
    }

    async def measure(self, sources: Sources) -> Measurement:
        wanted = await asyncio.to_thread(self._reference)
        response = await self.get(sources)
        status = Reading("status", response.status)
        first = f"GET {self.thing} → {response.status}"
        if response.status != 200:
            return measured(first, status)
        try:
            segments = json.loads(response.body)["segments"]
            heard = _words(" ".join(str(each["text"]) for each in segments))
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ProbeError(f"{self.thing} is no transcript", stage="query") from error
        await asyncio.to_thread(import_module, "rapidfuzz.distance")
        from rapidfuzz.distance import Levenshtein

        wrong = await asyncio.to_thread(Levenshtein.distance, wanted, heard)
        rate = 100 * wrong / len(wanted)
        lines = [f"{first}: {wrong} of {len(wanted)} words wrong"]
        for share in (0, 0.5, 1):
            lines += [f"said   {_excerpt(wanted, share)}"]
            lines += [f"heard  {_excerpt(heard, share)}"]
        return measured(
            "\n".join(lines),
            status,
            Reading("word_error_rate", rate, "%"),
            Reading("words", len(heard)),
            Reading("segments", len(segments)),
        )

    def _reference(self) -> list[str]:
        try:
            words = _words(Path(self.reference).expanduser().read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ProbeError(
                f"the reference {self.reference} cannot be read: {error}",
                stage="configuration",
            ) from error
        if not words:
            raise ProbeError(
                f"the reference {self.reference} is empty", stage="configuration"
            )
        return words


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]


def _excerpt(words: list[str], share: float) -> str:
    start = int(max(0, len(words) - SHOWN) * share)
    return " ".join(words[start : start + SHOWN]) or "(nothing)"
