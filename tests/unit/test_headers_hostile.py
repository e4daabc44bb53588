"""No parser and no judge ever fails on what a server chose to send."""

import contextlib
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from postflight.checks import cookies, cors, tokens
from postflight.checks.headers import dump, hsts, redirection
from postflight.checks.headers.analysis import advise
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import MAX_VALUE
from postflight.checks.headers.tiers import DEFAULT_TIERS, judge

NAMES = (
    "Strict-Transport-Security", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy",
    "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Cross-Origin-Resource-Policy", "Set-Cookie",
    "Reporting-Endpoints", "Report-To", "Origin-Agent-Cluster", "Clear-Site-Data", "Integrity-Policy", "Cache-Control",
    "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Vary", "Content-Type", "Location", "Server",
    "Content-Security-Policy", "X-Powered-By", "Via", "X-XSS-Protection", "Feature-Policy",
)  # fmt: skip
WORDS = (
    "max-age=", "includeSubDomains", "DENY", "nosniff", "camera=(", "self", ")", "*", '"', "'none'", "'nonce-", "https://",
    "frame-ancestors", "script-src", "Domain=", "Secure", "__Host-a", "null", ",", ";", "=", " ", "[", "]", "%", "\x00",
    "\xff", "10.0.0.1", "999.1.1.1", "eyJ", ".",
)  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")),
    st.lists(st.sampled_from(WORDS), max_size=12).map("".join),
    st.text(max_size=40),
)
URLS = st.one_of(
    st.sampled_from(["https://app.example.com/", "http://127.0.0.1:1/", "https://[::1]/", "https://[", "", "//", "x:"]),
    st.text(max_size=30),
)
ANSWERS = st.builds(
    HttpAnswer,
    URLS,
    st.integers(min_value=0, max_value=999),
    st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), VALUES), VALUES), max_size=6).map(tuple),
)


@given(st.lists(ANSWERS, max_size=3))
def test_judging_never_fails(answers: list[HttpAnswer]) -> None:
    for tier in DEFAULT_TIERS.values():
        for one in judge(tier, answers, date(2026, 1, 1)):
            assert len(one.finding.value) <= MAX_VALUE
    for answer in answers:
        advise(answer)
    list(redirection.find_upgrade(answers))


@given(VALUES)
def test_parsers_never_fail(text: str) -> None:
    assert isinstance(hsts.parse(text), hsts.Hsts | str)
    assert isinstance(cookies.parse(text), cookies.SetCookie | str)
    tokens.read_jwt(text)
    tokens.tampered(text)
    tokens.expired(text, now=0)
    list(tokens.find(text))


@given(ANSWERS, VALUES)
def test_only_the_exact_origin_or_a_star_can_read(answer: HttpAnswer, origin: str) -> None:
    allowed = answer.combined("Access-Control-Allow-Origin")
    assert cors.is_readable(answer, origin, credentials=True) <= (allowed == origin)
    assert cors.is_readable(answer, origin, credentials=False) == (allowed is not None and allowed in {"*", origin})


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(["HTTP/1.1 200 OK", "HTTP/2 302", "location: /x", "\n", ":", "{"])).map("".join),
    )
)
def test_saved_files_are_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert dump.parse(text, "https://x.example/")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["log", "entries", "request", "response", "url", "status", "headers"]), inner)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_read_as_har_or_refused(document: object) -> None:
    import json

    with contextlib.suppress(ValueError):
        assert dump.parse_har(json.dumps({"log": {"entries": [document]}}))


@given(st.integers(min_value=0), st.booleans(), st.booleans())
def test_hsts_reads_back_what_is_written(age: int, subdomains: bool, preload: bool) -> None:
    age %= 10**18
    text = f"max-age={age}" + "; includeSubDomains" * subdomains + "; preload" * preload
    assert hsts.parse(text) == hsts.Hsts(age, subdomains, preload)
