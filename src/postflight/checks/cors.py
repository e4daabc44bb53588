"""CORS, judged by what a browser would do: hand this answer to a script of that origin, or not.

Fetch Standard 4.9 "CORS check". A header that is missing is no defect: then nobody may read. What others report as
"reflected" is a hole only if it can be read, and a grave one only if it can be read with the visitor's cookies.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from postflight.checks.headers import caching
from postflight.checks.headers.answer import HttpAnswer, is_address
from postflight.checks.headers.finding import HeaderFinding, Severity

ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"
COVERS = ("VRO-X1",)
STRANGER = "postflight-probe.invalid"  # RFC 2606: nobody can ever own it
_FIX = "Compare Origin with a list of whole origins, and answer without the header for all others."


class Claim(StrEnum):
    """Whose name a probe's origin bears: each finds one mistake in comparing origins."""

    ALLOWED = "allowed"  # an origin that must be able to read
    OTHER = "other"  # any origin is echoed
    NULL = "null"  # sandboxed frames and data: URLs have this origin: anybody can
    PREFIX = "prefix"  # the server compares beginnings
    SUFFIX = "suffix"  # the server compares ends, without the dot
    DOT = "dot"  # the server's regular expression has a bare `.`
    SUBDOMAIN = "subdomain"  # hosts below the allowed one are let in
    DOWNGRADE = "downgrade"  # the same host over plain HTTP


_TRUSTED_NEIGHBOUR = frozenset({Claim.SUBDOMAIN, Claim.DOWNGRADE})  # needs a foothold near the allowed origin


@dataclass(frozen=True, slots=True)
class Probe:
    """What to send as `Origin`, and what it tests."""

    claim: Claim
    origin: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A probe and its answer. `credentials`: whether the script asks with cookies (`credentials: "include"`)."""

    probe: Probe
    answer: HttpAnswer


def probes(allowed: str) -> tuple[Probe, ...]:
    """Return the probes for a service whose front end has the origin `allowed` (`https://app.example.com`).

    Raises `ValueError` if that is no http(s) origin.
    """
    parts = urlsplit(allowed)
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or not host or ":" in host:
        raise ValueError(f"{allowed!r} is no origin like https://app.example.com")
    port = f":{parts.port}" if parts.port else ""
    found = [
        Probe(Claim.ALLOWED, f"{parts.scheme}://{host}{port}"),
        Probe(Claim.OTHER, f"https://{STRANGER}"),
        Probe(Claim.NULL, "null"),
        Probe(Claim.PREFIX, f"{parts.scheme}://{host}.{STRANGER}{port}"),
    ]
    if not is_address(host):
        found.append(Probe(Claim.SUFFIX, f"{parts.scheme}://postflight-probe{host}{port}"))
        found.append(Probe(Claim.SUBDOMAIN, f"{parts.scheme}://postflight-probe.{host}{port}"))
    if "." in host and not is_address(host):
        found.append(Probe(Claim.DOT, f"{parts.scheme}://{host.replace('.', 'x', 1)}{port}"))
    if parts.scheme == "https":
        found.append(Probe(Claim.DOWNGRADE, f"http://{host}{port}"))
    return tuple(found)


def is_readable(answer: HttpAnswer, origin: str, *, credentials: bool) -> bool:
    """Whether a browser hands the answer to a script of `origin` (Fetch 4.9). Byte for byte, doubled lines combined."""
    allowed = answer.combined(ORIGIN)
    if allowed is None:
        return False
    if not credentials:
        return allowed in {"*", origin}
    return allowed == origin and answer.combined(CREDENTIALS) == "true"


def judge(exchanges: Sequence[Exchange]) -> tuple[HeaderFinding, ...]:
    """Return what probing one URL has shown: who can read that must not, who cannot that must, and caching."""
    findings: list[HeaderFinding] = []
    for exchange in exchanges:
        findings.extend(_judge_one(exchange))
    findings.extend(_judge_vary([exchange.answer for exchange in exchanges]))
    return tuple(dict.fromkeys(findings))


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what one answer alone shows, without probing."""
    allowed = answer.combined(ORIGIN)
    if allowed is None:
        return
    with_cookies = (answer.combined(CREDENTIALS) or "").lower() == "true"
    if allowed == "*" and with_cookies:
        yield _say(
            "cors-star-credentials",
            Severity.MEDIUM,
            f"* with {CREDENTIALS}: true",
            "Browsers refuse this pair: somebody wanted cookies for all origins.",
            _FIX,
        )
    elif allowed == "*":
        yield _say(
            "cors-public",
            Severity.INFO,
            "*",
            "Every site may read the answer, without cookies.",
            "Fine for public data; else name the origins.",
        )
    elif allowed.lower() == "null":
        yield _say(
            "cors-null",
            Severity.HIGH if with_cookies else Severity.LOW,
            allowed,
            "Any site can have the origin `null`, by a sandboxed frame.",
            _FIX,
        )
    elif not _is_origin(allowed):
        yield _say(
            "cors-invalid",
            Severity.MEDIUM,
            allowed,
            "It equals no origin: browsers refuse lists, wildcards and paths.",
            "Send one origin, or `*`.",
        )


def _judge_one(exchange: Exchange) -> Iterator[HeaderFinding]:
    probe, answer = exchange.probe, exchange.answer
    with_cookies = is_readable(answer, probe.origin, credentials=True)
    without = is_readable(answer, probe.origin, credentials=False)
    if probe.claim is Claim.ALLOWED:
        if not without:
            yield _say(
                "cors-blocks-allowed",
                Severity.MEDIUM,
                probe.origin,
                "The front end's own origin cannot read the answer.",
                "Add the origin to the server's list.",
            )
        return
    if with_cookies:
        severity = Severity.MEDIUM if probe.claim in _TRUSTED_NEIGHBOUR else Severity.HIGH
        yield _say(
            f"cors-{probe.claim}",
            severity,
            probe.origin,
            "A page of this origin reads the answer with the visitor's cookies.",
            _FIX,
        )
    elif without and answer.combined(ORIGIN) != "*":
        yield _say(
            f"cors-{probe.claim}",
            Severity.LOW,
            probe.origin,
            "A page of this origin reads the answer, without cookies.",
            f"{_FIX} If the data are public, send `*`.",
        )


def _judge_vary(answers: Iterable[HttpAnswer]) -> Iterator[HeaderFinding]:
    """Yield `cors-no-vary` where the header depends on Origin, and a cache could mix the answers up."""
    seen = list(answers)
    if len({answer.combined(ORIGIN) for answer in seen}) < 2:
        return
    for answer in seen:
        vary = {item.lower() for item in answer.items("vary")}
        stored = not {"no-store", "private"} & {item.lower() for item in answer.items(caching.NAME)}
        if stored and not vary & {"origin", "*"}:
            severity = Severity.MEDIUM if caching.is_shared(answer) else Severity.LOW
            yield HeaderFinding(
                "cors-no-vary",
                severity,
                "Vary",
                answer.combined("vary") or "",
                "The answer depends on Origin; a cache may hand one origin's answer to another.",
                "Send `Vary: Origin` with every answer, also to requests without Origin.",
                COVERS,
            )
            return


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return False
    host = f"[{host}]" if ":" in host else host
    return bool(host) and "*" not in host and text == f"{parts.scheme}://{host}{port}"


def _say(code: str, severity: Severity, value: str, message: str, remedy: str) -> HeaderFinding:
    return HeaderFinding(code, severity, ORIGIN, value, message, remedy, COVERS)
