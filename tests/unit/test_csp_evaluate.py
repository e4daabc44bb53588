"""Each finding, red and green."""

from collections.abc import Iterator

import pytest

from postflight.checks.csp import CspFinding, Delivery, Disposition, Severity, evaluate, parse_headers, parse_policies

STRICT = (
    "default-src 'self'; script-src 'nonce-r7Qk2PdX0aLw9tYbC4sZmA' 'strict-dynamic' https: 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; report-uri /r; report-to r"
)


def findings(
    text: str, delivery: Delivery = Delivery.HEADER, endpoints: frozenset[str] | None = None
) -> tuple[CspFinding, ...]:
    return evaluate(parse_policies(text, delivery=delivery), endpoints=endpoints)


def said(text: str) -> list[str]:
    return [f"{found.severity} {found.id} {found.directive} {found.value}".rstrip() for found in findings(text)]


# severity id directive value
#   - a policy with this finding
#   + a policy without it, as alike as possible
CASES = """
high script-unsafe-inline script-src 'unsafe-inline'
  - script-src 'unsafe-inline'
  + script-src 'unsafe-inline' FRESH
high script-unsafe-inline default-src 'unsafe-inline'
  - default-src 'unsafe-inline'
  + default-src 'unsafe-inline'; script-src 'self'
high script-unsafe-inline script-src-attr 'unsafe-inline'
  - script-src 'self'; script-src-attr 'unsafe-inline'
  + script-src 'self'
high script-unsafe-inline script-src 'unsafe-inline'
  - script-src 'nonce-%NONCE%' 'unsafe-inline'
  + script-src FRESH 'unsafe-inline'
high missing-script-src script-src
  - img-src 'self'
  + default-src 'self'
high script-src-hole script-src
  - script-src-elem 'self'
  + script-src-elem 'self'; script-src 'self'
high plain-scheme script-src https:
  - script-src https:
  + script-src https: 'strict-dynamic' FRESH
high plain-scheme script-src data:
  - script-src data:
  + img-src data:
medium plain-scheme script-src blob:
  - script-src blob:
  + worker-src blob:
high plain-scheme object-src https:
  - object-src https:
  + object-src 'self'
high plain-scheme base-uri https:
  - base-uri https:
  + base-uri 'self'
high wildcard script-src *
  - script-src *
  + script-src *.example.com
high wildcard script-src *:*
  - script-src *:*
  + script-src a.example.com:*
high wildcard script-src https://*
  - script-src https://*
  + script-src https://*.example.com
high public-suffix-wildcard script-src *.app
  - script-src *.app
  + script-src *.example.app
high public-suffix-wildcard script-src *.co.uk
  - script-src *.co.uk
  + script-src *.example.co.uk
high multi-tenant-host script-src *.vercel.app
  - script-src *.vercel.app
  + script-src mine.vercel.app
high multi-tenant-host script-src https://storage.googleapis.com
  - script-src https://storage.googleapis.com
  + script-src https://storage.googleapis.com/mine/
medium multi-tenant-host connect-src *.supabase.co
  - connect-src *.supabase.co
  + connect-src mine.supabase.co
high script-known-bypass script-src cdn.jsdelivr.net
  - script-src cdn.jsdelivr.net
  + script-src cdn.jsdelivr.net/npm/x@1/x.js
high script-known-bypass script-src www.googletagmanager.com
  - script-src 'unsafe-eval' www.googletagmanager.com
  + script-src www.googletagmanager.com
low script-host-allowlist script-src a.example.com
  - script-src a.example.com
  + script-src 'self'
low script-self script-src 'self'
  - script-src 'self'
  + script-src 'none'
medium script-unsafe-eval script-src 'unsafe-eval'
  - script-src 'unsafe-eval'
  + script-src 'wasm-unsafe-eval'
low script-unsafe-hashes script-src 'unsafe-hashes'
  - script-src 'unsafe-hashes'
  + style-src 'unsafe-hashes'
low strict-dynamic-missing script-src
  - script-src a.example.com
  + script-src FRESH
medium strict-dynamic-alone script-src 'strict-dynamic'
  - script-src 'strict-dynamic'
  + script-src 'strict-dynamic' FRESH
info fallback-unsafe-inline script-src
  - script-src FRESH
  + script-src FRESH 'unsafe-inline'
info fallback-allowlist script-src
  - script-src FRESH 'strict-dynamic'
  + script-src FRESH 'strict-dynamic' https:
high nonce-placeholder script-src 'nonce-{{nonce}}'
  - script-src 'nonce-{{nonce}}'
  + script-src FRESH
high nonce-placeholder script-src 'nonce-__CSP_NONCE__'
  - script-src 'nonce-__CSP_NONCE__'
  + script-src FRESH
medium nonce-short script-src 'nonce-abc'
  - script-src 'nonce-abc'
  + script-src FRESH
medium nonce-charset script-src 'nonce-a!b'
  - script-src 'nonce-a!b'
  + script-src FRESH
info trusted-types-missing require-trusted-types-for
  - script-src 'self'
  + require-trusted-types-for 'script'
medium trusted-types-missing require-trusted-types-for script
  - require-trusted-types-for script
  + require-trusted-types-for 'script'
high missing-object-src object-src
  - script-src 'self'
  + script-src 'self'; object-src 'none'
low object-src-not-none object-src 'self'
  - object-src 'self'
  + object-src
high missing-base-uri base-uri
  - script-src FRESH
  + script-src FRESH; base-uri 'none'
low missing-base-uri base-uri
  - script-src 'self'
  + script-src 'self'; base-uri 'self'
medium missing-form-action form-action
  - script-src 'self'
  + form-action 'self'
medium broad-form-action form-action https:
  - form-action https:
  + form-action 'self'
medium missing-frame-ancestors frame-ancestors
  - script-src 'self'
  + frame-ancestors 'self'
medium broad-frame-ancestors frame-ancestors *
  - frame-ancestors *
  + frame-ancestors https://a.example.com
low style-unsafe-inline style-src 'unsafe-inline'
  - style-src 'unsafe-inline'
  + style-src 'self'
low style-broad style-src data:
  - style-src data:
  + style-src 'self'
medium exfiltration img-src https:
  - img-src https:
  + img-src https://a.example.com
medium exfiltration connect-src wss:
  - connect-src wss:
  + connect-src wss://a.example.com
medium exfiltration-unrestricted default-src
  - script-src 'self'
  + default-src 'self'
medium insecure-source script-src http://a.example.com
  - script-src http://a.example.com
  + script-src https://a.example.com
low insecure-source img-src http:
  - img-src http:
  + img-src https:
medium insecure-source report-uri http://a.example.com/r
  - report-uri http://a.example.com/r
  + report-uri https://a.example.com/r
info local-source connect-src http://localhost:3000
  - connect-src http://localhost:3000
  + connect-src 'self'
info ip-source connect-src 10.0.0.1
  - connect-src 10.0.0.1
  + connect-src a.example.com
info ip-source connect-src https://[::1]
  - connect-src https://[::1]
  + connect-src a.example.com
medium dropped-duplicate img-src b.example
  - img-src a.example; img-src b.example
  + img-src a.example b.example
low dropped-duplicate report-uri /b
  - report-uri /a; report-uri /b
  + report-uri /a /b
medium dropped-name img-src: 'self'
  - img-src: 'self'
  + img-src 'self'
high dropped-value img-src bücher.example
  - img-src bücher.example
  + img-src xn--bcher-kva.example
medium unknown-directive image-src
  - image-src 'self'
  + img-src 'self'
info deprecated-directive block-all-mixed-content
  - block-all-mixed-content
  + upgrade-insecure-requests
medium missing-semicolon script-src object-src
  - script-src 'self' object-src
  + script-src 'self'; object-src
medium unquoted-keyword script-src self
  - script-src self
  + script-src 'self'
medium unquoted-keyword script-src nonce-abc
  - script-src nonce-abc
  + script-src 'nonce-abc'
medium invalid-source script-src 'unsafe-inlin'
  - script-src 'unsafe-inlin'
  + script-src 'unsafe-inline'
medium invalid-source frame-ancestors 'unsafe-inline'
  - frame-ancestors 'unsafe-inline'
  + frame-ancestors 'self'
medium none-ignored script-src 'none'
  - script-src 'none' a.example.com
  + script-src 'none'
info ignored-source script-src 'unsafe-inline'
  - script-src 'unsafe-inline' FRESH
  + script-src FRESH
info reporting-missing report-to
  - script-src 'self'
  + report-uri /r
info report-to-only report-to r
  - report-to r
  + report-to r; report-uri /r
low report-to-many report-to a b
  - report-to a b
  + report-to a
medium policies-cancel img-src a.example
  - img-src a.example, img-src b.example
  + img-src a.example, font-src b.example
medium policies-cancel script-src 'nonce-a'
  - script-src 'nonce-a', script-src 'nonce-b'
  + script-src 'nonce-a', script-src 'nonce-a'
low dead-source img-src a.example
  - img-src a.example b.example, img-src b.example
  + img-src b.example, img-src b.example
"""


def cases() -> Iterator[tuple[str, str, str]]:
    lines = CASES.replace("FRESH", "'nonce-r7Qk2PdX0aLw9tYbC4sZmA'").strip().splitlines()
    for finding, red, green in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        yield finding, red.removeprefix("  - "), green.removeprefix("  + ")


@pytest.mark.parametrize(("finding", "red", "green"), list(cases()))
def test_each_finding_is_made_and_not_made(finding: str, red: str, green: str) -> None:
    assert finding in said(red)
    assert finding not in said(green)


def test_a_strict_policy_has_nothing_worse_than_info() -> None:
    found = findings(STRICT, endpoints=frozenset({"r"}))
    assert {finding.severity for finding in found} <= {Severity.INFO}, found


def test_a_second_policy_that_stops_the_attack_ends_the_finding() -> None:
    weak = "script-src 'unsafe-inline' https:; object-src *"
    assert {"script-unsafe-inline", "plain-scheme", "wildcard"} <= {found.id for found in findings(weak)}
    both = {found.id for found in findings(f"{weak}, script-src 'self'; object-src 'none'")}
    assert not both & {"script-unsafe-inline", "plain-scheme", "wildcard", "missing-object-src"}


def test_reports_to_an_endpoint_that_nobody_declares_go_nowhere() -> None:
    text = "default-src 'self'; report-uri /r; report-to csp"
    declared = findings(text, endpoints=frozenset({"csp"}))
    undeclared = findings(text, endpoints=frozenset({"other"}))
    unknown = findings(text)
    assert [found.id for found in undeclared if found.id.startswith("report")] == ["report-to-undeclared"]
    assert "report-uri beside it" in next(found.message for found in undeclared if found.id == "report-to-undeclared")
    assert not [found for found in (*declared, *unknown) if found.id == "report-to-undeclared"]


def test_meta_policies_lose_what_meta_cannot_say() -> None:
    found = {(finding.id, finding.directive) for finding in findings("frame-ancestors 'none'", delivery=Delivery.META)}
    assert {("dropped-meta", "frame-ancestors"), ("missing-frame-ancestors", "frame-ancestors")} <= found


def test_no_policy_and_only_a_report_only_policy_are_findings() -> None:
    assert [found.id for found in evaluate(())] == ["missing-policy"]
    only = evaluate(parse_policies("script-src 'unsafe-inline'", Disposition.REPORT))
    assert {"report-only", "script-unsafe-inline"} <= {found.id for found in only}


def test_a_report_only_policy_beside_an_enforced_one_is_only_checked_for_mistakes() -> None:
    headers = [
        ("Content-Security-Policy", STRICT),
        ("Content-Security-Policy-Report-Only", "script-src 'unsafe-inline' self; sandbox"),
    ]
    found = {finding.id for finding in evaluate(parse_headers(headers))}
    assert {"unquoted-keyword", "dropped-report-only"} <= found
    assert "script-unsafe-inline" not in found


def test_plain_http_is_no_news_on_a_plain_page() -> None:
    policies = parse_policies("img-src http://a.example.com")
    assert "insecure-source" not in {found.id for found in evaluate(policies, self_origin="http://a.example.com")}


def test_findings_come_worst_first_and_once() -> None:
    found = findings("script-src 'unsafe-inline' *.vercel.app *.vercel.app 'self'; img-src https: http:")
    assert [finding.severity.rank for finding in found] == sorted(finding.severity.rank for finding in found)
    assert len(set(found)) == len(found)
