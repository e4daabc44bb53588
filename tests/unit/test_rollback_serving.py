"""Which release serves: where it is said, and that one answer is no proof while a switch spreads."""

import time
from collections.abc import Iterator

import pytest

from postflight.config.rollback import ServesWords
from postflight.rollback.model import Standing
from postflight.rollback.serving import Serving, field_of
from tests.provider_stub import Answer, Stub, stub, tools


@pytest.fixture
def site() -> Iterator[Stub]:
    with stub() as found:
        yield found


def by_field(site: Stub) -> Serving:
    return Serving(ServesWords(path="/health", field="app.version"), site.url, tools().caller)


def says(site: Stub, version: object, status: int = 200) -> None:
    site.answers["GET /health"] = Answer(status, {"app": {"version": version}})


def test_a_field_tells_whatever_the_status(site: Stub) -> None:
    says(site, "1.5.0", 503)
    assert by_field(site).release() == "1.5.0"
    assert by_field(site).standing("1.5.0") is Standing.BEFORE
    assert by_field(site).standing("1.4.2") is Standing.AFTER


def test_a_header_tells(site: Stub) -> None:
    site.answers["GET /"] = Answer(200, b"<html>", {"X-Release": "1.5.0"})
    assert Serving(ServesWords(header="x-release"), site.url, tools().caller).release() == "1.5.0"


@pytest.mark.parametrize(
    "answer",
    [Answer(200, b"<html>"), Answer(200, {"app": 1}), Answer(closes=True), Answer(302, None, {"Location": "/"})],
)
def test_what_says_no_release_is_not_known(site: Stub, answer: Answer) -> None:
    site.answers["GET /health"] = answer
    assert by_field(site).release() is None
    assert by_field(site).standing("1.5.0") is Standing.UNKNOWN
    assert by_field(site).other_now("1.5.0") == ""


def test_other_answers_must_agree_several_times_in_a_row(site: Stub) -> None:
    seen = iter(["old", "new", "old", "old", "old", "never asked for"])

    def sleep(_seconds: float) -> None:
        says(site, next(seen))

    says(site, "new")
    assert by_field(site).wait_until_other("new", deadline=30, sleep=sleep) == "old"
    assert next(seen) == "never asked for"


def test_waiting_ends(site: Stub) -> None:
    says(site, "new")
    assert by_field(site).wait_until_other("new", deadline=0.0, sleep=time.sleep) == ""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a": {"b": "x"}}', "x"),
        (b'{"a": {"b": 7}}', "7"),
        (b'{"a": {"b": true}}', "true"),
        (b'{"a": {"b": {}}}', None),
        (b'{"a": "b"}', None),
        (b"[1]", None),
        (b"[" * 100_000, None),
        (b"\xff", None),
    ],
)
def test_a_field_of_any_document(body: bytes, found: str | None) -> None:
    assert field_of(body, "a.b") == found
