"""Ends well when a URL answers: the health check inside containers.

``python -I answers.py URL``, by its path and with the standard library alone, because
it starts every few seconds. It asks from an address of its own, so that it uses up
nobody's share of the rate limit, as from inside a container with its own network.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from urllib.parse import urlsplit

_ADDRESS = ("127.0.0.2", 0)
_LIMIT = 3.0
"""Seconds."""


def answers(url: str) -> bool:
    """Return whether *url* answers, and not with an error."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection = http.client.HTTPConnection(
        host, port, timeout=_LIMIT, source_address=_ADDRESS
    )
    if parts.scheme == "https":
        # Whether the certificate is any good is others' question.
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(
            host, port, timeout=_LIMIT, source_address=_ADDRESS, context=context
        )
    connection.request("GET", parts.path)
    return connection.getresponse().status < 400


if __name__ == "__main__":
    sys.exit(not answers(sys.argv[1]))
