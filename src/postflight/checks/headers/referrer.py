"""Referrer-Policy: a list of which the last known token counts (W3C Referrer Policy 8.1 and 4.1)."""

from collections.abc import Iterator

from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity

NAME = "Referrer-Policy"
COVERS = ("VEL-X1",)
PRIVATE = frozenset({"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"})
LEAKY = {
    "unsafe-url": (Severity.MEDIUM, "sends the whole URL, query included, to every site, even over plain HTTP"),
    "no-referrer-when-downgrade": (Severity.LOW, "sends the whole URL, query included, to every HTTPS site"),
    "origin-when-cross-origin": (Severity.LOW, "sends the origin over plain HTTP too"),
    "origin": (Severity.LOW, "sends the origin over plain HTTP too"),
}
DEFAULT = "strict-origin-when-cross-origin"  # what browsers do without the header
_FIX = f"Send `{NAME}: {DEFAULT}`, or one of {', '.join(sorted(PRIVATE - {DEFAULT}))}."


def effective(answer: HttpAnswer) -> str:
    """Return the policy that a browser takes from the header, or `` if it takes none and uses its default."""
    known = [item.lower() for item in answer.items(NAME) if item.lower() in PRIVATE or item.lower() in LEAKY]
    return known[-1] if known else ""


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what is wrong with the header, if it was sent."""
    raw = answer.combined(NAME)
    if raw is None:
        return
    policy = effective(answer)
    unknown = [item for item in answer.items(NAME) if item.lower() not in PRIVATE and item.lower() not in LEAKY]
    if not policy:
        yield HeaderFinding(
            "referrer-invalid",
            Severity.MEDIUM,
            NAME,
            raw,
            f"Browsers know no token of it, and use their default ({DEFAULT}).",
            _FIX,
            COVERS,
        )
    elif unknown:
        yield HeaderFinding(
            "referrer-unknown-token",
            Severity.INFO,
            NAME,
            raw,
            f"Browsers skip {', '.join(unknown)} and use {policy}.",
            _FIX,
            COVERS,
        )
    if policy in LEAKY:
        severity, what = LEAKY[policy]
        yield HeaderFinding("referrer-leaky", severity, NAME, raw, f"{policy} {what}.", _FIX, COVERS)
