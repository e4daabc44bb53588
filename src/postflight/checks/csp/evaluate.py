"""All findings about the policies of one response.

A weakness of one policy that another policy stops is no finding: each weakness carries a witness, something that an
attacker would try, and the witness must get past all enforced policies. So the evaluator cannot contradict the
matcher.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from postflight.checks.csp import rules_delivery, rules_resource, rules_script, rules_syntax
from postflight.checks.csp.finding import CspFinding, Subject
from postflight.checks.csp.policy import Disposition, Policy

DEFAULT_ORIGIN = "https://self.invalid"


def evaluate(
    policies: Sequence[Policy],
    *,
    self_origin: str = DEFAULT_ORIGIN,
    endpoints: Collection[str] | None = None,
) -> tuple[CspFinding, ...]:
    """Return the findings about these policies together, worst first, each once.

    `self_origin` is the page's (default: some HTTPS origin); `endpoints` are the names that the response declares in
    Reporting-Endpoints or Report-To, None when that is not known. When no policy is enforced, report-only ones are
    judged as if they were, beside the finding that they are not. Raises `InvalidUrl` for an origin that is none.
    """
    enforced = [policy for policy in policies if policy.enforced]
    judged = enforced or [replace(policy, disposition=Disposition.ENFORCE) for policy in policies]
    findings = [*rules_delivery.presence(policies)]
    for policy in judged:
        findings.extend(_weaknesses(Subject(policy, self_origin), judged))
    for policy in policies:
        findings.extend(rules_delivery.reporting(policy, endpoints))
        if not policy.enforced and enforced:
            findings.extend(_mistakes(Subject(policy, self_origin)))
    findings.extend(rules_delivery.conflicts(policies, self_origin))
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.severity.rank))


def _weaknesses(subject: Subject, judged: Sequence[Policy]) -> Iterator[CspFinding]:
    for rule in (*rules_script.RULES, *rules_resource.RULES):
        for weakness in rule(subject):
            if weakness.witness is None or weakness.witness(judged):
                yield weakness.finding
    yield from _mistakes(subject)


def _mistakes(subject: Subject) -> Iterator[CspFinding]:
    for rule in rules_syntax.RULES:
        for weakness in rule(subject):
            yield weakness.finding
