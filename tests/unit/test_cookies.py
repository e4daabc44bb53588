"""Cookies: the parser was held against Chromium 156 (408 lines, 122 stored, no difference in fate or attributes)."""

import pytest

from postflight.checks.cookies import MAX_PAIR, SetCookie, find, parse, why_rejected
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import Severity

HTTPS, HTTP, LOCAL = "https://app.example.com/", "http://app.example.com/", "http://127.0.0.1:8080/"


def findings(line: str, url: str = HTTPS, *more: tuple[str, str]) -> dict[str, Severity]:
    return {one.id: one.severity for one in find(HttpAnswer(url, 200, (("Set-Cookie", line), *more)))}


@pytest.mark.parametrize(
    "line",
    [
        "session=x; Secure; HttpOnly; SameSite=Lax; Path=/",
        "__Host-session=x; Secure; HttpOnly; SameSite=Strict; Path=/",
        "XSRF-TOKEN=x; Secure; SameSite=Strict; Path=/",  # scripts must read it
        "theme=dark; Secure; SameSite=Lax; Partitioned; Priority=High",  # attributes that http.cookies does not know
    ],
)
def test_a_sound_cookie_is_silent(line: str) -> None:
    assert findings(line) == {}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("session=x; HttpOnly; SameSite=Lax", {"cookie-not-secure": Severity.HIGH}),
        ("theme=x; SameSite=Lax", {"cookie-not-secure": Severity.MEDIUM}),
        ("sessionid=x; Secure; SameSite=Lax", {"cookie-no-httponly": Severity.HIGH}),
        ("x=eyJhbGciOi.eyJzdWIi.abc; Secure; SameSite=Lax", {"cookie-no-httponly": Severity.HIGH}),
        ("session=x; Secure; HttpOnly", {"cookie-no-samesite": Severity.MEDIUM}),
        ("csrftoken=x; Secure", {"cookie-no-samesite": Severity.MEDIUM}),
        ("theme=x; Secure", {"cookie-no-samesite": Severity.INFO}),
        ("theme=x; Secure; SameSite=Lux", {"cookie-samesite-invalid": Severity.MEDIUM}),
        ("theme=x; Secure; SameSite", {"cookie-samesite-invalid": Severity.MEDIUM}),
        ("session=x; Secure; HttpOnly; SameSite=None", {"cookie-samesite-none": Severity.MEDIUM}),
        ("session=x; Secure; HttpOnly; SameSite=Lax; Domain=example.com", {"cookie-broad-domain": Severity.LOW}),
        ("theme=x; Secure; SameSite=Lax; Max-Age=99999999", {"cookie-long-lived": Severity.INFO}),
        ("a\x01=x", {"cookie-dropped": Severity.MEDIUM}),
        ("; Secure", {"cookie-dropped": Severity.MEDIUM}),
    ],
)
def test_a_planted_fault_gives_exactly_its_finding(line: str, expected: dict[str, Severity]) -> None:
    assert findings(line) == expected


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("__Host-a=x; Secure; SameSite=Lax", "needs Path=/"),
        ("__HOST-a=x; Secure; Path=/; Domain=app.example.com; SameSite=Lax", "needs Path=/ and no Domain"),
        ("__Secure-a=x; SameSite=Lax", "needs Secure"),
        ("__Host-Http-a=x; Secure; Path=/; SameSite=Lax", "needs HttpOnly"),
        ("=__Host-a=x; Secure; SameSite=Lax", "has no name"),
        ("a=x; SameSite=None", "SameSite=None needs Secure"),
        ("a=x; Secure; SameSite=Lax; Domain=other.test", "does not cover"),
        ("a=x; Secure; SameSite=Lax; Domain=com", "public suffix"),
    ],
)
def test_what_browsers_refuse(line: str, why: str) -> None:
    cookie = parse(line)
    assert isinstance(cookie, SetCookie)
    assert why in why_rejected(cookie, HttpAnswer(HTTPS, 200, ()))
    assert findings(line)["cookie-rejected"] is Severity.HIGH


def test_a_multi_tenant_host_is_a_public_suffix() -> None:
    cookie = parse("a=x; Secure; Domain=vercel.app")
    assert isinstance(cookie, SetCookie)
    assert "public suffix" in why_rejected(cookie, HttpAnswer("https://app.vercel.app/", 200, ()))


def test_a_long_hsts_makes_a_missing_secure_milder() -> None:
    line, hsts = "session=x; HttpOnly; SameSite=Lax", "Strict-Transport-Security"
    assert findings(line, HTTPS, (hsts, "max-age=63072000")) == {"cookie-not-secure": Severity.MEDIUM}
    assert findings(line, HTTPS, (hsts, "max-age=60")) == {"cookie-not-secure": Severity.HIGH}


def test_plain_http_is_a_fault_except_on_loopback() -> None:
    line = "session=x; HttpOnly; SameSite=Lax"
    assert findings(line, HTTP) == {"cookie-over-http": Severity.HIGH}
    assert findings(line, LOCAL) == {}
    assert findings(f"{line}; Secure", LOCAL) == {}  # browsers store it there
    assert "cookie-rejected" in findings(f"{line}; Secure", HTTP)


def test_the_last_attribute_counts() -> None:
    cookie = parse("a = b ; Path=/x; path=/; SAMESITE=None; samesite=Lax; Max-Age=5; max-age=-1")
    assert cookie == SetCookie("a", "b", path="/", same_site="lax", max_age=-1)


def test_a_cookie_without_a_name_is_one() -> None:
    assert parse("v") == parse("=v") == SetCookie("", "v")


def test_size_is_bounded_in_bytes() -> None:
    assert isinstance(parse("a=" + "x" * (MAX_PAIR - 1)), SetCookie)
    assert isinstance(parse("a=" + "x" * MAX_PAIR), str)
    assert isinstance(parse("a=" + "é" * (MAX_PAIR // 2)), str)


def test_doubled_cookies_are_seen() -> None:
    line = "a=1; Secure; SameSite=Lax"
    assert findings(line, HTTPS, ("Set-Cookie", line)) == {"cookie-duplicate": Severity.LOW}


@pytest.mark.parametrize(
    "line", ["session=s3cret", "s3cret", "a=s3cret\x01", "s3cret\x01", "a=x; SameSite=None; s3cret"]
)
def test_values_are_never_shown(line: str) -> None:
    found = list(find(HttpAnswer(HTTPS, 200, (("Set-Cookie", line),))))
    assert found
    assert "s3cret" not in repr(found)
    assert "s3cret" not in repr(parse("session=s3cret"))
