"""From HTTP to HTTPS: the chain of answers that begins with a plain `http://` request (VEL-X2).

After MDN's HTTP Observatory: the first hop goes to HTTPS on the same host, so that HSTS is set for it.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.tokens import without_secrets

COVERS = ("VEL-X2",)
_FIX = "Answer HTTP with 308 (or 301) to the same host and path on HTTPS; change the host after that."
_PERMANENT = frozenset({301, 308})


def find_upgrade(chain: Sequence[HttpAnswer]) -> Iterator[HeaderFinding]:
    """Yield what is wrong with the way to HTTPS.

    `chain` holds the answers in order, the first to an `http://` URL. A port that refuses plain HTTP is fine and gives
    no chain: an empty one yields nothing.
    """
    if not chain or chain[0].scheme != "http":
        return
    first, last = chain[0], chain[-1]
    target = first.redirect_target
    if not target:
        yield _say("http-not-upgraded", Severity.HIGH, first.url, f"Plain HTTP answers {first.status} and stays.")
        return
    if not target.startswith("https:"):
        yield _say("http-first-hop-insecure", Severity.MEDIUM, target, "The first redirect goes to plain HTTP again.")
    elif (urlsplit(target).hostname or "") != first.host:
        yield _say(
            "http-off-host",
            Severity.LOW,
            target,
            "The first redirect leaves the host, which so never gets its HSTS policy.",
        )
    elif first.status not in _PERMANENT:
        yield _say("http-temporary", Severity.INFO, first.url, "The redirect to HTTPS is not a permanent one.")
    if not last.https and not last.redirect_target.startswith("https:"):
        yield _say("http-not-upgraded", Severity.HIGH, last.url, "The chain of redirects does not end on HTTPS.")


def _say(code: str, severity: Severity, value: str, message: str) -> HeaderFinding:
    return HeaderFinding(code, severity, "Location", without_secrets(value), message, _FIX, COVERS)
