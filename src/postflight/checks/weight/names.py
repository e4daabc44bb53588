"""Names of files and routes: short ones for people, and ones that stay the same from release to release."""

import re
from collections.abc import Collection
from functools import cache
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from publicsuffixlist import PublicSuffixList

LONGEST = 120  # characters of a name
_HASH = re.compile(
    r"(?:(?<=[.\-_~])|^)(?=[0-9A-Za-z]*[0-9])"
    r"(?:[0-9a-f]{6,64}|(?=[0-9A-Za-z_]*[A-Z])(?=[0-9A-Za-z_]*[a-z])[0-9A-Za-z_]{8,32})(?=[.\-~]|$)"
)
"""A content hash between separators: hex digits (webpack, Rails), or letters of both cases with digits (Vite)."""
_SHORT_HASH = re.compile(r"(?<=[.\-_])(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{4,5}(?=\.[a-z0-9]+$)")
"""Four or five hex digits before the last extension: `chunk.3f2a.js`. Digits alone are a version or a number."""
_PERHAPS_A_HASH = re.compile(r"[.\-](?=[\w-]*[A-Z])(?=[\w-]*[a-z])[0-9A-Za-z_-]{8}(?=\.[a-z0-9]+$)")
"""Eight letters of both cases before the extension, as Vite has them: a hash, or a word."""
_IDENTIFIER = re.compile(
    r"\d+|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{16,}|(?=[^/]*\d)[0-9A-Za-z_-]{20,}", re.IGNORECASE
)


def short(url: str) -> str:
    """Return the path of an address, without query, readable and bounded: `/static/app.js`."""
    return _cut(_readable(urlsplit(url).path) or "/")


def address(url: str) -> str:
    """Return scheme, host and path: without user, query and fragment, which may hold secrets."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "unreadable address"
    return f"{parts.scheme}://{host}{parts.path}"[:2000]


def stable(url: str, page_url: str) -> str:
    """Return the name of a file without its content hash, the same in each release; with the host if it is another.

    `/assets/app-3f2a1b9c.js` -> `/assets/app.js`. A number or a word is no hash.
    """
    parts, page = urlsplit(url), urlsplit(page_url)
    folder, slash, name = _readable(parts.path).rpartition("/")
    folders = [part for part in (_without_hash(part) for part in folder.split("/")[1:]) if part]
    path = "/".join(["", *folders]) + slash + (_without_hash(name) if name else "")
    host = "" if parts.netloc == page.netloc else parts.netloc
    return _cut(f"{host}{path or '/'}")


def without_likely_hash(name: str) -> str:
    """Return a stable name without what may be a hash, or a word: `/index-DiwrgTda.js` -> `/index.js`.

    Only to find who is meant where nobody has the same name.
    """
    return _PERHAPS_A_HASH.sub("", name)


def shape(url: str) -> str:
    """Return the route that an address is of: `/api/projects/7c9e...` -> `/api/projects/{id}`."""
    parts = _readable(urlsplit(url).path).split("/")
    return _cut("/".join("{id}" if _IDENTIFIER.fullmatch(part) else part for part in parts) or "/")


def is_third_party(url: str, page_url: str) -> bool:
    """Whether another party than the page's serves this: another registrable domain.

    Of an IP address or a single label (`localhost`), another host or port.
    """
    return _site(url) != _site(page_url)


def is_allowed(url: str, allowed: Collection[str]) -> bool:
    """Whether a host is among these: `cdn.example.com`, `*.example.com`, or `127.0.0.1:4001` with its port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    for entry in allowed:
        wanted = entry.lower()
        if wanted in (host, parts.netloc.lower()) or (wanted.startswith("*.") and host.endswith(wanted[1:])):
            return True
    return False


def _site(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if "." not in host or _is_ip(host):
        return parts.netloc.rpartition("@")[2].lower()
    return _suffixes().privatesuffix(host) or host


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _without_hash(name: str) -> str:
    stem = _SHORT_HASH.sub("", _HASH.sub("", name))
    if stem == name:
        return name
    kept = re.sub(r"[.\-_~]+(?=\.)", "", stem).strip("-_~")
    return f"*{kept}" if kept.startswith(".") else kept  # a name that was nothing but a hash


def _readable(path: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in unquote(path, errors="replace"))


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST // 2] + "…" + name[1 - LONGEST // 2 :]
