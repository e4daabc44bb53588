"""What is in force: each directive after fall-backs, without the sources that browsers ignore."""

from collections.abc import Iterable
from dataclasses import dataclass

from postflight.checks.csp.policy import FETCH_FALLBACKS, URL_DIRECTIVES, Directive, Policy, operative_directive
from postflight.checks.csp.sources import Host, Invalid, Keyword, Scheme, SourceList, parse_source_list

_LENDING = ("child-src", "default-src", "script-src", "style-src")
GOVERNING = tuple(name for name in (*FETCH_FALLBACKS, *URL_DIRECTIVES) if name not in _LENDING)
"""Directives that requests and elements are checked against; the others lend their lists to these.

Only `eval` and WebAssembly ask `script-src` itself.
"""


@dataclass(frozen=True, slots=True)
class EffectiveDirective:
    """One governing directive. A request must match a source of every list; without lists, nothing restricts it."""

    name: str
    lists: tuple[tuple[str, ...], ...]

    @property
    def unrestricted(self) -> bool:
        """Whether no policy says anything about this."""
        return not self.lists

    def __str__(self) -> str:
        """Return the lists in words, joined by "and"."""
        return " and ".join(" ".join(values) or "'none'" for values in self.lists) or "(unrestricted)"


def effective_policy(policies: Iterable[Policy]) -> tuple[EffectiveDirective, ...]:
    """Return every governing directive with the lists that enforced policies put on it."""
    enforced = [policy for policy in policies if policy.enforced]
    return tuple(
        EffectiveDirective(
            name,
            tuple(
                effective_sources(name, directive)
                for policy in enforced
                if (directive := operative_directive(policy, name)) is not None
            ),
        )
        for name in GOVERNING
    )


def effective_sources(name: str, directive: Directive) -> tuple[str, ...]:
    """Return the sources of a directive that count when it governs `name`."""
    ignored = ignored_sources(name, directive)
    return tuple(dict.fromkeys(value for value in directive.values if value not in ignored))


def ignored_sources(name: str, directive: Directive) -> dict[str, str]:
    """Return the sources that browsers ignore when this directive governs `name`, and why."""
    sources = parse_source_list(directive.values)
    ignored: dict[str, str] = {}
    for text, source in sources.entries:
        if isinstance(source, Invalid):
            ignored[text] = "browsers do not understand it"
        elif source is Keyword.NONE and len(sources.entries) > 1:
            ignored[text] = "'none' only counts when it stands alone"
        elif source is Keyword.UNSAFE_INLINE and (sources.nonces or sources.hashes):
            ignored[text] = "a nonce or a hash switches it off"
        elif _is_overruled(name, source, sources):
            ignored[text] = "'strict-dynamic' switches it off"
    return ignored


def _is_overruled(name: str, source: object, sources: SourceList) -> bool:
    if name != "script-src-elem" or not sources.has(Keyword.STRICT_DYNAMIC):
        return False
    return isinstance(source, Scheme | Host) or source in (Keyword.ANY, Keyword.SELF, Keyword.UNSAFE_INLINE)
