import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.config.secrets import looks_like_secret
from postflight.config.urls import SERVICE, check_web_address, parse_address


@pytest.mark.parametrize(
    ("text", "url", "host"),
    [
        ("https://Staging.Example.com/", "https://staging.example.com", ("staging.example.com", 443)),
        ("https://staging.example.com:443", "https://staging.example.com", ("staging.example.com", 443)),
        ("HTTP://example.com:8080/app/", "http://example.com:8080/app", ("example.com", 8080)),
        ("http://[::1]:80/x", "http://[::1]/x", ("::1", 80)),
        ("http://127.0.0.1:9", "http://127.0.0.1:9", ("127.0.0.1", 9)),
        ("https://example.com.", "https://example.com", ("example.com", 443)),
        ("https://münchen.example", "https://münchen.example", ("münchen.example", 443)),
    ],
)
def test_equal_addresses_become_equal_texts(text: str, url: str, host: tuple[str, int]) -> None:
    address = parse_address(text)
    assert (address.url, address.host, address.userinfo) == (url, host, None)


def test_user_information_leaves_the_url() -> None:
    address = parse_address("https://user:p%40ss@example.com/x")
    assert address.url == "https://example.com/x"
    assert address.userinfo == "user:p@ss"
    assert "p@ss" not in repr(address)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a URL without spaces"),
        ("https://exa mple.com", "expected a URL without spaces"),
        ("staging.example.com", "'staging.example.com' is not a whole URL; write its scheme too, like https://staging"),
        ("localhost:3000", "write its scheme too, like https://localhost:3000"),
        ("//example.com", "write its scheme too, like https://example.com"),
        ("htps://example.com", "has the scheme 'htps'; did you mean 'https'?"),
        ("file:///etc/passwd", "has the scheme 'file'; expected one of http, https"),
        ("wss://example.com", "has the scheme 'wss'"),
        ("https://", "'https://' has no host; write one, like https://staging.example.com"),
        ("https://:80", "has no host"),
        ("https://example.com:99999", "its port is not a number from 1 to 65535"),
        ("https://example.com:0", "its port is not a number from 1 to 65535"),
        ("https://example.com:http", "its port is not a number from 1 to 65535"),
        ("https://[::1", "its host is not valid"),
        ("https://exa<mple.com", "its host is not valid"),
        ("https://example.com/#top", "has a fragment (#...), which is never sent; remove it"),
        ("https://example.com/?a=1", "has a query (?...), to which no path can be appended; remove it"),
        ("https://example.com/" + "x" * 3000, "expected a URL"),
    ],
)
def test_what_is_no_address_is_an_error_with_a_remedy(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://user:hunter22@example.com:99999",
        "https://user:hunter22@example.com/#x",
        "https://user:hunter22@",
        "https://user:hunter22@[::1",
        "htps://user:hunter22@example.com",
        "user:hunter22@example.com",
    ],
)
def test_an_error_never_repeats_a_password(text: str) -> None:
    with pytest.raises(ValueError, match=r"scheme|host|port|fragment") as error:
        parse_address(text)
    assert "hunter22" not in str(error.value)


def test_a_file_holds_no_user_information() -> None:
    with pytest.raises(ValueError, match="written with user information"):
        check_web_address("https://user@example.com")


@given(st.text(max_size=40) | st.from_regex(r"https?://[^ ]{0,30}"))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        address = parse_address(text, SERVICE)
    except ValueError:
        return
    assert parse_address(address.url, SERVICE).host == address.host


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abcdefghijklmnop1234",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.abc",
        "xoxb-1234567890-abcdef",
        "0123456789abcdef0123456789abcdef",
        "postgresql://postgres:hunter22@db.example.com/velocity",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret(text: str) -> None:
    assert looks_like_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "VELOCITY_STAGING_ORCHESTRATOR_TOKEN_2",
        "/api/v1/health/detailed/and/long/2",
        "https://velro-003-frontend-production.up.railway.app",
        "platforms.velocity:Velocity",
        "the vendor's script fails, see issue 42",
        "",
    ],
)
def test_what_does_not(text: str) -> None:
    assert not looks_like_secret(text)
