"""The Prometheus text format 0.0.4: the one file that knows its parser.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Metric


async def families(text: str) -> list[Metric]:
    """Return the metric families that *text* exposes.

    Raises:
        ValueError: it is no valid exposition; the message says where.
    """
    await asyncio.to_thread(import_module, "prometheus_client.parser")
    from prometheus_client.parser import text_string_to_metric_families

    try:
        return list(text_string_to_metric_families(text))
    except (KeyError, IndexError) as error:
        raise ValueError(str(error)) from error
