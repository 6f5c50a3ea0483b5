"""What a page says of itself and refers to."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

_REFERRING = {"script": "src", "link": "href", "img": "src", "iframe": "src"}


@dataclass(slots=True)
class Page:
    """A parsed page.

    Attributes:
        scripts: absolute URLs of its scripts, in order.
        links: absolute URLs of everything that it loads or says of itself.
        canonical: where it says that it belongs.
        text: all its text, runs of white space as one space.
        ids: of its elements.
    """

    title: str = ""
    scripts: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    canonical: str = ""
    text: str = ""
    ids: set[str] = field(default_factory=set)

    def third_parties(self, url: str) -> list[str]:
        """Return the foreign hosts that it refers to."""
        own = urlsplit(url).hostname
        hosts = (urlsplit(link).hostname for link in self.links)
        return sorted({host for host in hosts if host and host != own})


def parse(text: str, url: str) -> Page:
    """Read a page that was found at *url*; broken HTML as browsers do."""
    reader = _Reader(url)
    reader.feed(text)
    reader.close()
    page = reader.page
    page.title = " ".join(page.title.split())
    page.text = " ".join(" ".join(reader.texts).split())
    return page


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.page = Page()
        self._url = url
        self._inside: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in ("title", "script", "style"):
            self._inside.append(tag)
        if "id" in said:
            self.page.ids.add(said["id"])
        link = said.get(_REFERRING.get(tag, ""), "")
        if not link:
            return
        link = urljoin(self._url, link)
        if tag == "link" and "canonical" in said.get("rel", "").lower().split():
            self.page.canonical = link
            return
        self.page.links.append(link)
        if tag == "script":
            self.page.scripts.append(link)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.texts.append(data)
        elif self._inside[-1] == "title":
            self.page.title += data
