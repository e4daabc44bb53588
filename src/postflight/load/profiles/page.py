"""A visit of a page as a browser makes it: the page, then what it loads, side by side. Pure: it is a flow.

Followed is what the HTML names: stylesheets, scripts, module preloads, preloads, icons, images. Not followed is what
only a browser could know: what scripts import or fetch, what stylesheets load, and images that wait until they are
scrolled to. Parts of other origins are left out, because load goes to the deployment only.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from postflight.flow import Flow, Request, Response, together

MOST_PARTS = 200  # of one page
MOST_KEPT = 500  # answers in a cache
PAGE_DEADLINE = 30.0  # seconds
_LOADED_LINKS = frozenset({"stylesheet", "icon", "preload", "modulepreload", "apple-touch-icon", "manifest"})


def parts_of(html: str, url: str) -> tuple[str, ...]:
    """Return the URLs of `url`'s own origin that a browser loads for this page, each once, in the order of the page."""
    reader = _Reader(url)
    reader.feed(html)
    return tuple(dict.fromkeys(part for part in reader.parts if _origin(part) == _origin(url)))[:MOST_PARTS]


@dataclass(slots=True)
class Cache:
    """A browser's private cache: what it may use again, and until when. `clock` gives seconds since the epoch."""

    clock: Callable[[], float] = time.time
    _kept: dict[str, "_Kept"] = field(default_factory=dict)

    def holds(self, url: str) -> bool:
        """Whether this may be used without asking."""
        kept = self._kept.get(url)
        return kept is not None and kept.fresh_until > self.clock()

    def conditions(self, url: str) -> dict[str, str]:
        """Return the headers that ask whether what is kept is still good; none when nothing is kept."""
        kept = self._kept.get(url)
        return dict(kept.conditions) if kept else {}

    def take(self, url: str, answer: Response) -> None:
        """Keep an answer as far as it allows, or learn from a 304 that the kept one is good for longer."""
        rules = _directives(answer.header("cache-control") or "")
        if "no-store" in rules or (url not in self._kept and len(self._kept) >= MOST_KEPT):
            self._kept.pop(url, None)
            return
        conditions = {
            condition: value
            for condition, name in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
            if (value := answer.header(name))
        }
        if answer.status == 304 and not conditions:
            conditions = self.conditions(url)
        if answer.status in (200, 304):
            self._kept[url] = _Kept(self.clock() + _fresh_for(rules, answer), tuple(conditions.items()))


def visit(path: str = "/", cache: Cache | None = None) -> Flow[None]:
    """Load a page and what it needs. Without a cache it is a first visit, and with one that of somebody who returns.

    Raises `UnexpectedAnswer` for a page or part that is not there; the request's name says which.
    """
    page = Request("GET", "web", path, headers={"Accept": "text/html"}, deadline=PAGE_DEADLINE, follow_redirects=True)
    answer = (yield page).expect(200)
    parts = [url for url in parts_of(answer.text, answer.url) if cache is None or not cache.holds(url)]
    answers = yield from together(_part(url, cache) for url in parts)
    for url, part in zip(parts, answers, strict=True):
        part.expect(200, 304) if cache and cache.conditions(url) else part.expect(200)
        _ = part.body  # whoever runs the flow may decode it only now, and it may not be what its encoding says
        if cache is not None:
            cache.take(url, part)


def _part(url: str, cache: Cache | None) -> Request:
    conditions = cache.conditions(url) if cache else {}
    name = f"GET {urlsplit(url).path}"
    return Request("GET", "web", url, headers=conditions, name=name, deadline=PAGE_DEADLINE, follow_redirects=True)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is known of a kept answer. Its body is of no interest here."""

    fresh_until: float
    conditions: tuple[tuple[str, str], ...]


def _directives(header: str) -> dict[str, str]:
    """Return the directives of Cache-Control (RFC 9111, 5.2), names in lower case."""
    pairs = (part.strip().partition("=") for part in header.split(",") if part.strip())
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _fresh_for(rules: dict[str, str], answer: Response) -> float:
    """Return the seconds for which an answer is fresh; without max-age it is asked about each time."""
    if "no-cache" in rules:
        return 0.0
    return max(0.0, _seconds(rules.get("max-age", "")) - _seconds(answer.header("age") or ""))


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0.0


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:  # a port that is none
        return "", "", None


class _Reader(HTMLParser):
    """Collects what a page loads. What stands in <template> and <noscript> is not loaded by a browser with scripts."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._base = url
        self._inert = 0  # depth of elements whose content a browser with scripts does not load

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what this element loads."""
        if tag in ("template", "noscript"):
            self._inert += 1
        if self._inert:
            return
        attributes = {name: value or "" for name, value in attrs}
        if tag == "base" and "href" in attributes:
            self._base = _joined(self._base, attributes["href"]) or self._base
        for url in _loads(tag, attributes):
            if url.strip() and (joined := _joined(self._base, url.strip())):
                self.parts.append(joined)

    def handle_endtag(self, tag: str) -> None:
        """Leave an inert element."""
        if tag in ("template", "noscript") and self._inert:
            self._inert -= 1


def _loads(tag: str, attributes: dict[str, str]) -> Iterable[str]:
    match tag:
        case "link" if _LOADED_LINKS & set(attributes.get("rel", "").lower().split()):
            return [attributes.get("href", "")]
        case "script" if "nomodule" not in attributes:
            return [attributes.get("src", "")]
        case "img" if attributes.get("loading", "").lower() != "lazy":
            return [attributes.get("src", "")]
        case _:
            return []


def _joined(base: str, url: str) -> str:
    """Return the address without its fragment; empty for what is not fetched (`data:`) or is no address."""
    try:
        joined = urljoin(base, url).partition("#")[0]
        scheme = urlsplit(joined).scheme
    except ValueError:
        return ""
    return joined if scheme in ("http", "https") else ""
