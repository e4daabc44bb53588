"""Policies as browsers read them. What Chromium does with the same text: tests/e2e/test_csp_against_chromium.py."""

import pytest

from postflight.checks.csp import (
    Delivery,
    Disposition,
    declared_endpoints,
    parse_headers,
    parse_meta,
    parse_policies,
    parse_policy,
)
from postflight.checks.csp.policy import Dropped


def test_names_are_lowered_and_values_kept_as_written() -> None:
    policy = parse_policy("  Script-SRC 'SELF'\tA.example ;; IMG-src ")
    assert [(found.name, found.values) for found in policy.directives] == [
        ("script-src", ("'SELF'", "A.example")),
        ("img-src", ()),
    ]


@pytest.mark.parametrize(
    ("text", "delivery", "disposition", "why"),
    [
        ("img-src a; img-src b", Delivery.HEADER, Disposition.ENFORCE, Dropped.DUPLICATE),
        ("img_src a", Delivery.HEADER, Disposition.ENFORCE, Dropped.NAME),
        ("img-src a.b\xe9", Delivery.HEADER, Disposition.ENFORCE, Dropped.VALUE),
        ("img-src \x01", Delivery.HEADER, Disposition.ENFORCE, Dropped.VALUE),
        ("frame-ancestors 'none'", Delivery.META, Disposition.ENFORCE, Dropped.META),
        ("report-uri /r", Delivery.META, Disposition.ENFORCE, Dropped.META),
        ("sandbox", Delivery.HEADER, Disposition.REPORT, Dropped.REPORT_ONLY),
    ],
)
def test_what_browsers_drop_is_remembered_with_its_reason(
    text: str, delivery: Delivery, disposition: Disposition, why: Dropped
) -> None:
    policy = parse_policy(text, disposition, delivery)
    assert [lost.why for lost in policy.dropped] == [why]


def test_a_dropped_value_still_hides_later_directives_of_its_name() -> None:
    policy = parse_policy("img-src \xe9; img-src 'none'")
    assert policy.get("img-src") is None
    assert [lost.why for lost in policy.dropped] == [Dropped.VALUE, Dropped.DUPLICATE]


def test_commas_and_header_lines_make_policies_that_all_count() -> None:
    headers = [
        ("Content-Security-Policy-Report-Only", "img-src 'none'"),
        ("content-security-policy", "img-src a, , script-src b"),
        ("X-Other", "img-src c"),
        ("Content-Security-Policy", "font-src d"),
    ]
    policies = parse_headers(headers)
    assert [(str(policy), policy.enforced) for policy in policies] == [
        ("img-src a", True),
        ("script-src b", True),
        ("font-src d", True),
        ("img-src 'none'", False),
    ]


def test_bytes_are_read_byte_by_byte() -> None:
    assert parse_policies(b"img-src \xff, script-src 'self'")[1].get("script-src") is not None


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<meta http-equiv=content-security-policy content=\"img-src 'self'\">", ["img-src 'self'"]),
        (
            "<title>x</title><script>'<body>'</script><META HTTP-EQUIV='CONTENT-SECURITY-POLICY' content='a b, c d'>",
            ["a b", "c d"],
        ),
        ("<body><meta http-equiv=content-security-policy content='a b'>", []),
        ("<div></div><meta http-equiv=content-security-policy content='a b'>", []),
        ("text<meta http-equiv=content-security-policy content='a b'>", []),
        ("<head></head><meta http-equiv=content-security-policy content='a b'>", []),
        ("<!--<meta http-equiv=content-security-policy content='a b'>-->", []),
        ("<template><meta http-equiv=content-security-policy content='a b'></template>", []),
        ("<meta http-equiv=content-security-policy-report-only content='a b'>", []),
        ("<meta http-equiv=content-security-policy content='a b' content='c d'>", ["a b"]),
        ("<![x[<meta http-equiv=content-security-policy content='a b'>", []),
    ],
)
def test_meta_policies_count_in_the_head_only(html: str, found: list[str]) -> None:
    policies = parse_meta(html)
    assert [str(policy) for policy in policies] == found
    assert all(policy.delivery is Delivery.META for policy in policies)


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ([("Reporting-Endpoints", 'csp="https://a/r", other="/r"')], {"csp", "other"}),
        ([("reporting-endpoints", 'a="/1"'), ("Reporting-Endpoints", 'b="/2"')], {"a", "b"}),
        ([("Report-To", '{"group":"csp","endpoints":[]}, {"endpoints":[]}')], {"csp", "default"}),
        ([("Reporting-Endpoints", "csp=(")], set()),
        ([("Report-To", "{]"), ("X", "y")], set()),
        ([("Report-To", '[1, {"group": 2}]')], set()),
    ],
)
def test_declared_endpoints(headers: list[tuple[str, str]], names: set[str]) -> None:
    assert declared_endpoints(headers) == names
