"""Content Security Policy, judged without a browser: parser, matcher, evaluator. Pure; the public names are here."""

from postflight.checks.csp.inline import Inline, allows_eval, allows_inline, allows_wasm, requires_trusted_types
from postflight.checks.csp.match import Request, Ruling, allows, rule
from postflight.checks.csp.parse import parse_headers, parse_policies, parse_policy
from postflight.checks.csp.policy import Delivery, Directive, Disposition, Policy

__all__ = [
    "Delivery",
    "Directive",
    "Disposition",
    "Inline",
    "Policy",
    "Request",
    "Ruling",
    "allows",
    "allows_eval",
    "allows_inline",
    "allows_wasm",
    "parse_headers",
    "parse_policies",
    "parse_policy",
    "requires_trusted_types",
    "rule",
]
