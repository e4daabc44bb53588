"""Security headers of the web service, one list per tier. Pure: the same arguments give the same headers.

- `baseline` is Velocity's plan, section 7.3, word for word (with all that is wrong with it), and the local addresses
  without which nothing would work here.
- `hardened` runs no inline script and no `eval`: own files and nonces only.
- `strict` trusts nonces and what they load ('strict-dynamic'), and enforces Trusted Types.

HSTS and the Reporting API mean something over TLS only, so they are sent over TLS only.
"""

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

Tier = Literal["baseline", "hardened", "strict"]
TIERS: tuple[Tier, ...] = get_args(Tier)

Headers = list[tuple[str, str]]

# What a browser may do with JSON, a style sheet or an image that somebody opens as a document: nothing.
NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'"

# Chromium writes a console warning for each feature that it does not know, so all of these are known to it.
UNUSED_FEATURES = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer", "microphone",
    "midi", "payment", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip

YEAR = 365 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer that the headers are for. Addresses are origins; `previews` holds source expressions."""

    nonce: str
    tls: bool
    page: bool
    orchestrator: str
    realtime: str
    previews: str
    report_url: str


def security_headers(
    tier: Tier,
    *,
    nonce: str,
    tls: bool,
    content_type: str,
    orchestrator: str,
    realtime: str,
    preview_sources: tuple[str, ...],
    report_url: str,
) -> Headers:
    """Return the security headers of one answer, in the order in which they are sent.

    `nonce` is this answer's own: fresh, base64. `content_type` may carry parameters, or be empty (a redirect).
    `orchestrator` and `realtime` are URLs, of which scheme, host and port are used. `preview_sources` are CSP
    source expressions, at least one, of where preview containers are (`http://127.0.0.1:*`). `report_url` is absolute,
    or a path of this origin.
    Raises `ValueError` for a tier that does not exist.
    """
    answer = _Answer(
        nonce=nonce,
        tls=tls,
        page=content_type.partition(";")[0].strip().lower() == "text/html",
        orchestrator=_origin(orchestrator),
        realtime=_origin(realtime),
        previews=" ".join(preview_sources),
        report_url=report_url,
    )
    match tier:
        case "baseline":
            return _baseline(answer)
        case "hardened":
            return _hardened(answer)
        case "strict":
            return _strict(answer)
    raise ValueError(f"no such tier: {tier!r}; there are {', '.join(TIERS)}")


def encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI sends them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def api_headers(tier: Tier, *, tls: bool) -> Headers:
    """Return the security headers of a service that has no pages."""
    headers = [
        ("Content-Security-Policy", NOT_A_PAGE),
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    ]
    if tls and tier != "baseline":
        headers.append(("Strict-Transport-Security", f"max-age={2 * YEAR}; includeSubDomains"))
    if tier == "strict":
        headers.append(("Cross-Origin-Resource-Policy", "same-origin"))
    return headers


def _baseline(answer: _Answer) -> Headers:
    """Velocity's plan 7.3, on every route alike."""
    policy = _policy(
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval' 'unsafe-inline' *.vercel.app *.supabase.co",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: https:",
        "connect-src 'self' *.supabase.co *.fly.dev wss:"
        # not in the plan: the local stand-ins for *.fly.dev and *.supabase.co
        f" {answer.orchestrator} {answer.realtime}",
        "font-src 'self' fonts.gstatic.com",
        # not in the plan, which forgets its own previews: with default-src 'self' alone no preview is ever shown
        f"frame-src 'self' {answer.previews}",
    )
    return [
        ("Content-Security-Policy", policy),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ]


def _hardened(answer: _Answer) -> Headers:
    policy = _policy(
        "default-src 'self'",
        f"script-src 'self' 'nonce-{answer.nonce}'",
        "style-src 'self'",
        "img-src 'self' data:",
        f"connect-src 'self' {answer.realtime}",
        "font-src 'self'",
        f"frame-src {answer.previews}",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
        *_reporting(answer),
    )
    return [
        ("Content-Security-Policy", policy if answer.page else NOT_A_PAGE),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        *_transport(answer, f"max-age={YEAR}; includeSubDomains"),
        *_isolation(answer),
    ]


def _strict(answer: _Answer) -> Headers:
    policy = _policy(
        "default-src 'none'",
        f"script-src 'nonce-{answer.nonce}' 'strict-dynamic'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self' {answer.realtime}",
        f"frame-src {answer.previews}",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        # no page needs a policy of its own, so that none can be made
        "trusted-types 'none'",
        *_reporting(answer),
    )
    return [
        ("Content-Security-Policy", policy if answer.page else NOT_A_PAGE),
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        # not no-referrer: that makes browsers send "Origin: null" with forms, and CSRF checks read Origin
        ("Referrer-Policy", "same-origin"),
        *_transport(answer, f"max-age={2 * YEAR}; includeSubDomains; preload"),
        *_isolation(answer),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]


def _isolation(answer: _Answer) -> Headers:
    """What concerns documents only: the features that a page may use, and its ties to windows of other origins."""
    if not answer.page:
        return []
    return [
        ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES)),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]


def _transport(answer: _Answer, hsts: str) -> Headers:
    if not answer.tls:
        return []
    headers = [("Strict-Transport-Security", hsts)]
    if answer.page:
        headers.append(("Reporting-Endpoints", f'csp="{answer.report_url}"'))
    return headers


def _reporting(answer: _Answer) -> tuple[str, ...]:
    """`report-uri` for all; `report-to` only beside its endpoint: one without an endpoint silences `report-uri` too."""
    old = f"report-uri {answer.report_url}"
    return (old, "report-to csp") if answer.tls else (old,)


def _policy(*directives: str) -> str:
    return "; ".join(directives)


def _origin(url: str) -> str:
    """`ws://127.0.0.1:4000/realtime/v1` -> `ws://127.0.0.1:4000`: with a path, a source would match that path only."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
