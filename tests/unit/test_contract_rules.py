"""What the contract stage may send: pure."""

import pytest

from postflight.contract.rules import Rules, SafeOperation, marked, shared

HERE = ("https", "app.example", None)
ELSEWHERE = ("https", "other.example", None)


def refusal(rules: Rules, method: str, path: str = "/things", *, origin=HERE, body: bool = False, sent: int = 0) -> str:
    return rules.refusal(method, origin, path, body=body, sent=sent)


@pytest.fixture
def reading() -> Rules:
    return Rules(frozenset({HERE}), fuzz=False, safe=marked(["POST /search/{index}"]), at_most=10)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_is_allowed(reading: Rules, method: str) -> None:
    assert refusal(reading, method) == ""


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "get"])
def test_nothing_else_is(reading: Rules, method: str) -> None:
    assert "changes things" in refusal(reading, method)


def test_a_body_makes_reading_more_than_that(reading: Rules) -> None:
    assert "body" in refusal(reading, "GET", body=True)


def test_what_is_marked_safe_is_allowed_and_nothing_like_it(reading: Rules) -> None:
    assert refusal(reading, "POST", "/search/projects", body=True) == ""
    assert refusal(reading, "PUT", "/search/projects")
    assert refusal(reading, "POST", "/search/projects/delete")
    assert refusal(reading, "POST", "/v2/search/projects")


def test_the_cap_holds_for_everything(reading: Rules) -> None:
    assert refusal(reading, "GET", sent=9) == ""
    assert "10 requests" in refusal(reading, "GET", sent=10)
    assert "10 requests" in refusal(Rules(frozenset({HERE}), fuzz=True, at_most=10), "GET", sent=10)


@pytest.mark.parametrize("fuzz", [False, True])
def test_no_other_origin_is_ever_allowed(fuzz: bool) -> None:
    rules = Rules(frozenset({HERE}), fuzz=fuzz)
    for origin in (ELSEWHERE, ("http", "app.example", None), ("https", "app.example", 8443)):
        assert "not part of the deployment" in refusal(rules, "GET", origin=origin)


def test_processes_share_cap_and_rate() -> None:
    whole = Rules(frozenset({HERE}), fuzz=False, at_most=300, per_second=30.0)
    part = shared(whole, 4)
    assert (part.at_most, part.per_second) == (75, 7.5)
    assert shared(whole, 1) == whole


def test_a_template_is_no_pattern() -> None:
    assert SafeOperation.of("post", "/a.b/{x}").fits("POST", "/a.b/1")
    assert not SafeOperation.of("post", "/a.b/{x}").fits("POST", "/aXb/1")
