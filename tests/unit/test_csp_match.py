"""The matcher, rule by rule. Chromium confirms 10,000 more decisions in tests/e2e/test_csp_against_chromium.py."""

import pytest

from postflight.checks.csp import (
    Inline,
    InvalidUrl,
    Request,
    allows,
    allows_eval,
    allows_inline,
    allows_wasm,
    effective_policy,
    parse_headers,
    parse_policies,
    rule,
)
from postflight.checks.csp.inline import source_hash

HTTPS = "https://app.example"


@pytest.mark.parametrize(
    ("source", "url", "allowed"),
    [
        ("'self'", "https://app.example/x", True),
        ("'SELF'", "wss://app.example/x", True),
        ("'self'", "https://app.example:8443/", False),
        ("'self'", "http://app.example/", False),
        ("*", "https://any.example/", True),
        ("*", "data:text/plain,x", False),
        ("*", "blob:https://app.example/1", False),
        ("data:", "data:text/plain,x", True),
        ("https:", "https://any.example:1/", True),
        ("https:", "wss://any.example/", False),
        ("wss:", "wss://any.example/", True),
        ("http:", "https://any.example/", True),
        ("cdn.example", "https://cdn.example/", True),
        ("cdn.example", "http://cdn.example/", False),
        ("cdn.example", "wss://cdn.example/", False),
        ("cdn.example", "https://cdn.example:8443/", False),
        ("cdn.example:*", "https://cdn.example:8443/", True),
        ("http://cdn.example", "https://cdn.example/", True),
        ("http://cdn.example:8080", "https://cdn.example:8080/", False),
        ("*.cdn.example", "https://a.b.cdn.example/", True),
        ("*.cdn.example", "https://cdn.example/", False),
        ("*.cdn.example", "https://evilcdn.example/", False),
        ("cdn.example/js/", "https://cdn.example/js/a.js", True),
        ("cdn.example/js", "https://cdn.example/js/a.js", False),
        ("cdn.example/a%20b", "https://cdn.example/a b", True),
        ("cdn.example/a", "https://cdn.example/a?query", True),
        ("'none' cdn.example", "https://cdn.example/", True),
        ("'none'", "https://app.example/", False),
        ("", "https://app.example/", False),
        ("cdn.example", "https://cdn.example\\@evil.example/", True),  # for browsers, a backslash ends the host
        ("cdn.example", "https://cdn.example@evil.example/", False),
        (
            "b\xfccher.example",
            "https://xn--bcher-kva.example/",
            True,
        ),  # the whole directive is dropped: nothing restricts
        ("xn--bcher-kva.example", "https://b\xfccher.example/", True),
    ],
)
def test_sources(source: str, url: str, allowed: bool) -> None:
    assert allows(parse_policies(f"connect-src {source}"), "connect-src", url, HTTPS) is allowed


def test_every_enforced_policy_must_allow_and_report_only_has_no_say() -> None:
    policies = parse_headers(
        [
            ("Content-Security-Policy", "img-src a.example b.example, img-src b.example"),
            ("Content-Security-Policy-Report-Only", "img-src 'none'"),
        ]
    )
    assert not allows(policies, "img-src", "https://a.example/", HTTPS)
    assert allows(policies, "img-src", "https://b.example/", HTTPS)
    rulings = rule(policies, Request("img-src", "https://b.example/", HTTPS))
    assert [(ruling.allowed, ruling.directive, ruling.source) for ruling in rulings] == [
        (True, "img-src", "b.example"),
        (True, "img-src", "b.example"),
        (False, "img-src", None),
    ]


@pytest.mark.parametrize(
    ("directive", "policy", "allowed"),
    [
        ("frame-src", "child-src a.example; default-src 'none'", True),
        ("worker-src", "script-src a.example; default-src 'none'", True),
        ("worker-src", "child-src 'none'; script-src a.example", False),
        ("script-src", "script-src-elem 'none'; script-src a.example", False),
        ("script-src-attr", "script-src-elem 'none'; script-src a.example", True),
        ("style-src", "default-src a.example", True),
        ("base-uri", "default-src 'none'", True),
        ("form-action", "default-src 'none'", True),
        ("frame-ancestors", "frame-ancestors b.example", False),
    ],
)
def test_fallbacks(directive: str, policy: str, allowed: bool) -> None:
    assert allows(parse_policies(policy), directive, "https://a.example/", HTTPS) is allowed


def test_script_elements_have_ways_besides_their_address() -> None:
    digest = source_hash("x").strip("'")
    strict = parse_policies(f"script-src 'nonce-abc' '{digest}' 'strict-dynamic' https:")
    url = "https://cdn.example/x.js"
    assert not allows(strict, "script-src", url, HTTPS)
    assert allows(strict, "script-src", url, HTTPS, nonce="abc")
    assert not allows(strict, "script-src", url, HTTPS, nonce="ABC")
    assert allows(strict, "script-src", url, HTTPS, hashes=[digest])
    assert not allows(strict, "script-src", url, HTTPS, hashes=[digest, source_hash("y").strip("'")])
    assert allows(strict, "script-src", url, HTTPS, parser_inserted=False)
    assert allows(strict, "img-src", url, HTTPS)


def test_a_redirect_frees_the_path_only() -> None:
    policies = parse_policies("connect-src https://cdn.example/a/")
    assert allows(policies, "connect-src", "https://cdn.example/b", HTTPS, redirected=True)
    assert not allows(policies, "connect-src", "https://other.example/a/", HTTPS, redirected=True)


def test_upgrade_insecure_requests_comes_first() -> None:
    policies = parse_policies("upgrade-insecure-requests; img-src https:")
    assert allows(policies, "img-src", "http://cdn.example/", HTTPS)
    assert not allows(policies, "img-src", "http://127.0.0.1/", HTTPS)


def test_an_opaque_origin_has_no_self() -> None:
    policies = parse_policies("img-src 'self' cdn.example https://other.example")
    assert not allows(policies, "img-src", "https://cdn.example/", "null")
    assert allows(policies, "img-src", "https://other.example/", "null")


@pytest.mark.parametrize(
    ("kind", "sources", "allowed"),
    [
        (Inline.SCRIPT, "'unsafe-inline'", True),
        (Inline.SCRIPT, "'unsafe-inline' 'nonce-abc'", False),
        (Inline.SCRIPT, "'unsafe-inline' 'nonce-%NONCE%'", True),  # no nonce: nothing switches 'unsafe-inline' off
        (Inline.SCRIPT, "'unsafe-inline' 'strict-dynamic'", False),
        (Inline.STYLE, "'unsafe-inline' 'strict-dynamic'", False),  # by default-src: Chromium's way
        (Inline.SCRIPT, source_hash("x"), True),
        (Inline.SCRIPT, source_hash("x", "sha512"), True),
        (Inline.HANDLER, source_hash("x"), False),
        (Inline.HANDLER, "'unsafe-hashes' " + source_hash("x"), True),
        (Inline.NAVIGATION, "'unsafe-hashes' " + source_hash("x"), False),
        (Inline.NAVIGATION, "'unsafe-hashes' " + source_hash("javascript:x"), True),
        (Inline.NAVIGATION, "'unsafe-inline'; require-trusted-types-for 'script'", False),
        (Inline.SCRIPT, "'unsafe-inline'; sandbox allow-forms", False),
        (Inline.STYLE, "'unsafe-inline'; sandbox allow-forms", True),
    ],
)
def test_inline(kind: Inline, sources: str, allowed: bool) -> None:
    assert allows_inline(parse_policies(f"default-src {sources}"), kind, "x") is allowed


@pytest.mark.parametrize(
    ("policy", "evals", "wasm"),
    [
        ("img-src 'none'", True, True),
        ("default-src 'self'", False, False),
        ("script-src 'unsafe-eval'", True, True),
        ("script-src 'wasm-unsafe-eval'", False, True),
        ("script-src-elem 'unsafe-eval'; script-src 'none'", False, False),
        ("script-src 'unsafe-eval'; require-trusted-types-for 'script'", False, True),
        ("script-src 'unsafe-eval'; sandbox", False, False),
    ],
)
def test_compilation(policy: str, evals: bool, wasm: bool) -> None:
    assert (allows_eval(parse_policies(policy)), allows_wasm(parse_policies(policy))) == (evals, wasm)


def test_the_effective_policy_leaves_out_what_browsers_ignore() -> None:
    policies = parse_policies(
        "default-src 'none' a.example 'sha256-x'; script-src 'unsafe-inline' https: 'nonce-abc' 'strict-dynamic'"
    )
    effective = {found.name: found for found in effective_policy(policies)}
    assert effective["img-src"].lists == (("a.example",),)
    assert effective["script-src-elem"].lists == (("'nonce-abc'", "'strict-dynamic'"),)
    assert effective["form-action"].unrestricted
    assert "default-src" not in effective


@pytest.mark.parametrize("url", ["", "//a.example", "https://", "https://a b/", "https://a.example:99999/"])
def test_no_url_is_an_error_and_no_decision(url: str) -> None:
    with pytest.raises(InvalidUrl, match="no absolute URL"):
        allows(parse_policies("img-src *"), "img-src", url, HTTPS)


def test_an_unknown_directive_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'image-src' is no directive.*img-src"):
        allows((), "image-src", "https://a.example/", HTTPS)
