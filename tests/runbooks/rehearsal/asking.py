"""Asking the parts of a deployment, with its certificate authority."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import httpx

from runbooks.rehearsal import Deployment, monitoring, traffic

VIDEO = "00000000-0000-4000-8000-000000000201"


def client(deployment: Deployment, listener: str, **options: Any) -> httpx.Client:
    """Return a client whose base is the API or the frontend."""
    context = ssl.create_default_context(cafile=deployment.directory / "tls/ca.pem")
    base = deployment.url(listener)
    return httpx.Client(base_url=base, verify=context, **options)


def rest(deployment: Deployment) -> None:
    """Let the API forget how often it was asked, and Prometheus see it being asked."""
    deployment.stop_part("api")
    deployment.start_part("api")
    asyncio.run(traffic.browse(deployment.layout))
    asyncio.run(monitoring.watching(deployment.layout))
