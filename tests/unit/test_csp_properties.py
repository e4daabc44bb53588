"""Whatever the bytes: nothing crashes, parsing is stable, and policies only ever take away."""

from hypothesis import given
from hypothesis import strategies as st

from postflight.checks.csp import (
    Delivery,
    Disposition,
    InvalidUrl,
    allows,
    declared_endpoints,
    effective_policy,
    evaluate,
    parse_meta,
    parse_policies,
    parse_policy,
)
from postflight.checks.csp.policy import FETCH_FALLBACKS, KNOWN_DIRECTIVES
from postflight.checks.csp.sources import Keyword, parse_source
from postflight.checks.csp.urls import parse_url

SELF = "https://app.example"
hosts = st.sampled_from(
    ["a.example", "*.example", "https://b.example:8443/x/", "*", "[::1]", "*.vercel.app", "*:*", "x.test/%zz"]
)
sources = st.one_of(
    st.sampled_from([keyword.value for keyword in Keyword]),
    hosts,
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=",;"), min_size=1, max_size=12),
    st.sampled_from(["'nonce-abc'", "'nonce-%N%'", "'sha256-AAAA'", "data:", "https:", "wss:"]),
)
directives = st.builds(
    lambda name, values: " ".join((name, *values)),
    st.sampled_from(sorted(KNOWN_DIRECTIVES)),
    st.lists(sources, max_size=4),
)
policies = st.lists(directives, min_size=1, max_size=6).map("; ".join)
urls = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["https", "http", "wss"]),
    st.sampled_from(["a.example", "app.example"]),
    st.sampled_from(["", "/x", ":8443/x/y"]),
)


@given(st.binary(max_size=300), st.sampled_from(Disposition), st.sampled_from(Delivery))
def test_no_bytes_crash_parser_evaluator_or_effective_policy(
    raw: bytes, disposition: Disposition, delivery: Delivery
) -> None:
    parsed = parse_policies(raw, disposition, delivery)
    assert isinstance(evaluate(parsed), tuple)
    assert len(effective_policy(parsed)) == len(effective_policy(()))


@given(policies)
def test_no_policy_crashes_the_evaluator(text: str) -> None:
    for finding in evaluate(parse_policies(text), endpoints=()):
        assert finding.message
        assert finding.remedy


@given(policies)
def test_parsing_what_was_written_out_changes_nothing(text: str) -> None:
    policy = parse_policy(text)
    again = parse_policy(str(policy))
    assert again.directives == policy.directives
    assert not again.dropped


@given(policies, policies, urls, st.sampled_from(sorted(FETCH_FALLBACKS)))
def test_another_policy_never_allows_more(one: str, other: str, url: str, directive: str) -> None:
    first, both = parse_policies(one), parse_policies(f"{one}, {other}")
    if any(policy.get("upgrade-insecure-requests") for policy in both):
        return  # turns http: into https:, which may then be allowed
    assert not (allows(both, directive, url, SELF) and not allows(first, directive, url, SELF))


@given(st.text(max_size=60))
def test_no_text_crashes_sources_urls_markup_or_endpoints(text: str) -> None:
    parse_source(text)
    parse_meta(text)
    parse_meta(f"<meta http-equiv=content-security-policy content='{text}'>")
    declared_endpoints([("Reporting-Endpoints", text), ("Report-To", text)])
    try:
        parse_url(text)
    except InvalidUrl:
        return
    assert isinstance(allows(parse_policies("img-src 'self' *.example"), "img-src", text, SELF), bool)
