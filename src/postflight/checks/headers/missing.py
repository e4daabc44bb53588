"""Headers that a browser would obey and that were not sent. What must be sent is a tier's business (`tiers`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from postflight.checks.headers import framing, hsts, isolation, permissions, policies, referrer, sniffing
from postflight.checks.headers.answer import ContentKind, HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity

_PAGE = frozenset({ContentKind.HTML})
_BODY = frozenset({ContentKind.HTML, ContentKind.API, ContentKind.ASSET})
_ALL = frozenset(ContentKind)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A header, the kinds of answer that need it, and what goes wrong without it."""

    id: str
    header: str
    kinds: frozenset[ContentKind]
    severity: Severity
    message: str
    remedy: str
    covers: tuple[str, ...] = ()
    is_served: Callable[[HttpAnswer], bool] = lambda _answer: False  # by something other than the header itself


_WANTED = (
    _Wanted(
        "csp-missing", policies.ENFORCED, _PAGE, Severity.HIGH,
        "Injected script runs: no policy is enforced.",
        "Send an enforced Content-Security-Policy with nonces or hashes.", ("VEL-X1", "P13-X1"),
    ),
    _Wanted(
        "framing-open", framing.NAME, _PAGE, Severity.MEDIUM,
        "Any site may frame the page and trick people into clicks.",
        "Send `frame-ancestors 'none'` in the policy, and `X-Frame-Options: DENY`.", framing.COVERS,
        lambda answer: bool(framing.ancestors(answer)),
    ),
    _Wanted(
        "hsts-missing", hsts.NAME, _ALL, Severity.MEDIUM,
        "The first request of each visit may go over plain HTTP, where it can be taken over.",
        f"Send `{hsts.NAME}: max-age={2 * hsts.YEAR}; includeSubDomains`; begin with a short age.", hsts.COVERS,
        lambda answer: not answer.https,
    ),
    _Wanted(
        "nosniff-missing", sniffing.NAME, _BODY, Severity.LOW,
        "Browsers may take the body for a script or a page.",
        "Send `X-Content-Type-Options: nosniff`.", sniffing.COVERS,
    ),
    _Wanted(
        "referrer-missing", referrer.NAME, _PAGE, Severity.INFO,
        f"Current browsers use {referrer.DEFAULT}; older ones send whole URLs.",
        f"Send `{referrer.NAME}: {referrer.DEFAULT}`.", referrer.COVERS,
    ),
    _Wanted(
        "permissions-missing", permissions.NAME, _PAGE, Severity.INFO,
        "Injected script may ask for camera, location and the like in the site's name.",
        "Send Permissions-Policy and switch off what the page does not use.",
    ),
    _Wanted(
        "coop-missing", isolation.COOP, _PAGE, Severity.INFO,
        "A page that opened this one keeps a handle to its window.",
        f"Send `{isolation.COOP}: same-origin`.",
    ),
    _Wanted(
        "corp-missing", isolation.CORP, _BODY, Severity.INFO,
        "Other sites may load the answer into their own process.",
        f"Send `{isolation.CORP}: same-origin`.",
    ),
)  # fmt: skip


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield a finding for each header that the answer's kind could use and does not have."""
    for wanted in _WANTED:
        if answer.kinds & wanted.kinds and not answer.values(wanted.header) and not wanted.is_served(answer):
            yield HeaderFinding(
                wanted.id, wanted.severity, wanted.header, "", wanted.message, wanted.remedy, wanted.covers
            )
