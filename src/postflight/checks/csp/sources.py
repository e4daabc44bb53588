"""Source expressions: what stands behind a directive's name. CSP3 2.3.1 "Source Lists".

Where Chromium differs from the text, this does what Chromium does: a query or fragment behind a path is cut off (the
grammar has none), and `'sha-256-...'` is a hash as `'sha256-...'` is. In both, a nonce or hash that is no base64 is not
there at all: it matches nothing and does not switch `'unsafe-inline'` off either.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote_to_bytes


class Keyword(StrEnum):
    """Expressions that are one fixed word; `*` on its own is one, because it follows rules of its own."""

    ANY = "*"
    NONE = "'none'"
    SELF = "'self'"
    INLINE_SPECULATION_RULES = "'inline-speculation-rules'"
    REPORT_SAMPLE = "'report-sample'"
    REPORT_SHA256 = "'report-sha256'"
    REPORT_SHA384 = "'report-sha384'"
    REPORT_SHA512 = "'report-sha512'"
    STRICT_DYNAMIC = "'strict-dynamic'"
    TRUSTED_TYPES_EVAL = "'trusted-types-eval'"
    UNSAFE_ALLOW_REDIRECTS = "'unsafe-allow-redirects'"
    UNSAFE_EVAL = "'unsafe-eval'"
    UNSAFE_HASHES = "'unsafe-hashes'"
    UNSAFE_INLINE = "'unsafe-inline'"
    UNSAFE_WEBTRANSPORT_HASHES = "'unsafe-webtransport-hashes'"
    WASM_UNSAFE_EVAL = "'wasm-unsafe-eval'"


@dataclass(frozen=True, slots=True)
class Scheme:
    """`https:`: everything of one scheme, in lower case."""

    name: str


@dataclass(frozen=True, slots=True)
class Host:
    """`https://*.example.com:8443/path/`. `host` is without the `*.`; `wildcard` with an empty host is any host."""

    host: str
    wildcard: bool = False
    scheme: str = ""  # "" means the page's own
    port: int | None = None
    any_port: bool = False
    path: str = ""  # percent-decoded

    @property
    def any_host(self) -> bool:
        """Whether this matches every host, as `*:443` and `https://*` do."""
        return self.wildcard and not self.host


@dataclass(frozen=True, slots=True)
class Nonce:
    """`'nonce-...'`: compared character by character, never decoded."""

    value: str


@dataclass(frozen=True, slots=True)
class Hash:
    """`'sha256-...'`, decoded, so that base64 and base64url are the same."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Invalid:
    """An expression that no browser understands: ignored, and for a person a likely mistake."""

    text: str


Source = Keyword | Scheme | Host | Nonce | Hash | Invalid

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_HOST = re.compile(r"(?:[A-Za-z0-9-]+)(?:\.[A-Za-z0-9-]+)*\.?")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_HASH = re.compile(r"'sha-?(256|384|512)-(.*)'", re.IGNORECASE)
_NONCE = re.compile(r"'nonce-(.*)'", re.IGNORECASE)
_KEYWORDS = {keyword.value: keyword for keyword in Keyword}


@lru_cache(maxsize=4096)
def parse_source(text: str) -> Source:
    """Parse one expression. Never fails: what is no source is `Invalid`."""
    keyword = _KEYWORDS.get(text.lower())
    if keyword is not None:
        return keyword
    if text.startswith("'"):
        return _parse_quoted(text) or Invalid(text)
    return _parse_url_source(text) or Invalid(text)


def parse_hash(text: str) -> Hash | None:
    """Parse `sha256-...`, as integrity attributes write it and with or without the quotes of a policy."""
    match = _HASH.fullmatch(f"'{text.strip(chr(39))}'")
    if match is None or not _BASE64.fullmatch(match[2]):
        return None
    digits = match[2].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        digest = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except binascii.Error:  # a length that no number of bytes has
        return None
    return Hash(f"sha{match[1]}", digest)


def decode_path(path: str) -> str:
    """Percent-decode a path: as UTF-8 when it is that, else one character per byte, as Chromium does."""
    raw = unquote_to_bytes(path)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _parse_quoted(text: str) -> Source | None:
    nonce = _NONCE.fullmatch(text)
    if nonce is not None:
        return Nonce(nonce[1]) if _BASE64.fullmatch(nonce[1]) else None
    return parse_hash(text) if text.endswith("'") and len(text) > 1 else None


def _parse_url_source(text: str) -> Source | None:
    scheme, mark, rest = text.partition("://")
    if mark and "/" not in scheme:
        if not _SCHEME.fullmatch(scheme):
            return None
        return _parse_host_source(scheme.lower(), rest)
    if text.endswith(":") and _SCHEME.fullmatch(text[:-1]):
        return Scheme(text[:-1].lower())
    return _parse_host_source("", text)


def _parse_host_source(scheme: str, text: str) -> Host | None:
    authority, slash, path = text.partition("/")
    host, colon, port = authority.partition(":")
    wildcard = host == "*" or host.startswith("*.")
    if wildcard:
        host = host[2:]
        if not host and authority.startswith("*."):
            return None
    if not (_HOST.fullmatch(host) or (wildcard and not host)):
        return None
    if colon and port != "*" and not (port.isascii() and port.isdigit() and int(port[:12]) < 2**31):
        return None
    return Host(
        host=host.lower(),
        wildcard=wildcard,
        scheme=scheme,
        port=int(port) if colon and port != "*" else None,
        any_port=port == "*",
        path=decode_path(re.split("[?#]", slash + path)[0]),
    )


@dataclass(frozen=True, slots=True)
class SourceList:
    """A directive's sources, by the text that stands for each. Order and repetitions carry no meaning for a browser."""

    entries: tuple[tuple[str, Source], ...]

    def has(self, keyword: Keyword) -> bool:
        """Whether this keyword is there."""
        return any(source is keyword for _, source in self.entries)

    @property
    def nonces(self) -> frozenset[str]:
        """The values of all nonces."""
        return frozenset(source.value for _, source in self.entries if isinstance(source, Nonce))

    @property
    def hashes(self) -> frozenset[Hash]:
        """All hashes."""
        return frozenset(source for _, source in self.entries if isinstance(source, Hash))

    @property
    def blocks_everything(self) -> bool:
        """Whether nothing can match: the list is empty, or only `'none'` and what browsers ignore."""
        idle = (Keyword.NONE, Keyword.REPORT_SAMPLE)
        return all(source in idle or isinstance(source, Invalid) for _, source in self.entries)


@lru_cache(maxsize=4096)
def parse_source_list(values: tuple[str, ...]) -> SourceList:
    """Parse a directive's values. `'none'` beside other sources stays in the list; browsers, and `match`, ignore it."""
    return SourceList(tuple((text, parse_source(text)) for text in values))
