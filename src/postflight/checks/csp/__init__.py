"""Content Security Policy, judged without a browser: parser, matcher, evaluator. Pure; the public names are here."""

from postflight.checks.csp.effective import EffectiveDirective, effective_policy
from postflight.checks.csp.endpoints import declared_endpoints
from postflight.checks.csp.evaluate import evaluate
from postflight.checks.csp.finding import CspFinding, Severity
from postflight.checks.csp.inline import Inline, allows_eval, allows_inline, allows_wasm, requires_trusted_types
from postflight.checks.csp.match import Request, Ruling, allows, rule
from postflight.checks.csp.meta import parse_meta
from postflight.checks.csp.parse import parse_headers, parse_policies, parse_policy
from postflight.checks.csp.policy import Delivery, Directive, Disposition, Policy
from postflight.checks.csp.urls import InvalidUrl

__all__ = [
    "CspFinding",
    "Delivery",
    "Directive",
    "Disposition",
    "EffectiveDirective",
    "Inline",
    "InvalidUrl",
    "Policy",
    "Request",
    "Ruling",
    "Severity",
    "allows",
    "allows_eval",
    "allows_inline",
    "allows_wasm",
    "declared_endpoints",
    "effective_policy",
    "evaluate",
    "parse_headers",
    "parse_meta",
    "parse_policies",
    "parse_policy",
    "requires_trusted_types",
    "rule",
]
