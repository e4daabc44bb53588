"""Addresses as people write them, checked with sentences that say how to mend them."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from postflight.config.nearest import did_you_mean

WEB = ("http", "https")
SERVICE = ("http", "https", "ws", "wss")
_LONGEST = 2000
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HOST = re.compile(r"\[[0-9a-fA-F:.]+\]|[\w.-]+")  # a name, an IPv4 or a bracketed IPv6 address


@dataclass(frozen=True, slots=True)
class Address:
    """A checked URL without user information; `userinfo` is `user:password`, decoded, where the URL had it."""

    url: str
    host: tuple[str, int]  # name in lower case, effective port
    userinfo: str | None = field(default=None, repr=False)


def parse_address(text: str, schemes: tuple[str, ...] = WEB) -> Address:
    """Parse an absolute URL. Raises `ValueError` that never repeats its user information.

    The host is lowered and a default port and a trailing slash are dropped: equal addresses are equal texts, and paths
    can be appended.
    """
    if not text or len(text) > _LONGEST or re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise ValueError("expected a URL without spaces, like https://staging.example.com")
    scheme, separator, rest = text.partition("://")
    shown = f"{scheme}://{rest.rpartition('@')[2]}"[:100] if separator else text.rpartition("@")[2][:100]
    if not separator:
        raise ValueError(f"{shown!r} is not a whole URL; write its scheme too, like https://{shown.lstrip('/')}")
    if scheme.lower() not in schemes:
        raise ValueError(f"{shown!r} has the scheme {scheme[:20]!r}{did_you_mean(scheme, schemes)}")
    parts = _split(text, shown)
    if parts.fragment or text.endswith("#"):
        raise ValueError(f"{shown!r} has a fragment (#...), which is never sent; remove it")
    if parts.query or text.endswith("?"):
        raise ValueError(f"{shown!r} has a query (?...), to which no path can be appended; remove it")
    userinfo, at, _ = parts.netloc.rpartition("@")
    host, default = (parts.hostname or "").rstrip("."), _DEFAULT_PORTS[parts.scheme]
    place = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return Address(
        url=f"{parts.scheme}://{place}{port}{parts.path}".rstrip("/"),
        host=(host, parts.port or default),
        userinfo=unquote(userinfo) if at else None,
    )


def _split(text: str, shown: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as problem:
        # the cause is dropped: its text may repeat the user information
        reason = "its port is not a number from 1 to 65535" if "ort" in str(problem) else "its host is not valid"
        raise ValueError(f"{shown!r} is not a URL: {reason}") from None
    place = parts.netloc.rpartition("@")[2]
    host = place if port is None else place.rpartition(":")[0]
    if not (parts.hostname or "").strip("."):
        raise ValueError(f"{shown!r} has no host; write one, like {parts.scheme}://staging.example.com")
    if not _HOST.fullmatch(host.removesuffix(":")):
        raise ValueError(f"{shown!r} is not a URL: its host is not valid")
    if port == 0:
        raise ValueError(f"{shown!r} is not a URL: its port is not a number from 1 to 65535")
    return parts


def check_web_address(text: str) -> str:
    """Return an http or https URL without user information, or raise `ValueError`."""
    return _without_userinfo(parse_address(text))


def check_service_address(text: str) -> str:
    """Return an http, https, ws or wss URL without user information, or raise `ValueError`."""
    return _without_userinfo(parse_address(text, SERVICE))


def _without_userinfo(address: Address) -> str:
    if address.userinfo is not None:
        raise ValueError(f"{address.url!r} is written with user information; a file never holds a secret")
    return address.url
