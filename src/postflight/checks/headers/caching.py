"""What shared caches must not keep: somebody's cookie, and a page whose nonce is then the same for all.

RFC 9111 3 and 7.3: a cache keeps Set-Cookie with the answer unless Cache-Control forbids it.
"""

import re
from collections.abc import Iterator

from postflight.checks.headers import policies
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity

NAME = "Cache-Control"
_FIX = "Send `Cache-Control: no-store` (or `private`)."
_LIFETIME = re.compile(r"s-maxage\s*=\s*\"?0*[1-9]")


def is_shared(answer: HttpAnswer) -> bool:
    """Whether the answer asks shared caches to keep it. Without such words a cache may guess; that is not counted."""
    words = {item.lower() for item in answer.items(NAME)}
    if words & {"no-store", "private", "no-cache"}:
        return False
    return "public" in words or any(_LIFETIME.match(word) for word in words)


def nonces(answer: HttpAnswer) -> frozenset[str]:
    """Return the nonces (the text between `'nonce-` and `'`) of the answer's enforced policies."""
    return frozenset(
        source[7:-1]
        for policy in policies.enforced(answer)
        for directive in policy.directives
        for source in directive.values
        if source.lower().startswith("'nonce-") and source.endswith("'")
    )


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what a shared cache would hand to the wrong person."""
    raw = answer.combined(NAME) or ""
    if not is_shared(answer):
        return
    if answer.values("set-cookie"):
        yield HeaderFinding(
            "cookie-in-shared-cache",
            Severity.HIGH,
            NAME,
            raw,
            "A shared cache may keep the answer, and hand its cookie to somebody else.",
            _FIX,
        )
    if nonces(answer):
        yield HeaderFinding(
            "nonce-in-shared-cache",
            Severity.MEDIUM,
            NAME,
            raw,
            "A shared cache may keep the page: its nonce is then the same for all, and no secret.",
            f"{_FIX} For pages that must be cached use hashes.",
        )
