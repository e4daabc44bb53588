"""Content-Security-Policy among the other headers: an answer's policies, and what their evaluator says of them.

The policies themselves are parsed and weighed by `postflight.checks.csp`; here is where the two meet.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from postflight.checks.csp import InvalidUrl, Policy, evaluate, parse_headers
from postflight.checks.headers.answer import HttpAnswer, is_loopback
from postflight.checks.headers.finding import HeaderFinding, of_policy
from postflight.checks.headers.reporting import endpoints

ENFORCED = "Content-Security-Policy"
# On loopback, loopback sources stand in for the hosts of the plan, and nobody listens to what goes over plain HTTP.
_OF_STAND_INS = frozenset({"insecure-source", "ip-source", "local-source"})


def enforced(answer: HttpAnswer) -> tuple[Policy, ...]:
    """Return the policies that the answer's headers enforce. All of them must allow what happens."""
    return tuple(policy for policy in parse_headers(answer.headers) if policy.enforced and policy.directives)


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what the evaluator finds in the policies of a page. Other answers run nothing that a policy could stop."""
    policies = parse_headers(answer.headers)
    if not policies or not answer.is_document:
        return
    try:
        found = evaluate(policies, self_origin=_origin(answer), endpoints=endpoints(answer).keys())
    except InvalidUrl:  # a saved answer without a real address
        found = evaluate(policies, endpoints=endpoints(answer).keys())
    for one in found:
        if not (one.id in _OF_STAND_INS and is_loopback(answer.host) and _is_local(one.value)):
            yield of_policy(one)


def _origin(answer: HttpAnswer) -> str:
    return f"{answer.scheme}://{urlsplit(answer.url).netloc.rpartition('@')[2]}" if answer.host else ""


def _is_local(source: str) -> bool:
    """Whether a source expression or URL is of this machine."""
    return is_loopback(source.partition("://")[2].partition("/")[0].rpartition(":")[0] or source)
