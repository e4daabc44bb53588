"""The nouns of Content Security Policy: a policy as a browser holds it, and what was thrown away on the way there."""

from dataclasses import dataclass
from enum import StrEnum


class Disposition(StrEnum):
    """What a broken policy leads to."""

    ENFORCE = "enforce"
    REPORT = "report"


class Delivery(StrEnum):
    """How a policy reached the page. `<meta>` knows fewer directives than the header."""

    HEADER = "header"
    META = "meta"


class Dropped(StrEnum):
    """Why a browser holds no trace of a directive that somebody wrote."""

    DUPLICATE = "duplicate"  # only the first directive of a name counts
    NAME = "name"  # a character that no directive's name may have
    VALUE = "value"  # a character outside printable ASCII
    META = "meta"  # not supported in a <meta> policy
    REPORT_ONLY = "report-only"  # not supported in a report-only policy


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive: its name in lower case and its values as written."""

    name: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the directive as it would stand in a header."""
        return " ".join((self.name, *self.values))


@dataclass(frozen=True, slots=True)
class DroppedDirective:
    """A directive that was written and has no effect, and why."""

    directive: Directive
    why: Dropped


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy. `directives` are those in force, unknown names included, each name once, in the order written."""

    directives: tuple[Directive, ...]
    disposition: Disposition = Disposition.ENFORCE
    delivery: Delivery = Delivery.HEADER
    dropped: tuple[DroppedDirective, ...] = ()

    def get(self, name: str) -> Directive | None:
        """Return the directive of this name, or None."""
        return next((directive for directive in self.directives if directive.name == name), None)

    @property
    def enforced(self) -> bool:
        """Whether this policy blocks, rather than only reports."""
        return self.disposition is Disposition.ENFORCE

    def __str__(self) -> str:
        """Return the policy as it would stand in a header, without what was dropped."""
        return "; ".join(map(str, self.directives))


FETCH_FALLBACKS: dict[str, tuple[str, ...]] = {
    "child-src": ("child-src", "default-src"),
    "connect-src": ("connect-src", "default-src"),
    "default-src": ("default-src",),
    "fenced-frame-src": ("fenced-frame-src", "frame-src", "child-src", "default-src"),
    "font-src": ("font-src", "default-src"),
    "frame-src": ("frame-src", "child-src", "default-src"),
    "img-src": ("img-src", "default-src"),
    "manifest-src": ("manifest-src", "default-src"),
    "media-src": ("media-src", "default-src"),
    "object-src": ("object-src", "default-src"),
    "script-src": ("script-src", "default-src"),
    "script-src-attr": ("script-src-attr", "script-src", "default-src"),
    "script-src-elem": ("script-src-elem", "script-src", "default-src"),
    "style-src": ("style-src", "default-src"),
    "style-src-attr": ("style-src-attr", "style-src", "default-src"),
    "style-src-elem": ("style-src-elem", "style-src", "default-src"),
    "worker-src": ("worker-src", "child-src", "script-src", "default-src"),
}
"""Directive -> where a browser looks for its source list, in order (CSP3 6.8.3 "Get fetch directive fallback list")."""

URL_DIRECTIVES = ("base-uri", "form-action", "frame-ancestors")
"""Directives with a source list that fall back to nothing."""

SOURCE_LIST_DIRECTIVES = frozenset((*FETCH_FALLBACKS, *URL_DIRECTIVES))

DEPRECATED_DIRECTIVES: dict[str, str] = {
    "block-all-mixed-content": "browsers upgrade or block mixed content by themselves now",
    "disown-opener": "use the Cross-Origin-Opener-Policy header",
    "navigate-to": "it was removed from CSP3 and no browser ships it",
    "plugin-types": "it was removed; set object-src 'none'",
    "prefetch-src": "it was removed; prefetches follow default-src",
    "referrer": "use the Referrer-Policy header",
    "reflected-xss": "the XSS auditors are gone; it does nothing",
    "require-sri-for": "it was removed; no browser ships it",
}
"""Directive -> what to do in its stead."""

OTHER_DIRECTIVES = (
    "report-to",
    "report-uri",
    "require-trusted-types-for",
    "sandbox",
    "trusted-types",
    "upgrade-insecure-requests",
    "webrtc",
)

KNOWN_DIRECTIVES = SOURCE_LIST_DIRECTIVES | frozenset(OTHER_DIRECTIVES) | frozenset(DEPRECATED_DIRECTIVES)


def operative_directive(policy: Policy, name: str) -> Directive | None:
    """Return the directive that decides about `name` after its fall-backs, or None: nothing restricts it."""
    for candidate in FETCH_FALLBACKS.get(name, (name,)):
        found = policy.get(candidate)
        if found is not None:
            return found
    return None
