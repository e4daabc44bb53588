"""Strict-Transport-Security: RFC 6797, Chromium's parser, and the conditions of hstspreload.org.

A browser obeys it only over HTTPS, reads only the first line, and ignores a line that breaks the grammar as if none had
been sent.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from postflight.checks.headers.answer import HttpAnswer, is_address
from postflight.checks.headers.finding import HeaderFinding, Severity

NAME = "Strict-Transport-Security"
COVERS = ("P13-X3", "VEL-X2")
HALF_YEAR = 180 * 86400  # seconds; MDN's Observatory asks for six months and accepts 180 days
YEAR = 365 * 86400

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word, no secret
_DIRECTIVE = re.compile(rf'\s*({_TOKEN})\s*(?:=\s*({_TOKEN}|"[^"]*")\s*)?\Z')
_RULE = f"{NAME}: max-age={2 * YEAR}; includeSubDomains"
_FIX = f"Send exactly one `{_RULE}` over HTTPS."


@dataclass(frozen=True, slots=True)
class Hsts:
    """A valid policy. `max_age` in seconds; 0 tells browsers to forget the host."""

    max_age: int
    include_subdomains: bool
    preload: bool

    @property
    def preloadable(self) -> bool:
        """Whether hstspreload.org would accept the header (not whether the host is on the list)."""
        return self.preload and self.include_subdomains and self.max_age >= YEAR


def parse(value: str) -> Hsts | str:
    """Return the policy of one header line, or why browsers ignore it (RFC 6797 6.1).

    Unknown directives are allowed; a doubled one, a missing or non-numeric `max-age` and a comma are not.
    """
    seen: dict[str, str | None] = {}
    for part in value.split(";"):
        if not part.strip():
            continue
        matched = _DIRECTIVE.match(part)
        if not matched:
            return f"{part.strip()[:80]!r} is no directive"
        name = matched[1].lower()
        if name in seen:
            return f"{name} is there twice"
        seen[name] = matched[2]
    return _policy(seen)


def effective(answer: HttpAnswer) -> Hsts | None:
    """Return the policy that a browser would remember from this answer, or None."""
    lines = answer.values(NAME)
    if not lines or not answer.https or is_address(answer.host):
        return None
    parsed = parse(lines[0])
    return parsed if isinstance(parsed, Hsts) else None


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what is wrong with the header, if it was sent."""
    lines = answer.values(NAME)
    if not lines:
        return
    if not answer.https:
        yield _say(
            "hsts-over-http",
            Severity.LOW,
            lines[0],
            "Browsers ignore it over plain HTTP (RFC 6797 8.1).",
            "Redirect HTTP to HTTPS, and send the header there only.",
        )
        return
    if is_address(answer.host):
        yield _say(
            "hsts-ip-address",
            Severity.INFO,
            lines[0],
            "Browsers keep no policy for an IP address (RFC 6797 8.1.1).",
            "Serve the site under a name.",
        )
    if len(lines) > 1:
        yield _doubled(lines)
    parsed = parse(lines[0])
    if isinstance(parsed, Hsts):
        yield from _find_weakness(parsed, lines[0])
    else:
        yield _say("hsts-invalid", Severity.HIGH, lines[0], f"Browsers ignore it: {parsed}.", _FIX)


def _find_weakness(policy: Hsts, raw: str) -> Iterator[HeaderFinding]:
    if policy.max_age == 0:
        yield _say(
            "hsts-off", Severity.HIGH, raw, "max-age=0 tells browsers to forget that the host wants HTTPS.", _FIX
        )
        return
    if policy.max_age < HALF_YEAR:
        days = policy.max_age // 86400
        yield _say(
            "hsts-short", Severity.MEDIUM, raw, f"It ends after {days} days: a later visit is unprotected.", _FIX
        )
    elif policy.max_age < YEAR:
        yield _say("hsts-under-a-year", Severity.LOW, raw, "Less than a year, which is what preloading asks for.", _FIX)
    if not policy.include_subdomains:
        yield _say(
            "hsts-no-subdomains",
            Severity.LOW,
            raw,
            "Subdomains stay open to plain HTTP, and can set cookies for this host.",
            _FIX,
        )
    if policy.preload and not policy.preloadable:
        yield _say(
            "hsts-preload-incomplete",
            Severity.LOW,
            raw,
            "`preload` asks for the preload list, which wants includeSubDomains and a max-age of a year.",
            f"Send `{_RULE}; preload`, or leave `preload` out.",
        )


def _doubled(lines: tuple[str, ...]) -> HeaderFinding:
    differ = len({line.lower() for line in lines}) > 1
    return _say(
        "hsts-conflict" if differ else "hsts-duplicate",
        Severity.MEDIUM if differ else Severity.LOW,
        " | ".join(lines),
        "It is sent more than once, and browsers obey the first line only (RFC 6797 8.1)."
        + (" The lines differ." if differ else ""),
        "Send it in one place: either at the edge or in the application.",
    )


def _policy(seen: dict[str, str | None]) -> Hsts | str:
    age = (seen.get("max-age") or "").strip('"')
    if "max-age" not in seen:
        return "max-age is missing"
    if not (age.isascii() and age.isdigit()):
        return f"max-age={age[:40]!r} is no number of seconds"
    return Hsts(int(age[:18]), "includesubdomains" in seen, "preload" in seen)


def _say(code: str, severity: Severity, value: str, message: str, remedy: str) -> HeaderFinding:
    return HeaderFinding(code, severity, NAME, value, message, remedy, COVERS)
