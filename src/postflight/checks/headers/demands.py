"""What a tier can demand of a Content-Security-Policy, and what stands in the way.

All policies of an answer must allow what happens, so a demand is met as soon as one enforced policy meets it. After
W3C CSP Level 3 and web.dev "Strict CSP". Weighing every source is the evaluator's work (`postflight.checks.csp`); where
both speak of the same thing, they give it the same id and value, so that it is said, and waived, once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from postflight.checks.csp import Directive, Policy, allows, parse_policy
from postflight.checks.csp.evaluate import DEFAULT_ORIGIN
from postflight.checks.csp.hosts import tenancy
from postflight.checks.csp.policy import operative_directive
from postflight.checks.csp.sources import Host, parse_source_list
from postflight.checks.csp.witness import sample_url
from postflight.checks.headers.answer import HttpAnswer, is_loopback
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.policies import ENFORCED

COVERS = ("P13-X1", "VEL-X1")
_TRUSTED = re.compile(r"'(?:nonce-.+|sha(?:256|384|512)-.+)'\Z", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?([^/:]+)", re.IGNORECASE)
_ANY_HOST = frozenset({"*", "https:", "http:", "data:", "blob:", "*:*"})
# they only ever narrow what a policy allows, or say how it is reported
_NARROWING = frozenset({"'none'", "'self'", "'strict-dynamic'", "'report-sample'"})
_SCRIPTS = ("script-src-elem", "script-src-attr")
_UNGOVERNED = ("(no directive)",)


class Demand(StrEnum):
    """One property of a policy. The values are what `budgets.yaml` says."""

    NO_INLINE_SCRIPT = "no-inline-script"
    NO_INLINE_STYLE = "no-inline-style"
    NO_EVAL = "no-eval"
    NO_ANY_HOST = "no-any-host"  # script from every host, or from data:
    NO_SHARED_HOSTS = "no-shared-hosts"  # *.vercel.app: whoever has an account there
    NONCE_OR_HASH = "nonce-or-hash"
    STRICT_DYNAMIC = "strict-dynamic"
    TRUSTED_TYPES = "trusted-types"
    NO_PLUGINS = "no-plugins"
    FIXED_BASE = "fixed-base"
    FORM_TARGETS = "form-targets"
    FRAME_ANCESTORS = "frame-ancestors"
    REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class _Rule:
    """How a demand is checked: what in a policy stands in its way (nothing: it is met)."""

    id: str
    severity: Severity
    message: str
    remedy: str
    obstacles: Callable[[Policy], Sequence[str]]
    covers: tuple[str, ...] = COVERS


def find_unmet(demand: Demand, policies: Sequence[Policy]) -> tuple[HeaderFinding, ...]:
    """Return a finding for each obstacle, of the policy that has fewest; none if a policy meets the demand."""
    rule = _RULES[demand]
    if demand is Demand.NO_SHARED_HOSTS:  # a policy that is silent about a host lets it through
        obstacles = tuple(value for policy in policies for value in _shared_hosts(policy, policies))
    else:
        obstacles = min((tuple(rule.obstacles(policy)) for policy in policies), key=len, default=_UNGOVERNED)
    return tuple(
        HeaderFinding(rule.id, rule.severity, ENFORCED, value, rule.message, rule.remedy, rule.covers)
        for value in dict.fromkeys(obstacles)
    )


def find_looser(plan: str, policies: Sequence[Policy], answer: HttpAnswer) -> tuple[HeaderFinding, ...]:
    """Return what the answer's policies allow and the plan does not, directive by directive.

    A policy that is stricter than its plan passes. On a loopback answer, loopback sources pass too: there they are the
    stand-ins for the plan's hosts.
    """
    planned = parse_policy(plan)
    if not planned.directives:
        raise ValueError(f"the plan {plan!r} is no policy")
    extras = min((_extras(planned, policy, answer) for policy in policies), key=len, default=())
    return tuple(
        HeaderFinding(
            "csp-looser-than-planned",
            Severity.HIGH,
            ENFORCED,
            extra,
            "The policy allows what the plan does not.",
            "Remove the source, or change the plan in budgets.yaml.",
            COVERS,
        )
        for extra in extras
    )


def _extras(plan: Policy, policy: Policy, answer: HttpAnswer) -> tuple[str, ...]:
    local = is_loopback(answer.host)
    found: list[str] = []
    for name in dict.fromkeys(directive.name for directive in (*plan.directives, *policy.directives)):
        allowed, seen = operative_directive(plan, name), operative_directive(policy, name)
        if allowed is None:  # the plan leaves it open
            continue
        if seen is None:
            found.append(f"{name} is not restricted")
            continue
        known = {source.lower() for source in allowed.values}
        found += [
            f"{name} {source}"
            for source in seen.values
            if not (_narrows(source, known) or (local and _is_local(source)))
        ]
    return tuple(dict.fromkeys(found))


def _narrows(source: str, known: set[str]) -> bool:
    word = source.lower()
    if word in known or word == "'none'" or _TRUSTED.match(source):
        return True
    return word in _NARROWING and word != "'self'"


def _is_local(source: str) -> bool:
    matched = _HOST.match(source)
    return matched is not None and is_loopback(matched[1].lower())


def _words(directive: Directive) -> frozenset[str]:
    return frozenset(source.lower() for source in directive.values)


def _inline(*names: str) -> Callable[[Policy], Sequence[str]]:
    def obstacles(policy: Policy) -> Sequence[str]:
        for name in names:
            directive = operative_directive(policy, name)
            if directive is None:
                return _UNGOVERNED
            words = _words(directive)
            # nonces, hashes and 'strict-dynamic' switch 'unsafe-inline' off: it is then for old browsers only
            if "'unsafe-inline'" in words and not (
                "'strict-dynamic'" in words or any(map(_TRUSTED.match, directive.values))
            ):
                return (f"{directive.name} 'unsafe-inline'",)
        return ()

    return obstacles


def _eval(policy: Policy) -> Sequence[str]:
    directive = operative_directive(policy, "script-src")
    if directive is None:
        return _UNGOVERNED
    return [f"{directive.name} {source}" for source in directive.values if source.lower() == "'unsafe-eval'"]


def _any_host(policy: Policy) -> Sequence[str]:
    directive = operative_directive(policy, "script-src-elem")
    if directive is None:
        return _UNGOVERNED
    if "'strict-dynamic'" in _words(directive):
        return ()
    return [f"{directive.name} {source}" for source in directive.values if source.lower() in _ANY_HOST]


def _shared_hosts(policy: Policy, policies: Sequence[Policy]) -> Sequence[str]:
    """Return the shared hosts of a policy that get past all policies."""
    return [
        f"{directive.name} {text}"
        for directive in policy.directives
        for text, source in parse_source_list(directive.values).entries
        if isinstance(source, Host) and tenancy(source)
        if allows(policies, directive.name, sample_url(source, DEFAULT_ORIGIN) or "", DEFAULT_ORIGIN)
    ]


def _lacks(directive: str, wanted: Callable[[frozenset[str]], bool]) -> Callable[[Policy], Sequence[str]]:
    """Return a check that a directive is there and its sources, in lower case, are as wanted."""

    def obstacles(policy: Policy) -> Sequence[str]:
        found = operative_directive(policy, directive)
        if found is None:
            return (directive,)
        return () if wanted(_words(found)) else (" ".join((directive, *found.values)),)

    return obstacles


def _runs_nothing(words: frozenset[str]) -> bool:
    return not words - {"'none'"}


def _reports(policy: Policy) -> Sequence[str]:
    return () if policy.get("report-to") or policy.get("report-uri") else ("report-to",)


_RULES: Mapping[Demand, _Rule] = {
    Demand.NO_INLINE_SCRIPT: _Rule(
        "script-unsafe-inline", Severity.HIGH, "Injected inline script runs.",
        "Give each script a nonce or hash, and remove 'unsafe-inline'.", _inline(*_SCRIPTS),
    ),
    Demand.NO_INLINE_STYLE: _Rule(
        "style-unsafe-inline", Severity.MEDIUM, "Injected styles apply: they can hide and read parts of the page.",
        "Move styles to files, or give them nonces.", _inline("style-src-elem"),
    ),
    Demand.NO_EVAL: _Rule(
        "script-unsafe-eval", Severity.HIGH, "Text becomes code through eval().",
        "Remove eval (and new Function, string timers), then 'unsafe-eval'.", _eval,
    ),
    Demand.NO_ANY_HOST: _Rule(
        "csp-any-host", Severity.HIGH, "Script from any host (or from data:) runs.",
        "Name the hosts, or use nonces and 'strict-dynamic'.", _any_host,
    ),
    Demand.NO_SHARED_HOSTS: _Rule(
        "multi-tenant-host", Severity.HIGH, "Whoever has an account with that provider can use this source.",
        "Name your own hosts.", lambda policy: _shared_hosts(policy, [policy]),
    ),
    Demand.NONCE_OR_HASH: _Rule(
        "csp-no-nonce", Severity.HIGH, "Scripts are trusted by host, which an open redirect or JSONP on it defeats.",
        "Trust scripts by a fresh nonce or a hash.",
        _lacks("script-src-elem", lambda words: _runs_nothing(words) or any(map(_TRUSTED.match, words))),
    ),
    Demand.STRICT_DYNAMIC: _Rule(
        "strict-dynamic-missing", Severity.MEDIUM, "Hosts and 'self' stay trusted beside the nonces.",
        "Add 'strict-dynamic' to script-src.",
        _lacks("script-src-elem", lambda words: _runs_nothing(words) or "'strict-dynamic'" in words),
    ),
    Demand.TRUSTED_TYPES: _Rule(
        "trusted-types-missing", Severity.MEDIUM, "Strings still reach DOM sinks such as innerHTML.",
        "Add require-trusted-types-for 'script'.",
        _lacks("require-trusted-types-for", lambda words: "'script'" in words), ("P13-X2",),
    ),
    Demand.NO_PLUGINS: _Rule(
        "csp-plugins", Severity.MEDIUM, "<object> and <embed> load content.", "Add object-src 'none'.",
        _lacks("object-src", _runs_nothing),
    ),
    Demand.FIXED_BASE: _Rule(
        "missing-base-uri", Severity.MEDIUM, "An injected <base> sends relative script URLs elsewhere.",
        "Add base-uri 'none' (or 'self').", _lacks("base-uri", lambda words: not words - {"'none'", "'self'"}),
    ),
    Demand.FORM_TARGETS: _Rule(
        "missing-form-action", Severity.MEDIUM, "An injected form sends what people type anywhere.",
        "Add form-action 'self'.", _lacks("form-action", lambda words: not words & {"*", "http:", "https:"}),
    ),
    Demand.FRAME_ANCESTORS: _Rule(
        "missing-frame-ancestors", Severity.MEDIUM, "Who may frame the page is left to X-Frame-Options.",
        "Add frame-ancestors 'none' (or 'self').",
        _lacks("frame-ancestors", lambda words: not words & {"*", "http:", "https:"}),
    ),
    Demand.REPORTS: _Rule(
        "reporting-missing", Severity.MEDIUM, "Nobody hears of violations.",
        "Add report-to and Reporting-Endpoints.", _reports, ("P13-X4",),
    ),
}  # fmt: skip
