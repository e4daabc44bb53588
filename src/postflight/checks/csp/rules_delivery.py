"""Whether there is a policy at all, whether anybody hears of violations, and what several policies do to each other."""

from collections.abc import Collection, Iterator, Sequence

from postflight.checks.csp.finding import CspFinding, Severity
from postflight.checks.csp.inline import Inline, allows_inline
from postflight.checks.csp.match import allows
from postflight.checks.csp.policy import FETCH_FALLBACKS, URL_DIRECTIVES, Directive, Policy
from postflight.checks.csp.sources import Keyword, Nonce, Source, parse_source_list
from postflight.checks.csp.witness import sample_url


def presence(policies: Sequence[Policy]) -> Iterator[CspFinding]:
    """No enforced policy: with report-only ones, or without any."""
    if any(policy.enforced and policy.directives for policy in policies):
        return
    if policies:
        message = "The policy only reports: nothing is blocked"
        remedy = "send it as Content-Security-Policy once the reports are clean"
        yield CspFinding("report-only", Severity.HIGH, "", "", message, remedy)
    else:
        message = "There is no Content-Security-Policy"
        yield CspFinding("missing-policy", Severity.HIGH, "", "", message, "start with a report-only policy")


def reporting(policy: Policy, endpoints: Collection[str] | None) -> Iterator[CspFinding]:
    """Where violations are reported to. `endpoints`: names that the response declares; None when that is not known."""
    uri, to = policy.get("report-uri"), policy.get("report-to")
    if uri is None and to is None:
        message = "Nobody hears of violations"
        remedy = "add report-to with a Reporting-Endpoints header, and report-uri for other browsers"
        yield CspFinding("reporting-missing", Severity.INFO, "report-to", "", message, remedy)
        return
    if to is None:
        return
    name = to.values[0] if to.values else ""
    if endpoints is not None and name not in endpoints:
        lost = "; browsers that know report-to ignore report-uri beside it, so its reports are lost too" if uri else ""
        message = f"report-to names {name or 'nothing'}, which no Reporting-Endpoints header declares{lost}"
        remedy = f'send Reporting-Endpoints: {name or "csp"}="https://..."'
        yield CspFinding("report-to-undeclared", Severity.MEDIUM, "report-to", name, message, remedy)
    if len(to.values) > 1:
        message = "report-to takes one name; browsers ignore the others"
        yield CspFinding("report-to-many", Severity.LOW, "report-to", " ".join(to.values), message, "keep one name")
    if uri is None:
        message = "Browsers without the Reporting API send nothing"
        yield CspFinding("report-to-only", Severity.INFO, "report-to", name, message, "add report-uri beside report-to")


def conflicts(policies: Sequence[Policy], self_origin: str) -> Iterator[CspFinding]:
    """Find sources that one policy allows and another blocks, and directives where that leaves nothing at all."""
    enforced = [policy for policy in policies if policy.enforced]
    if len(enforced) < 2:
        return
    for number, policy in enumerate(enforced, 1):
        for directive in policy.directives:
            if directive.name in FETCH_FALLBACKS or directive.name in URL_DIRECTIVES:
                yield from _dead_sources(number, policy, directive, enforced, self_origin)


def _dead_sources(
    number: int, policy: Policy, directive: Directive, enforced: Sequence[Policy], self_origin: str
) -> Iterator[CspFinding]:
    living: list[str] = []
    dead: list[str] = []
    for text, source in parse_source_list(directive.values).entries:
        if _passes(source, directive.name, [policy], self_origin):
            (living if _passes(source, directive.name, enforced, self_origin) else dead).append(text)
    value = " ".join(dead)
    if dead and not living:
        message = f"Policy {number} and another cancel each other: nothing that {directive.name} allows gets past both"
        remedy = "every policy must allow what is needed; merge them into one header"
        yield CspFinding("policies-cancel", Severity.MEDIUM, directive.name, value, message, remedy)
    elif dead:
        message = f"Policy {number} allows {value}, another policy blocks it"
        yield CspFinding(
            "dead-source", Severity.LOW, directive.name, value, message, "remove it, or allow it in all policies"
        )


def _passes(source: Source, name: str, policies: Sequence[Policy], self_origin: str) -> bool:
    if isinstance(source, Nonce):
        kind = Inline.STYLE if name.startswith("style") else Inline.SCRIPT
        return allows_inline(policies, kind, "", nonce=source.value)
    if source is Keyword.UNSAFE_INLINE:
        kinds = (Inline.STYLE, Inline.STYLE_ATTRIBUTE) if name.startswith("style") else (Inline.SCRIPT, Inline.HANDLER)
        return any(allows_inline(policies, kind, "") for kind in kinds)
    url = sample_url(source, self_origin)
    return url is not None and allows(policies, name, url, self_origin)
