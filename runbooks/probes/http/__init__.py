"""Probes of HTTP servers: endpoints, and what an application promises of them."""

from __future__ import annotations

from runbooks.probes.http.accuracy import TranscriptProbe
from runbooks.probes.http.availability import AvailabilityProbe
from runbooks.probes.http.burst import BurstProbe
from runbooks.probes.http.compression import CompressionProbe
from runbooks.probes.http.cookies import CookiesProbe
from runbooks.probes.http.cors import CorsProbe
from runbooks.probes.http.delivery import DeliveryProbe
from runbooks.probes.http.endpoint import SHOWN, HttpProbe
from runbooks.probes.http.exports import ExportsProbe
from runbooks.probes.http.exposition import MetricsProbe
from runbooks.probes.http.frontend import FrontendProbe
from runbooks.probes.http.hardening import HeadersProbe
from runbooks.probes.http.hsts import HstsProbe
from runbooks.probes.http.oauth import OauthProbe
from runbooks.probes.http.page import PageProbe
from runbooks.probes.http.pdf import PdfProbe
from runbooks.probes.http.protected import ProtectedProbe
from runbooks.probes.http.redirects import RedirectsProbe
from runbooks.probes.http.routes import RoutesProbe, WebhooksProbe
from runbooks.probes.http.samples import SamplesProbe
from runbooks.probes.http.search import SearchProbe
from runbooks.probes.http.submission import SubmissionProbe

__all__ = ["SHOWN", "HttpProbe"]

PROBES = {
    "http": HttpProbe,
    "http.availability": AvailabilityProbe,
    "http.burst": BurstProbe,
    "http.compression": CompressionProbe,
    "http.cookies": CookiesProbe,
    "http.cors": CorsProbe,
    "http.delivery": DeliveryProbe,
    "http.exports": ExportsProbe,
    "http.frontend": FrontendProbe,
    "http.headers": HeadersProbe,
    "http.hsts": HstsProbe,
    "http.metrics": MetricsProbe,
    "http.oauth": OauthProbe,
    "http.page": PageProbe,
    "http.pdf": PdfProbe,
    "http.protected": ProtectedProbe,
    "http.redirects": RedirectsProbe,
    "http.routes": RoutesProbe,
    "http.samples": SamplesProbe,
    "http.search": SearchProbe,
    "http.submission": SubmissionProbe,
    "http.transcript": TranscriptProbe,
    "http.webhooks": WebhooksProbe,
}
