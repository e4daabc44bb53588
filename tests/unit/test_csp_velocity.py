"""The policy of Velocity's plan (4.1 and 7.3), judged whole: what CSP Evaluator and Observatory find, and more."""

from postflight.checks.csp import Severity, allows, evaluate, parse_policies

# 4.1; 7.3 is the same with font-src
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'unsafe-inline' *.vercel.app *.supabase.co; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; connect-src 'self' *.supabase.co *.fly.dev wss:;"
)
SELF = "https://velocity.example"

CSP_EVALUATOR = {
    ("script-unsafe-inline", "script-src", "'unsafe-inline'", Severity.HIGH),  # SCRIPT_UNSAFE_INLINE
    ("script-unsafe-eval", "script-src", "'unsafe-eval'", Severity.MEDIUM),  # SCRIPT_UNSAFE_EVAL
    ("script-self", "script-src", "'self'", Severity.LOW),  # SCRIPT_ALLOWLIST_BYPASS
    ("multi-tenant-host", "script-src", "*.vercel.app", Severity.HIGH),  # SCRIPT_ALLOWLIST_BYPASS
    ("multi-tenant-host", "script-src", "*.supabase.co", Severity.HIGH),  # SCRIPT_ALLOWLIST_BYPASS
    ("strict-dynamic-missing", "script-src", "", Severity.LOW),  # STRICT_DYNAMIC
    ("trusted-types-missing", "require-trusted-types-for", "", Severity.INFO),  # REQUIRE_TRUSTED_TYPES_FOR_SCRIPTS
    ("reporting-missing", "report-to", "", Severity.INFO),  # REPORTING_DESTINATION_MISSING
}
OBSERVATORY = {
    ("style-unsafe-inline", "style-src", "'unsafe-inline'", Severity.LOW),  # unsafeInlineStyle
    ("missing-base-uri", "base-uri", "", Severity.LOW),  # insecureBaseUri
    ("missing-form-action", "form-action", "", Severity.MEDIUM),  # insecureFormAction
    ("missing-frame-ancestors", "frame-ancestors", "", Severity.MEDIUM),  # antiClickjacking
}
NEITHER = {
    ("multi-tenant-host", "connect-src", "*.supabase.co", Severity.MEDIUM),
    ("multi-tenant-host", "connect-src", "*.fly.dev", Severity.MEDIUM),
    ("exfiltration", "connect-src", "wss:", Severity.MEDIUM),
    ("exfiltration", "img-src", "https:", Severity.MEDIUM),
}


def found(policy: str) -> set[tuple[str, str, str, Severity]]:
    findings = evaluate(parse_policies(policy), self_origin=SELF)
    return {(finding.id, finding.directive, finding.value, finding.severity) for finding in findings}


def test_all_findings_and_no_others() -> None:
    assert found(POLICY) == CSP_EVALUATOR | OBSERVATORY | NEITHER


def test_the_next_config_differs_by_fonts_only() -> None:
    assert found(POLICY + " font-src 'self' fonts.gstatic.com;") == found(POLICY)


def test_what_the_findings_claim_is_what_the_policy_allows() -> None:
    policies = parse_policies(POLICY)
    assert allows(policies, "script-src", "https://attacker.vercel.app/x.js", SELF)
    assert allows(policies, "script-src", "https://attacker.supabase.co/storage/v1/object/public/x.js", SELF)
    assert allows(policies, "connect-src", "wss://attacker.example/", SELF)
    assert allows(policies, "img-src", "https://attacker.example/?stolen", SELF)
    assert allows(policies, "form-action", "https://attacker.example/", SELF)
    assert not allows(policies, "script-src", "https://attacker.example/x.js", SELF)
    assert not allows(policies, "connect-src", "https://attacker.example/", SELF)


def test_previews_cannot_be_framed_under_this_policy() -> None:
    """The plan's own previews live at *.fly.dev, and frame-src falls back to default-src 'self'."""
    assert not allows(parse_policies(POLICY), "frame-src", "https://preview-1.fly.dev/", SELF)
