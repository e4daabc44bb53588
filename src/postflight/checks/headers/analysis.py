"""All that can be said about one answer's headers."""

from collections.abc import Iterable

from postflight.checks import cookies, cors
from postflight.checks.headers import (
    caching,
    framing,
    hsts,
    isolation,
    leaks,
    legacy,
    missing,
    permissions,
    policies,
    referrer,
    repeated,
    reporting,
    sniffing,
)
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding

_SUBJECTS = (
    hsts, framing, sniffing, referrer, permissions, isolation, reporting, cookies, cors, caching, leaks, repeated,
    legacy,
)  # fmt: skip


def analyse(answer: HttpAnswer) -> tuple[HeaderFinding, ...]:
    """Return what is wrong with the headers that were sent, policies left out, worst first."""
    return in_order(finding for subject in _SUBJECTS for finding in subject.find(answer))


def examine(answer: HttpAnswer) -> tuple[HeaderFinding, ...]:
    """Return the same, and what is wrong with the policies of a page."""
    return in_order((*analyse(answer), *policies.find(answer)))


def advise(answer: HttpAnswer) -> tuple[HeaderFinding, ...]:
    """Return all of that and what is missing, worst first: the view of a person who has no tier in mind."""
    return in_order((*examine(answer), *missing.find(answer)))


def in_order(findings: Iterable[HeaderFinding]) -> tuple[HeaderFinding, ...]:
    """Sort findings: worst first, then by header and id. Equal ones are shown once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda one: (one.severity.rank, one.header, one.id, one.value)))
