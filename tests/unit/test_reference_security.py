"""The reference platform's parts that the stage `security` counts on, without a platform."""

from reference import faults
from reference.header_faults import Answer, make_nonce, spoil
from reference.headers import api_headers
from reference.web.attempts import LIMIT, WINDOW, FailedAttempts

FRESH = bytes(range(100, 116))
PAGE = Answer("/login", 200, page=True, web="https://localhost:4000")
HEADERS = [("content-security-policy", "default-src 'self'; script-src 'self'"), ("x-frame-options", "DENY")]


def test_attempts_are_limited_for_one_address_and_for_a_while() -> None:
    now = [0.0]
    attempts = FailedAttempts(clock=lambda: now[0])
    for _ in range(LIMIT):
        assert attempts.wait("a@x.test") == 0
        attempts.note("a@x.test")
    assert attempts.wait("a@x.test") == WINDOW
    assert attempts.wait("b@x.test") == 0
    now[0] = WINDOW
    assert attempts.wait("a@x.test") == 0


def test_without_a_fault_headers_and_nonces_are_as_they_were() -> None:
    assert spoil(HEADERS, PAGE, frozenset()) == HEADERS
    assert make_nonce("/", FRESH, frozenset()) != make_nonce("/", FRESH[::-1], frozenset())


def test_a_fault_acts_on_its_answers_only() -> None:
    planted = frozenset({faults.CSP_WILDCARD, faults.XFO_MISSING})
    assert spoil(HEADERS, PAGE, planted)[0][1] == "default-src 'self'; script-src 'self' *"
    elsewhere = Answer("/cn", 200, page=True)
    assert spoil(HEADERS, elsewhere, planted) == HEADERS
    assert spoil(HEADERS, Answer("/api/flags", 200, page=False), planted) == HEADERS[:1]


def test_a_look_alike_is_answered_by_the_fault_only() -> None:
    planted = frozenset({faults.CORS_SUFFIX})
    alike = Answer("/api/flags", 200, page=False, origin="https://evil-localhost:4000", web="https://localhost:4000")
    other = Answer("/api/flags", 200, page=False, origin="https://elsewhere.test", web="https://localhost:4000")
    assert ("access-control-allow-origin", "https://evil-localhost:4000") in spoil([], alike, planted)
    assert spoil([], other, planted) == []


def test_an_api_has_headers_in_every_tier() -> None:
    assert "strict-transport-security" not in {name.lower() for name, _ in api_headers("strict", tls=False)}
    assert ("Cross-Origin-Resource-Policy", "same-origin") in api_headers("strict", tls=True)
