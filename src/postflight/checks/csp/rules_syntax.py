"""Mistakes that browsers pass over in silence: what was written is not what is in force."""

from collections.abc import Iterator

from postflight.checks.csp.effective import GOVERNING, ignored_sources
from postflight.checks.csp.finding import CspFinding, Severity, Subject, Weakness
from postflight.checks.csp.policy import (
    DEPRECATED_DIRECTIVES,
    KNOWN_DIRECTIVES,
    SOURCE_LIST_DIRECTIVES,
    Directive,
    Dropped,
    operative_directive,
)
from postflight.checks.csp.sources import Host, Invalid, Keyword, Source, parse_source_list

_DROPPED = {
    Dropped.DUPLICATE: (Severity.MEDIUM, "Only the first {name} counts; this one has no effect", "merge them into one"),
    Dropped.NAME: (Severity.MEDIUM, "{name} cannot be a directive's name, so browsers drop it", "correct the name"),
    Dropped.VALUE: (
        Severity.HIGH,
        "{name} holds a character outside printable ASCII, so browsers drop the whole directive: nothing is restricted",
        "write hosts in Punycode and percent-encode paths",
    ),
    Dropped.META: (Severity.MEDIUM, "{name} has no effect in <meta>", "send it in the Content-Security-Policy header"),
    Dropped.REPORT_ONLY: (
        Severity.LOW,
        "{name} has no effect in a report-only policy",
        "send it in the enforced policy",
    ),
}
_UNQUOTED = frozenset(keyword.value.strip("'") for keyword in Keyword if keyword.value.startswith("'"))
_ANCESTOR_KEYWORDS = (Keyword.SELF, Keyword.NONE, Keyword.ANY)


def dropped(subject: Subject) -> Iterator[Weakness]:
    """Directives of which browsers keep nothing."""
    for lost in subject.policy.dropped:
        severity, message, remedy = _DROPPED[lost.why]
        name = lost.directive.name
        if lost.why is Dropped.DUPLICATE and name in ("report-to", "report-uri"):
            severity = Severity.LOW
        finding = CspFinding(
            f"dropped-{lost.why.value}",
            severity,
            name,
            " ".join(lost.directive.values),
            message.format(name=name),
            "directives do not end with a colon" if name.endswith(":") else remedy,
        )
        yield Weakness(finding)


def directive_names(subject: Subject) -> Iterator[Weakness]:
    """Names that browsers do not know (any more)."""
    for directive in subject.policy.directives:
        if directive.name in DEPRECATED_DIRECTIVES:
            message = f"{directive.name} does nothing any more: {DEPRECATED_DIRECTIVES[directive.name]}"
            yield Weakness(_about(directive, "deprecated-directive", Severity.INFO, "", message, "remove it"))
        elif directive.name not in KNOWN_DIRECTIVES:
            message = f"{directive.name} is no directive; browsers ignore it"
            yield Weakness(_about(directive, "unknown-directive", Severity.MEDIUM, "", message, "correct or remove it"))


def sources(subject: Subject) -> Iterator[Weakness]:
    """Expressions that mean nothing, or something else than was meant."""
    for directive in subject.policy.directives:
        if directive.name not in SOURCE_LIST_DIRECTIVES:
            continue
        for text, source in parse_source_list(directive.values).entries:
            finding = _suspicious(directive, text, source)
            if finding is not None:
                yield Weakness(finding)


def ignored(subject: Subject) -> Iterator[Weakness]:
    """Find sources that others switch off: harmless where meant for old browsers, misleading otherwise."""
    said: set[tuple[str, str]] = set()
    for name in GOVERNING:
        directive = operative_directive(subject.policy, name)
        if directive is None:
            continue
        for text, why in ignored_sources(name, directive).items():
            quiet = text.lower() != "'none'" and why.startswith("browsers")  # said by `sources`
            if quiet or (directive.name, text) in said:
                continue
            said.add((directive.name, text))
            none = text.lower() == "'none'"
            yield Weakness(
                _about(
                    directive,
                    "none-ignored" if none else "ignored-source",
                    Severity.MEDIUM if none else Severity.INFO,
                    text,
                    f"Browsers ignore {text} here: {why}",
                    "remove 'none', or everything else" if none else "nothing, if it is there for old browsers",
                )
            )


def _suspicious(directive: Directive, text: str, source: Source) -> CspFinding | None:
    word = text.lower()
    if word in KNOWN_DIRECTIVES:
        message = f"{text} is a directive's name: it stands here as a host"
        return _about(directive, "missing-semicolon", Severity.MEDIUM, text, message, f"put a semicolon before {text}")
    if isinstance(source, Host) and (word in _UNQUOTED or word.startswith(("nonce-", "sha256-", "sha384-", "sha512-"))):
        message = f"Without quotes, {text} is the name of a host"
        return _about(directive, "unquoted-keyword", Severity.MEDIUM, text, message, f"write '{text}'")
    if isinstance(source, Invalid) and word.startswith("'nonce-"):
        message = f"{text} is no base64, so browsers ignore it"
        return _about(directive, "nonce-charset", Severity.MEDIUM, text, message, "use base64 or base64url")
    if isinstance(source, Invalid):
        message = f"Browsers do not understand {text} and ignore it"
        return _about(directive, "invalid-source", Severity.MEDIUM, text, message, "correct or remove it")
    if directive.name == "frame-ancestors" and isinstance(source, Keyword) and source not in _ANCESTOR_KEYWORDS:
        message = f"frame-ancestors knows only hosts, schemes, 'self' and 'none'; {text} does nothing"
        return _about(directive, "invalid-source", Severity.MEDIUM, text, message, "remove it")
    return None


def _about(
    directive: Directive, identity: str, severity: Severity, value: str, message: str, remedy: str
) -> CspFinding:
    return CspFinding(identity, severity, directive.name, value, message, remedy)


RULES = (dropped, directive_names, sources, ignored)
