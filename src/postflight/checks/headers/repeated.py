"""Headers that were sent twice though one value is all they can have (RFC 9110 5.3).

Two layers that each add a header is the usual cause. Which of the lines counts differs by browser and by header.
"""

from collections.abc import Iterator

from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity

# those that have a module of their own (HSTS, X-Frame-Options, nosniff, COOP, ...) are judged there
SINGLE = (
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Origin",
    "Access-Control-Max-Age",
    "Content-Length",
    "Content-Type",
    "Location",
    "Retry-After",
    "X-XSS-Protection",
)
_BREAKS = frozenset({"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Content-Length", "Location"})


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield headers that came more than once: `header-conflict` if their values differ, else `header-duplicate`."""
    for name in SINGLE:
        lines = answer.values(name)
        if len(lines) < 2:
            continue
        differ = len(set(lines)) > 1
        # a repeated Allow-Origin is combined to "x, x", which equals no origin
        severity = Severity.MEDIUM if differ or name in _BREAKS else Severity.LOW
        yield HeaderFinding(
            "header-conflict" if differ else "header-duplicate",
            severity,
            name,
            " | ".join(lines),
            f"It was sent {len(lines)} times"
            + (" with different values: who wins depends on the browser." if differ else "."),
            "Set it in one place: at the edge or in the application.",
        )
