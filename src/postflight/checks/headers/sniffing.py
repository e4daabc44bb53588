"""What type a browser takes the body for: X-Content-Type-Options and Content-Type.

Fetch Standard 3.6: of all values only the *first* counts, and it must be `nosniff`, in any case.
"""

from collections.abc import Iterator

from postflight.checks.headers.answer import ContentKind, HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity

NAME = "X-Content-Type-Options"
COVERS = ("VEL-X1", "P13-X3")
_FIX = "Send `X-Content-Type-Options: nosniff`, once."


def effective(answer: HttpAnswer) -> str:
    """Return `nosniff`, or `` if browsers may guess."""
    values = (answer.combined(NAME) or "").split(",")
    return "nosniff" if values[0].strip().lower() == "nosniff" else ""


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what is wrong with the two headers."""
    raw = answer.combined(NAME)
    if raw is not None and not effective(answer):
        yield HeaderFinding(
            "nosniff-invalid",
            Severity.MEDIUM,
            NAME,
            raw,
            "Its first value is not `nosniff`: browsers guess types.",
            _FIX,
            COVERS,
        )
    elif raw is not None and raw.lower() != "nosniff":
        yield HeaderFinding("nosniff-duplicate", Severity.INFO, NAME, raw, "Only the first value counts.", _FIX, COVERS)
    yield from _find_type(answer)


def _find_type(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    if answer.kinds & {ContentKind.EMPTY, ContentKind.REDIRECT} or answer.combined("content-length") == "0":
        return
    raw = answer.combined("content-type")
    if raw is None:
        yield HeaderFinding(
            "content-type-missing",
            Severity.LOW,
            "Content-Type",
            "",
            "Browsers guess what the body is.",
            "Send the body's media type.",
        )
    elif answer.is_document and "charset" not in raw.lower():
        # info: a <meta charset> is as good, and only the body knows
        yield HeaderFinding(
            "charset-missing",
            Severity.INFO,
            "Content-Type",
            raw,
            "No charset: browsers guess unless the page says.",
            "Send `text/html; charset=utf-8`.",
        )
