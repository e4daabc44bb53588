"""Just enough of Content-Security-Policy for the headers that it meets: framing, caching, tiers.

W3C CSP Level 3, 2.2.2 "Parse a serialized CSP list". The evaluator of policies is `postflight.checks.csp`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from postflight.checks.headers.answer import HttpAnswer

ENFORCED = "Content-Security-Policy"
_SPACE = "\t\n\f\r "
_FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "script-src-elem": ("script-src", "default-src"),
    "script-src-attr": ("script-src", "default-src"),
    "style-src-elem": ("style-src", "default-src"),
    "style-src-attr": ("style-src", "default-src"),
    "worker-src": ("child-src", "script-src", "default-src"),
    "frame-src": ("child-src", "default-src"),
}
# no fetch directives: without them anything goes, whatever default-src says
NO_FALLBACK = frozenset(
    {
        "base-uri",
        "form-action",
        "frame-ancestors",
        "report-to",
        "report-uri",
        "require-trusted-types-for",
        "sandbox",
        "trusted-types",
        "upgrade-insecure-requests",
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """One enforced policy: directive name in lower case -> its sources as written."""

    directives: Mapping[str, tuple[str, ...]]

    def sources(self, directive: str) -> tuple[str, ...] | None:
        """Return the sources that govern a directive, fall-backs followed; None: nothing governs it."""
        if directive in self.directives or directive in NO_FALLBACK:
            return self.directives.get(directive)
        for name in _FALLBACKS.get(directive, ("default-src",)):
            if name in self.directives:
                return self.directives[name]
        return None


def parse(text: str) -> tuple[Policy, ...]:
    """Return the policies of a combined header value. Of a doubled directive the first counts."""
    return tuple(policy for policy in map(_parse_one, text.split(",")) if policy.directives)


def enforced(answer: HttpAnswer) -> tuple[Policy, ...]:
    """Return the policies that the answer's headers enforce. All of them must allow what happens."""
    return parse(answer.combined(ENFORCED) or "")


def _parse_one(text: str) -> Policy:
    directives: dict[str, tuple[str, ...]] = {}
    for part in text.split(";"):
        words = part.strip(_SPACE).split()
        if words:
            directives.setdefault(words[0].lower(), tuple(words[1:]))
    return Policy(directives)
