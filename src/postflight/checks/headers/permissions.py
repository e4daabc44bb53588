"""Permissions-Policy: a structured dictionary of feature -> allow-list (W3C Permissions Policy 5.2 and 9.2).

If the dictionary does not parse, browsers ignore the whole header; the usual cause is the older Feature-Policy syntax.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.structured import Broken, Dictionary, Item, parse_dictionary

NAME = "Permissions-Policy"
# what no stranger's frame should get; their default is `self`, so a `*` was written on purpose
POWERFUL = frozenset(
    {
        "bluetooth",
        "camera",
        "clipboard-read",
        "display-capture",
        "geolocation",
        "hid",
        "identity-credentials-get",
        "local-fonts",
        "local-network-access",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-create",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "storage-access",
        "usb",
        "window-management",
    }
)
_FIX = 'Send for example `Permissions-Policy: camera=(), geolocation=(self), payment=(self "https://pay.example")`.'


def effective(answer: HttpAnswer) -> Dictionary | None:
    """Return the dictionary that a browser obeys, or None."""
    parsed = parse_dictionary(answer, NAME)
    return parsed if isinstance(parsed, Dictionary) else None


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what is wrong with the header, if it was sent."""
    raw = answer.combined(NAME) or ""
    parsed = parse_dictionary(answer, NAME)
    if isinstance(parsed, Broken):
        hint = " It looks like Feature-Policy's syntax." if "'" in raw or ";" in raw else ""
        yield _say("permissions-invalid", Severity.MEDIUM, raw, f"Browsers ignore all of it: {parsed.why}.{hint}")
        return
    if parsed is None:
        return
    for feature in parsed.doubled:
        yield _say(
            "permissions-duplicate", Severity.LOW, feature, f"{feature} is there twice; browsers obey the last one."
        )
    for feature, member in parsed.members.items():
        wrong = next((item for item in member.items if not _is_allowed(item)), None)
        if wrong is not None:
            yield _say(
                "permissions-bad-value",
                Severity.LOW,
                f"{feature}={wrong.value}",
                "Browsers skip it, and allow nobody if nothing is left: only *, self, src and quoted origins count.",
            )
        elif feature in POWERFUL and any(item.keyword == "*" for item in member.items):
            yield _say(
                "permissions-wildcard", Severity.MEDIUM, f"{feature}=*", f"Every frame of any origin may use {feature}."
            )


def _is_allowed(item: Item) -> bool:
    if item.keyword is not None:
        return item.keyword in {"*", "self", "src"}
    if not isinstance(item.value, str):
        return False
    try:
        parts = urlsplit(item.value)
        return parts.scheme in {"https", "http", "wss", "ws"} and bool(parts.hostname)
    except ValueError:
        return False


def _say(code: str, severity: Severity, value: str, message: str) -> HeaderFinding:
    return HeaderFinding(code, severity, NAME, value, message, _FIX)
