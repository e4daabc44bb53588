"""An HTTP answer as the header checks see it: URL, status and raw header lines."""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, urljoin, urlsplit

from postflight.flow import Response

_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_DATA = frozenset({"application/json", "application/xml", "text/xml", "text/event-stream", "application/graphql"})
_NO_BODY = frozenset({204, 205, 304})
_OWS = " \t\r\n"  # RFC 9110 5.6.3; CR and LF for values that come from files


class ContentKind(StrEnum):
    """What an answer is to a browser. Rules of a tier name the kinds that they concern."""

    HTML = "html"
    API = "api"
    ASSET = "asset"
    REDIRECT = "redirect"
    ERROR = "error"  # beside html, api or asset: an error page is a page too
    EMPTY = "empty"  # 204, 205, 304: nothing to render


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer. `headers` are its lines in order, doubled ones included; names in any case."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, response: Response) -> "HttpAnswer":
        """Return what the header checks need of a flow's response."""
        return cls(response.url, response.status, response.headers)

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of all lines with this name, in order, without surrounding white space."""
        wanted = name.lower()
        return tuple(value.strip(_OWS) for key, value in self.headers if key.strip(_OWS).lower() == wanted)

    def combined(self, name: str) -> str | None:
        """Return the lines' values joined by `, ` (RFC 9110 5.3), or None if there is no such line."""
        found = self.values(name)
        return ", ".join(found) if found else None

    def items(self, name: str) -> tuple[str, ...]:
        """Return the comma-separated items of all lines, trimmed, empty ones left out."""
        return tuple(item for item in (part.strip(_OWS) for part in (self.combined(name) or "").split(",")) if item)

    @property
    def scheme(self) -> str:
        """`https`, `http`, or whatever the URL begins with; empty for a broken URL."""
        return _split(self.url).scheme.lower()

    @property
    def host(self) -> str:
        """The host in lower case without port and brackets; empty for a broken URL."""
        return (_split(self.url).hostname or "").rstrip(".")

    @property
    def https(self) -> bool:
        """Whether the answer came over TLS."""
        return self.scheme == "https"

    @property
    def trustworthy(self) -> bool:
        """Whether browsers treat the origin as secure: HTTPS, or loopback (W3C Secure Contexts 3.1)."""
        return self.https or is_loopback(self.host)

    @property
    def content_type(self) -> str:
        """The media type in lower case without parameters, or empty. Of several lines the last counts (Fetch 2.2.6)."""
        lines = self.values("content-type")
        return lines[-1].partition(";")[0].strip().lower() if lines else ""

    @property
    def is_document(self) -> bool:
        """Whether a browser renders it as an HTML page, whatever its status."""
        return ContentKind.HTML in self.kinds

    @property
    def redirect_target(self) -> str:
        """The absolute URL that the answer redirects to, or an empty string."""
        location = next(iter(self.values("location")), "")
        if not location or not 300 <= self.status < 400:
            return ""
        try:
            target = urljoin(self.url, location)
            return target if urlsplit(target).hostname else ""
        except ValueError:
            return ""

    @property
    def kinds(self) -> frozenset[ContentKind]:
        """What it is: one of html, api, asset, redirect and empty; `error` beside it from status 400 on."""
        if self.status in _NO_BODY:
            return frozenset({ContentKind.EMPTY})
        if 300 <= self.status < 400 and self.values("location"):
            return frozenset({ContentKind.REDIRECT})
        kind = _kind_of(self.content_type)
        return frozenset({kind, ContentKind.ERROR}) if self.status >= 400 else frozenset({kind})


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: `localhost`, `*.localhost`, 127.0.0.0/8 or ::1."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Whether a host is an IP literal."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _kind_of(content_type: str) -> ContentKind:
    if content_type in _PAGES:
        return ContentKind.HTML
    if content_type in _DATA or content_type.endswith("+json"):
        return ContentKind.API
    return ContentKind.ASSET


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.hostname  # noqa: B018 - raises for a broken bracket
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts
