"""What a transport error means: the deployment is bad, or we could not tell.

`explain` does this for Python's errors (httpx, httpcore, anyio, ssl, socket) and `explain_browser` for the names that
Chromium gives its own (`net::ERR_...`, https://chromium.googlesource.com/chromium/src/+/main/net/base/net_error_list.h).
An error that nobody here knows is `CannotMeasure`: blame needs a reason.
"""

import errno
import functools
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio
import httpx

from postflight.errors import (
    BrowserUnavailable,
    CannotMeasure,
    ConfigError,
    DeploymentFault,
    RunnerNetworkError,
    UnexpectedAnswer,
    Unreachable,
)
from postflight.model import Quantity, Unit

Explained = DeploymentFault | CannotMeasure


class DeadlinePassed(TimeoutError):
    """No whole answer in time. `str()` continues a sentence that begins with the host: `never answered within 3 s`."""


class BodyTooLarge(Exception):
    """The body went beyond `limit` bytes, on the wire or when inflated."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"sent a body that is endless or larger than {Quantity(limit, Unit.BYTES)}")


@dataclass(frozen=True, slots=True)
class Meaning:
    """`seen` continues a sentence that begins with the host; `remedy` is where to look."""

    kind: type[DeploymentFault] | type[CannotMeasure]
    seen: str
    remedy: str


_RUNNING = "check that the service runs and listens there"
_LOGS = "look at the log of the service, and of what stands before it"
_ROUTE = "check this runner's network"

_REFUSED = Meaning(Unreachable, "refuses connections", _RUNNING)
_RESET = Meaning(Unreachable, "reset the connection", _LOGS)
_CLOSED = Meaning(Unreachable, "closed the connection without an answer", _LOGS)
_CUT = Meaning(Unreachable, "closed the connection in the middle of its answer", _LOGS)
_GARBAGE = Meaning(Unreachable, "answered with garbage, not with HTTP", "check which service listens on this port")
_SILENT = Meaning(Unreachable, "gave no whole answer before the deadline", _LOGS)
_REDIRECTS = Meaning(
    Unreachable, "redirects without end", "check its redirect rules (http/https, www, sign-in, locale)"
)
_HUGE_HEADERS = Meaning(Unreachable, "sent headers without end", _LOGS)
_BAD_BODY = Meaning(Unreachable, "sent a body that is not encoded as its headers say", _LOGS)
_ELSEWHERE = Meaning(UnexpectedAnswer, "sent us to an address that is not HTTP", "check its redirect rules")
_UNRESOLVED = Meaning(RunnerNetworkError, "does not resolve", "check the spelling of the name, and this runner's DNS")
_NO_ROUTE = Meaning(RunnerNetworkError, "cannot be reached from this runner: no route", _ROUTE)
_PROXY = Meaning(RunnerNetworkError, "was not reached: the proxy refused", "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY")
_EXHAUSTED = Meaning(CannotMeasure, "was not measured: this runner is out of", "give it more (ulimit -n, memory)")
_CERTIFICATE = "renew or correct the certificate"

_BY_ERRNO: tuple[tuple[frozenset[int], Meaning], ...] = (
    (frozenset({errno.ECONNREFUSED}), _REFUSED),
    (frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE}), _RESET),
    (frozenset({errno.ETIMEDOUT}), _SILENT),
    (frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}), _NO_ROUTE),
    (frozenset({errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT}), _NO_ROUTE),  # a firewall here; no IPv6 here
)

# most specific first: httpx's errors are subclasses of one another
_BY_TYPE: tuple[tuple[tuple[type[BaseException], ...], Meaning], ...] = (
    ((httpx.PoolTimeout,), Meaning(CannotMeasure, "was not measured: all our connections were in use", _ROUTE)),
    ((httpx.TooManyRedirects,), _REDIRECTS),
    ((httpx.DecodingError,), _BAD_BODY),
    ((httpx.UnsupportedProtocol, httpx.InvalidURL), _ELSEWHERE),
    ((TimeoutError, httpx.TimeoutException), _SILENT),
    ((anyio.EndOfStream, anyio.BrokenResourceError, anyio.IncompleteRead, EOFError), _CLOSED),
    ((httpx.ReadError, httpx.WriteError, httpx.CloseError), _RESET),
)

# OpenSSL's X509_V_ERR_*: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
_CERTIFICATES = {
    9: ("presents a certificate that is not valid yet", f"{_CERTIFICATE}, and check this runner's clock"),
    10: ("presents a certificate that has expired", _CERTIFICATE),
    23: ("presents a certificate that was revoked", _CERTIFICATE),
    62: ("presents a certificate for another name", _CERTIFICATE),
    64: ("presents a certificate for another IP address", _CERTIFICATE),
} | dict.fromkeys(
    (2, 18, 19, 20, 21),
    (
        "presents a certificate that no trusted authority signed",
        "send the whole chain, or name the authority (ca_file, SSL_CERT_FILE)",
    ),
)


def explain(exception: BaseException, url: str, *, curl: str = "") -> Explained:
    """Return the error that says whose fault this is, in words. `url` is what was asked for, free of secrets."""
    errors = tuple(_causes(exception))
    for error in errors:
        if isinstance(error, DeploymentFault | CannotMeasure):
            return error
    for (
        rule
    ) in _RULES:  # before errors: of two addresses tried, one refused and one without a route, the refusal counts
        for error in errors:
            if meaning := rule(error):
                return _error(meaning, url, curl)
    said = f"{type(exception).__name__}: {exception}"[:300]
    return _error(Meaning(CannotMeasure, f"was not measured: {said}", "this is no known network error"), url, curl)


def _error(meaning: Meaning, url: str, curl: str = "") -> Explained:
    return meaning.kind(
        f"{address(url)} {meaning.seen}; {meaning.remedy}",
        expected="an HTTP answer",
        seen=meaning.seen,
        where=url,
        curl=curl,
    )


def address(url: str) -> str:
    """Return `host:port` of a URL, for messages. Never its user information or query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or url, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return url
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, the members of a group, and what it was raised from, once each."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, BaseExceptionGroup):
            waiting.extend(found.exceptions)
        # the context also where it is suppressed: httpcore's pool raises `from None`, which hides the true cause
        waiting.append(found.__cause__ or found.__context__)


def _exhausted(error: BaseException) -> Meaning | None:
    if isinstance(error, MemoryError):
        return Meaning(CannotMeasure, f"{_EXHAUSTED.seen} memory", _EXHAUSTED.remedy)
    short_of = {errno.EMFILE: "file descriptors", errno.ENFILE: "file descriptors", errno.EADDRNOTAVAIL: "local ports"}
    short_of |= dict.fromkeys((errno.ENOMEM, errno.ENOBUFS), "memory")
    if isinstance(error, OSError) and error.errno in short_of:
        return Meaning(CannotMeasure, f"{_EXHAUSTED.seen} {short_of[error.errno]}", _EXHAUSTED.remedy)
    return None


def _by_proxy(error: BaseException) -> Meaning | None:
    if isinstance(error, httpx.ProxyError):
        return Meaning(RunnerNetworkError, f"{_PROXY.seen} ({error})", _PROXY.remedy)
    return None


def _by_certificate(error: BaseException) -> Meaning | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        unknown = (f"presents an invalid certificate ({error.verify_message})", _CERTIFICATE)
        return Meaning(DeploymentFault, *_CERTIFICATES.get(error.verify_code, unknown))
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or str(error)).replace("_", " ").lower()
        return Meaning(Unreachable, f"failed the TLS handshake ({reason})", "check that TLS is served on this port")
    return None


def _by_name(error: BaseException) -> Meaning | None:
    return _UNRESOLVED if isinstance(error, socket.gaierror) else None


def _by_errno(numbers: frozenset[int], meaning: Meaning, error: BaseException) -> Meaning | None:
    return meaning if isinstance(error, OSError) and error.errno in numbers else None


def _by_limit(error: BaseException) -> Meaning | None:
    return Meaning(Unreachable, str(error), _LOGS) if isinstance(error, DeadlinePassed | BodyTooLarge) else None


def _by_protocol(error: BaseException) -> Meaning | None:
    if not isinstance(error, httpx.RemoteProtocolError):
        return None
    by_words = {
        "Server disconnected": _CLOSED,
        "ConnectionTerminated": _CLOSED,
        "StreamReset": _RESET,
        "without sending complete": _CUT,
        "incomplete chunked read": _CUT,
        "unexpectedly closed": _CUT,
        "too long": _HUGE_HEADERS,
        "location header": _ELSEWHERE,
    }
    return next((meaning for words, meaning in by_words.items() if words in str(error)), _GARBAGE)


def _by_type(error: BaseException) -> Meaning | None:
    return next((meaning for types, meaning in _BY_TYPE if isinstance(error, types)), None)


_RULES: tuple[Callable[[BaseException], Meaning | None], ...] = (
    _exhausted,
    _by_proxy,
    _by_certificate,
    _by_name,
    *(functools.partial(_by_errno, numbers, meaning) for numbers, meaning in _BY_ERRNO),
    _by_limit,
    _by_protocol,
    _by_type,
)

# the first pattern that matches the whole name decides
_BY_BROWSER_NAME: tuple[tuple[str, Meaning], ...] = (
    (r"NAME_NOT_RESOLVED|NAME_RESOLUTION_FAILED|DNS_.*|ICANN_NAME_COLLISION", _UNRESOLVED),
    (r".*PROXY.*|TUNNEL_.*|SOCKS_.*", _PROXY),
    (r"INTERNET_DISCONNECTED|NETWORK_.*|ADDRESS_UNREACHABLE|ADDRESS_INVALID", _NO_ROUTE),
    (r"INSUFFICIENT_RESOURCES|OUT_OF_MEMORY|NO_BUFFER_SPACE", Meaning(CannotMeasure, f"{_EXHAUSTED.seen} memory", "")),
    (r"UNSAFE_PORT", Meaning(ConfigError, "is on a port that browsers refuse", "choose another port")),
    (r"CONNECTION_REFUSED", _REFUSED),
    (r"CONNECTION_TIMED_OUT|TIMED_OUT", _SILENT),
    (r"CONNECTION_RESET|CONNECTION_ABORTED", _RESET),
    (r"EMPTY_RESPONSE", _CLOSED),
    (r"CONNECTION_.*|CONTENT_LENGTH_MISMATCH|INCOMPLETE_.*", _CUT),
    (r"CERT_DATE_INVALID", Meaning(DeploymentFault, "presents a certificate that is not valid today", _CERTIFICATE)),
    (r"CERT_COMMON_NAME_INVALID", Meaning(DeploymentFault, *_CERTIFICATES[62])),
    (r"CERT_AUTHORITY_INVALID", Meaning(DeploymentFault, *_CERTIFICATES[20])),
    (r"CERT(IFICATE)?_.*", Meaning(DeploymentFault, "presents an invalid certificate", _CERTIFICATE)),
    (r"SSL_.*|BAD_SSL_.*|ECH_.*", Meaning(Unreachable, "failed the TLS handshake", "check that TLS is served there")),
    (r"TOO_MANY_REDIRECTS", _REDIRECTS),
    (r"UNKNOWN_URL_SCHEME|UNSAFE_REDIRECT|INVALID_REDIRECT", _ELSEWHERE),
    (r"CONTENT_DECODING_.*", _BAD_BODY),
    (r"RESPONSE_HEADERS_TOO_BIG", _HUGE_HEADERS),
    (r"INVALID_HTTP_RESPONSE|INVALID_RESPONSE|INVALID_CHUNKED_ENCODING|RESPONSE_HEADERS_.*|HTTP2_.*|QUIC_.*", _GARBAGE),
)


def explain_browser(message: str, url: str) -> Explained:
    """Return what a navigation error of Playwright means; `message` is the text of its error."""
    found = re.search(r"net::ERR_([A-Z0-9_]+)", message)
    if found is None:
        return _error(_without_name(message), url)
    name = found[1]
    for pattern, meaning in _BY_BROWSER_NAME:
        if re.fullmatch(pattern, name):
            return _error(Meaning(meaning.kind, f"{meaning.seen} (net::ERR_{name})", meaning.remedy), url)
    return _error(Meaning(CannotMeasure, f"was not measured (net::ERR_{name})", "look at the trace"), url)


def _without_name(message: str) -> Meaning:
    first = message.partition("\n")[0][:300]
    if passed := re.search(r"Timeout ([\d.]+)ms exceeded", message):
        return Meaning(Unreachable, f"was not ready within {float(passed[1]) / 1000:g} s", _LOGS)
    if "has been closed" in message or "crashed" in message:
        return Meaning(BrowserUnavailable, f"was not measured: the browser went away ({first})", "look at its log")
    return Meaning(CannotMeasure, f"was not measured: {first}", "look at the trace")
