"""A single-page application: the page, and the script without which it is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.fetching import Response
from runbooks.probes.http.endpoint import EndpointProbe
from runbooks.probes.http.html import parse
from runbooks.probes.http.listing import names
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_SCRIPTS = ("text/javascript", "application/javascript", "application/x-javascript")


class FrontendProbe(EndpointProbe, frozen=True, kw_only=True):
    """Loads the page as a browser begins to.

    Readings:
        answers: whether a response comes at all.
        status: code of the response.
        html: whether it says to be HTML.
        root: whether it has the element that the application fills.
        title: absent without one.
        scripts: how many the page refers to.
        broken: scripts of its own host that do not come as scripts.
        elsewhere: host that the page says it belongs to, if that is another.
        compressed: whether the page came compressed.

    Attributes:
        root: id of the element.
    """

    root: str = "root"
    timeout: Duration = Duration(15)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "answers",
            "status",
            "html",
            "root",
            "title",
            "scripts",
            "broken",
            "elsewhere",
            "compressed",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset({"broken", "elsewhere"})

    async def measure(self, sources: Sources) -> Measurement:
        response = await self.get(sources)
        page = parse(response.text, self.url)
        host = urlsplit(self.url).hostname
        own = [s for s in page.scripts if urlsplit(s).hostname == host]
        scripts = {url: await self.get(sources, url) for url in own}
        belongs = urlsplit(page.canonical).hostname
        lines = [f"GET {self.url} → {response.status}, “{page.title}”"]
        lines += [f"{url} → {_said(answer)}" for url, answer in scripts.items()]
        return measured(
            "\n".join(lines),
            Reading("answers", True),
            Reading("status", response.status),
            Reading("html", _type(response) == "text/html"),
            Reading("root", self.root in page.ids),
            Reading("title", page.title or None),
            Reading("scripts", len(page.scripts)),
            names(
                "broken",
                (
                    f"{urlsplit(url).path} {_said(answer)}"
                    for url, answer in scripts.items()
                    if answer.status != 200 or _type(answer) not in _SCRIPTS
                ),
            ),
            Reading("elsewhere", belongs if belongs not in (None, host) else None),
            Reading("compressed", bool(response.encoding)),
        )


def _type(response: Response) -> str:
    said = response.headers.get("content-type", "")
    return said.partition(";")[0].strip().lower()


def _said(response: Response) -> str:
    return f"{response.status} {_type(response) or 'without a type'}"
