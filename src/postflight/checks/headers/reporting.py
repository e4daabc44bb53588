"""Where browsers send reports: Reporting-Endpoints (W3C Reporting API 3.3), and Report-To, which came before it.

An endpoint that is not HTTPS (or loopback) is dropped, and so are all on a page that is not secure itself.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from postflight.checks.headers.answer import HttpAnswer, is_loopback
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.structured import Broken, Dictionary, Member, parse_dictionary

NAME = "Reporting-Endpoints"
OLD = "Report-To"
COVERS = ("P13-X4",)
_FIX = 'Send `Reporting-Endpoints: csp="https://reports.example/csp"`.'


def endpoints(answer: HttpAnswer) -> Mapping[str, str]:
    """Return the endpoints that a browser would use: name -> absolute URL. Empty if the page is not secure."""
    parsed = parse_dictionary(answer, NAME)
    if not isinstance(parsed, Dictionary) or not answer.trustworthy:
        return {}
    found = {name: _url(answer, member) for name, member in parsed.members.items()}
    return {name: url for name, url in found.items() if url is not None and _is_secure(url)}


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what is wrong with the headers, as far as they were sent."""
    raw = answer.combined(NAME)
    parsed = parse_dictionary(answer, NAME)
    if isinstance(parsed, Broken):
        yield _say("reporting-invalid", Severity.MEDIUM, raw or "", f"Browsers ignore all of it: {parsed.why}.")
    elif parsed is not None and not answer.trustworthy:
        yield _say("reporting-over-http", Severity.LOW, raw or "", "Browsers ignore it on a page that is not secure.")
    elif parsed is not None:
        for name, member in parsed.members.items():
            yield from _find_member(answer, name, member)
    if answer.values(OLD) and raw is None:
        yield HeaderFinding(
            "report-to-obsolete",
            Severity.INFO,
            OLD,
            answer.combined(OLD) or "",
            "Report-To was replaced, and only Chromium still reads it.",
            _FIX,
            COVERS,
        )


def _find_member(answer: HttpAnswer, name: str, member: Member) -> Iterator[HeaderFinding]:
    url = _url(answer, member)
    if url is None:
        yield _say("reporting-bad-endpoint", Severity.MEDIUM, name, "Its value is no quoted URL: browsers skip it.")
    elif not _is_secure(url):
        yield _say(
            "reporting-insecure", Severity.MEDIUM, f"{name}={url}", "Browsers skip an endpoint that is not HTTPS."
        )


def _url(answer: HttpAnswer, member: Member) -> str | None:
    """Return the endpoint's absolute URL: the value must be a string, and may be a path of the page's own origin."""
    if member.is_list or not isinstance(value := member.items[0].value, str):  # a token is none
        return None
    try:
        url = urljoin(answer.url, value)
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None


def _is_secure(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def _say(code: str, severity: Severity, value: str, message: str) -> HeaderFinding:
    return HeaderFinding(code, severity, NAME, value, message, _FIX, COVERS)
