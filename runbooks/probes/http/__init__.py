"""Probes of HTTP servers: endpoints, and what an application promises of them."""

from __future__ import annotations

from runbooks.probes.http.endpoint import SHOWN, HttpProbe

__all__ = ["SHOWN", "HttpProbe"]

PROBES = {"http": HttpProbe}
