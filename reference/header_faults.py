"""Planted faults of headers: on which answers each acts, and what it does to their headers. Pure.

Most act on one page or kind of answer only, because that is how headers get lost: on the error page, on the API, in one
region. `spoil` runs last, on the headers as they would be sent.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reference import faults
from reference.faults import Fault
from reference.headers import Headers

_POLICY = "content-security-policy"
_REFERRER = "referrer-policy"
_FRAMES = "x-frame-options"
_HSTS = "strict-transport-security"
_PERMISSIONS = "permissions-policy"
_ORIGIN = "access-control-allow-origin"
_WITH_COOKIES = ("access-control-allow-credentials", "true")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer whose headers are spoilt. `region` is empty for the web service, `origin` where none was sent."""

    path: str
    status: int
    page: bool
    region: str = ""
    origin: str = ""
    web: str = ""  # base URL of the web service
    number: int = 0  # of the answers of this service, from 0


Where = Callable[[Answer], bool]
Change = Callable[[Headers, Answer], Headers]


def make_nonce(path: str, fresh: bytes, planted: frozenset[Fault]) -> str:
    """Return the nonce of the page at a path: 16 fresh bytes in base64, where nothing is planted."""
    if faults.NONCE_REUSED in planted and path == "/":
        fresh = bytes(range(16))
    if faults.NONCE_SHORT in planted and path == "/login":
        fresh = fresh[:4]
    if faults.NONCE_PLACEHOLDER in planted and path == "/cn":
        return "%NONCE%"
    return base64.b64encode(fresh).decode()


def spoil(headers: Headers, answer: Answer, planted: frozenset[Fault]) -> Headers:
    """Return the headers, whose names are in lower case, as the planted faults leave them."""
    for fault, (where, change) in _SPOILERS.items():
        if fault in planted and where(answer):
            headers = change(headers, answer)
    return headers


# Where


def _at(path: str) -> Where:
    return lambda answer: answer.page and answer.path == path


def _page(answer: Answer) -> bool:
    return answer.page


def _lost_page(answer: Answer) -> bool:
    return answer.page and answer.status == 404


def _api(answer: Answer) -> bool:
    return answer.path.startswith("/api/")


def _asset(answer: Answer) -> bool:
    return answer.path.startswith("/static/") and not answer.page


def _anywhere(_answer: Answer) -> bool:
    return True


def _region(*names: str) -> Where:
    return lambda answer: bool(answer.region) and (not names or answer.region in names)


def _asked_by(where: Where, *, origin: str = "", ours: bool = False, alike: bool = False) -> Where:
    """Return answers to a request with an Origin: any, this one, the web service's own, or one that ends like it."""

    def matches(answer: Answer) -> bool:
        if not answer.origin or not where(answer):
            return False
        if ours:
            return answer.origin == answer.web
        return answer.origin.endswith(answer.web.partition("://")[2]) if alike else origin in ("", answer.origin)

    return matches


# What


def _without(*names: str) -> Change:
    lowered = {name.lower() for name in names}
    return lambda headers, _: [header for header in headers if header[0].lower() not in lowered]


def _with(name: str, value: str) -> Change:
    return lambda headers, answer: [*_without(name)(headers, answer), (name, value)]


def _beside(name: str, value: str) -> Change:
    return lambda headers, _: [*headers, (name, value)]


def _renamed(old: str, new: str) -> Change:
    return lambda headers, _: [(new if name == old else name, value) for name, value in headers]


def _directive(name: str, *sources: str) -> Change:
    """Put these sources in place of a directive's, or take the directive out."""
    return _edited(name, lambda _: sources)


def _allowing(name: str, source: str) -> Change:
    return _edited(name, lambda sources: (*sources, source))


def _edited(name: str, edit: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Change:
    def change(headers: Headers, _answer: Answer) -> Headers:
        return [(header, rewrite(value) if header == _POLICY else value) for header, value in headers]

    def rewrite(policy: str) -> str:
        directives = dict(_words(part) for part in policy.split(";") if part.strip())
        directives[name] = edit(directives.get(name, ()))
        return "; ".join(" ".join((key, *sources)) for key, sources in directives.items() if sources)

    return change


def _words(part: str) -> tuple[str, tuple[str, ...]]:
    name, *sources = part.split()
    return name, tuple(sources)


def _both(*changes: Change) -> Change:
    def change(headers: Headers, answer: Answer) -> Headers:
        for one in changes:
            headers = one(headers, answer)
        return headers

    return change


def _bare(_headers: Headers, _answer: Answer) -> Headers:
    return []


def _echo(*more: tuple[str, str]) -> Change:
    return lambda headers, answer: [*headers, (_ORIGIN, answer.origin), *more]


_VARY = ("Vary", "Origin")

_SPOILERS: Mapping[Fault, tuple[Where, Change]] = {
    faults.CSP_MISSING_ON_404: (_lost_page, _without(_POLICY)),
    faults.CSP_MISSING_ON_API: (_api, _without(_POLICY)),
    faults.CSP_REPORT_ONLY: (_at("/cn"), _renamed(_POLICY, f"{_POLICY}-report-only")),
    faults.CSP_WILDCARD: (_at("/login"), _allowing("script-src", "*")),
    faults.CSP_DATA_SCRIPT: (_at("/"), _allowing("script-src", "data:")),
    faults.CSP_KNOWN_BYPASS: (_at("/"), _allowing("script-src", "https://unpkg.com")),
    faults.CSP_UNSAFE_INLINE: (_lost_page, _directive("script-src", "'self'", "'unsafe-inline'")),
    faults.CSP_UNSAFE_EVAL: (_at("/login"), _allowing("script-src", "'unsafe-eval'")),
    faults.CSP_SHARED_HOST: (_at("/"), _allowing("connect-src", "*.vercel.app")),
    faults.CSP_CANCELLED: (_at("/"), _beside(_POLICY, "script-src 'none'; report-uri /api/csp-report")),
    faults.CSP_OPEN_BASE: (_at("/"), _directive("base-uri")),
    faults.CSP_OPEN_FORMS: (_at("/cn"), _directive("form-action")),
    faults.CSP_PLUGINS: (_at("/login"), _directive("object-src", "*")),
    faults.CSP_REPORT_TO_NOBODY: (_at("/login"), _directive("report-to", "nobody")),
    faults.CSP_NO_STRICT_DYNAMIC: (
        _at("/"),
        _edited("script-src", lambda sources: tuple(one for one in sources if one != "'strict-dynamic'")),
    ),
    faults.CSP_NO_TRUSTED_TYPES: (_at("/login"), _directive("require-trusted-types-for")),
    faults.NONCE_CACHED: (_at("/"), _with("Cache-Control", "public, max-age=60")),
    faults.FRAMING_OPEN: (_at("/cn"), _both(_without(_FRAMES), _directive("frame-ancestors"))),
    faults.XFO_MISSING: (_api, _without(_FRAMES)),
    faults.XFO_ALLOW_FROM: (_at("/login"), _with(_FRAMES, "ALLOW-FROM https://partner.example")),
    faults.XFO_CONFLICT: (_at("/"), _both(_with(_FRAMES, "SAMEORIGIN"), _beside(_FRAMES, "DENY"))),
    faults.MISSING_HEADER: (_anywhere, _without("X-Content-Type-Options")),
    faults.NOSNIFF_MISSING_ON_ASSETS: (_asset, _without("X-Content-Type-Options")),
    faults.REFERRER_UNSAFE_URL: (_at("/"), _with(_REFERRER, "unsafe-url")),
    faults.HSTS_MISSING: (_anywhere, _without(_HSTS)),
    faults.HSTS_SHORT: (_anywhere, _with(_HSTS, "max-age=3600; includeSubDomains")),
    faults.HSTS_NO_SUBDOMAINS: (_anywhere, _with(_HSTS, "max-age=63072000")),
    faults.PERMISSIONS_MISSING: (_page, _without(_PERMISSIONS)),
    faults.PERMISSIONS_WILDCARD: (_at("/login"), _with(_PERMISSIONS, "camera=*")),
    faults.COOP_MISSING: (_page, _without("Cross-Origin-Opener-Policy")),
    faults.CORP_CROSS_ORIGIN: (_api, _with("Cross-Origin-Resource-Policy", "cross-origin")),
    faults.REPORTING_BROKEN: (_at("/cn"), _with("Reporting-Endpoints", "csp=/api/csp-report")),
    faults.POWERED_BY: (_page, _beside("X-Powered-By", "Express")),
    faults.SERVER_VERSION: (_region(), _beside("Server", "velocity-orchestrator/1.4.2")),
    faults.BARE_REGION: (_region("sfo"), _bare),
    faults.ODD_REGION: (_region("lhr"), _with(_REFERRER, "same-origin")),
    faults.FLAPPING_HEADERS: (lambda answer: answer.page and answer.number % 2 == 1, _with(_REFERRER, "no-referrer")),
    faults.CORS_CREDENTIALS: (_asked_by(_api), _echo(_WITH_COOKIES, _VARY)),
    faults.CORS_REFLECTED: (_asked_by(_api), _echo(_VARY)),
    faults.CORS_NULL: (_asked_by(_region(), origin="null"), _echo(_WITH_COOKIES, _VARY)),
    faults.CORS_SUFFIX: (_asked_by(_api, alike=True), _echo(_WITH_COOKIES, _VARY)),
    faults.CORS_NO_VARY: (_asked_by(lambda answer: answer.path == "/openapi.json", ours=True), _echo()),
}
