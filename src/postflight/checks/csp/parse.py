"""Text to policies, as browsers do it: lenient, silent, the first directive of a name wins.

CSP3 2.2.1 "Parse a serialized CSP" and 2.2.2 "Parse a response's Content Security Policies". Where Chromium differs
from the text, this does what Chromium does:

- A directive whose value has a character outside printable ASCII is dropped, and still hides later ones of its name.
  (The text skips such a token as if it were not there, so the later one would count.)
- A name with other characters than letters, digits and dashes is dropped.
- A policy without directives is kept by Chromium and means nothing; the text drops it, and so does this.
"""

import re
from collections.abc import Iterable

from postflight.checks.csp.policy import Delivery, Directive, Disposition, Dropped, DroppedDirective, Policy

WHITESPACE = "\t\n\f\r "
_SEPARATOR = re.compile(f"[{WHITESPACE}]+")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_VALUE = re.compile(f"[{WHITESPACE}\x21-\x7e]*")
_NOT_IN_META = frozenset({"frame-ancestors", "report-uri", "sandbox"})
_NOT_IN_REPORT_ONLY = frozenset({"sandbox", "upgrade-insecure-requests"})

ENFORCED_HEADER = "content-security-policy"
REPORT_ONLY_HEADER = "content-security-policy-report-only"


def parse_policy(
    text: str | bytes,
    disposition: Disposition = Disposition.ENFORCE,
    delivery: Delivery = Delivery.HEADER,
) -> Policy:
    """Parse one policy. Never fails: what a browser cannot use is in `dropped`, or is an unknown name in `directives`.

    A comma has no meaning here; `parse_policies` splits a list.
    """
    if isinstance(text, bytes):
        text = text.decode("latin-1")  # "isomorphic decoding": one byte, one character
    kept: dict[str, Directive] = {}
    dropped: list[DroppedDirective] = []
    seen: set[str] = set()
    for token in text.split(";"):
        words = [word for word in _SEPARATOR.split(token) if word]
        if not words:
            continue
        directive = Directive(words[0].lower(), tuple(words[1:]))
        why = _why_dropped(directive, seen, disposition, delivery)
        if why is None:
            kept[directive.name] = directive
        else:
            dropped.append(DroppedDirective(directive, why))
        if why is not Dropped.NAME:
            seen.add(directive.name)
    return Policy(tuple(kept.values()), disposition, delivery, tuple(dropped))


def parse_policies(
    text: str | bytes,
    disposition: Disposition = Disposition.ENFORCE,
    delivery: Delivery = Delivery.HEADER,
) -> tuple[Policy, ...]:
    """Parse a comma-joined list, as one header line or several joined ones carry it. Empty policies are left out."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    policies = (parse_policy(part, disposition, delivery) for part in text.split(","))
    return tuple(policy for policy in policies if policy.directives or policy.dropped)


def parse_headers(headers: Iterable[tuple[str, str]]) -> tuple[Policy, ...]:
    """Return the policies of a response's header list (names in any case, values in order), enforced ones first."""
    pairs = [(name.strip().lower(), value) for name, value in headers]
    dispositions = ((ENFORCED_HEADER, Disposition.ENFORCE), (REPORT_ONLY_HEADER, Disposition.REPORT))
    return tuple(
        policy
        for header, disposition in dispositions
        for name, value in pairs
        if name == header
        for policy in parse_policies(value, disposition)
    )


def _why_dropped(directive: Directive, seen: set[str], disposition: Disposition, delivery: Delivery) -> Dropped | None:
    if not _NAME.fullmatch(directive.name):
        return Dropped.NAME
    if directive.name in seen:
        return Dropped.DUPLICATE
    if not all(_VALUE.fullmatch(value) for value in directive.values):
        return Dropped.VALUE
    if disposition is Disposition.REPORT and directive.name in _NOT_IN_REPORT_ONLY:
        return Dropped.REPORT_ONLY
    if delivery is Delivery.META and directive.name in _NOT_IN_META:
        return Dropped.META
    return None
