"""Tokens in URLs, and forgeries that a sound verifier refuses. PyJWT is the verifier here."""

from itertools import pairwise

import jwt
import pytest

from postflight.checks.headers.finding import Severity
from postflight.checks.tokens import expired, find, read_jwt, tampered

KEY = b"a key that is long enough for HS256"
TOKEN = jwt.encode({"sub": "user-1", "exp": 4102444800}, KEY, algorithm="HS256")
ANON = jwt.encode({"role": "anon", "iss": "supabase"}, KEY, algorithm="HS256")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/a?page=2&sort=name#top", {}),
        ("https://x.example/cb?code=4%2F0AbCdEf&state=xyz123", {}),  # used once, and worthless after
        ("https://x.example/a?session=1", {}),  # a flag
        ("https://x.example/a?author=somebody", {}),
        (f"https://x.example/a?q={TOKEN}", {"url-token": Severity.HIGH}),
        ("https://x.example/a?access_token=opaque123", {"url-token": Severity.HIGH}),
        ("https://x.example/a?sessionid=opaque123", {"url-token": Severity.HIGH}),
        (f"https://x.example/verify/{TOKEN}", {"url-token": Severity.HIGH}),
        ("https://x.example/a?api_key=abcdef123456", {"url-key": Severity.MEDIUM}),
        (f"wss://x.example/realtime?apikey={ANON}&vsn=1.0.0", {"url-public-key": Severity.INFO}),
        (f"https://x.example/#access_token={TOKEN}", {"url-token-fragment": Severity.LOW}),
        ("https://me:pass1234@x.example/", {"url-password": Severity.HIGH}),
        ("https://[", {}),
    ],
)
def test_credentials_in_urls(url: str, expected: dict[str, Severity]) -> None:
    assert {one.id: one.severity for one in find(url)} == expected


def test_a_key_that_is_known_to_be_public_is_silent() -> None:
    url = "https://x.example/a?apikey=abcdef123456"
    assert list(find(url, public_keys=frozenset({"abcdef123456"}))) == []


@pytest.mark.parametrize("url", [f"https://x.example/{TOKEN}?q={TOKEN}#t={TOKEN}", "https://me:s3cret99@x.example/"])
def test_no_credential_is_shown(url: str) -> None:
    shown = repr(list(find(url)))
    assert shown != "[]"
    assert TOKEN not in shown
    assert "s3cret99" not in shown


def test_each_forgery_is_refused_and_differs() -> None:
    forged = tampered(TOKEN)
    assert set(forged) == {"signature-changed", "signature-missing", "algorithm-none", "claims-changed"}
    assert all(one != other for one, other in pairwise(sorted([*forged.values(), TOKEN])))
    for token in forged.values():
        with pytest.raises(jwt.InvalidTokenError):
            jwt.decode(token, KEY, algorithms=["HS256"])


def test_forgeries_keep_what_a_careless_verifier_reads() -> None:
    forged = tampered(TOKEN)
    claims = jwt.decode(forged["claims-changed"], options={"verify_signature": False})
    assert claims["role"] == "admin"
    assert jwt.get_unverified_header(forged["algorithm-none"])["alg"] == "none"


def test_an_expired_token_is_refused_for_its_date_alone() -> None:
    token = expired(TOKEN, now=1_700_000_000, key=KEY)
    assert token is not None
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(token, KEY, algorithms=["HS256"])
    claims = jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": False})
    assert claims["sub"] == "user-1"


def test_without_the_key_the_old_signature_stays() -> None:
    token = expired(TOKEN, now=1_700_000_000)
    assert token is not None
    assert token.rpartition(".")[2] == TOKEN.rpartition(".")[2]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, KEY, algorithms=["HS256"])


def test_an_opaque_token_gives_one_forgery() -> None:
    assert tampered("abc") == {"character-changed": "Abc"}
    assert tampered("Abc") == {"character-changed": "Bbc"}
    assert tampered("") == {}
    assert expired("abc", now=0) is None
    assert read_jwt("a.b.c") is None
