"""Flows run without I/O: recorded answers are enough, and what is not promised is said politely, without secrets."""

import json
from typing import TypeVar

import pytest

from platforms.velocity import Session, Velocity
from postflight.errors import NotEnoughEvidence, UnexpectedAnswer, Unreachable
from postflight.flow import MAX_SHOWN, Flow, Pause, Request, Response
from postflight.model import Account, Secret

T = TypeVar("T")
VELOCITY = Velocity()
ACCOUNT = Account("primary", Secret("E", "a@b.test"), Secret("P", "password"))
SESSION = Session("s1", "p1", "creating", "")


def answer(status: int, body: object = None) -> Response:
    return Response(status, (("Content-Type", "application/json"),), json.dumps(body).encode(), "http://x/", 0.01)


def run(flow: Flow[T], *answers: Response | Exception) -> tuple[T, list[Request]]:
    """Run a flow against recorded answers; pauses take no time."""
    left, sent = list(answers), []
    try:
        wish = next(flow)
        while True:
            if isinstance(wish, Pause):
                wish = flow.send(None)  # type: ignore[arg-type]
                continue
            sent.append(wish)
            given = left.pop(0)
            wish = flow.throw(given) if isinstance(given, Exception) else flow.send(given)
    except StopIteration as end:
        assert not left, "the flow ended before all answers were used"
        return end.value, sent


def test_sign_in_sends_the_account_and_returns_the_token() -> None:
    token, (request,) = run(VELOCITY.sign_in(ACCOUNT), answer(200, {"token": "t"}))
    assert token == "t"
    assert (request.method, request.path, request.json) == (
        "POST",
        "/api/auth/login",
        {"email": "a@b.test", "password": "password"},
    )


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": 5}, [], "text"])
def test_an_answer_without_a_token_is_a_fault(body: object) -> None:
    with pytest.raises(UnexpectedAnswer):
        run(VELOCITY.sign_in(ACCOUNT), answer(200, body))


def test_a_missing_key_is_told_by_the_names_beside_it_and_not_by_their_values() -> None:
    with pytest.raises(UnexpectedAnswer) as error:
        run(VELOCITY.sign_in(ACCOUNT), answer(200, {"accessToken": "opaque-secret"}))
    assert "accessToken" in str(error.value)
    assert "opaque-secret" not in str(error.value)


def test_a_long_answer_is_cut_and_says_so() -> None:
    with pytest.raises(UnexpectedAnswer) as error:
        answer(500, "x" * 5000).expect(200)
    assert len(str(error.value)) < 2 * MAX_SHOWN + 200
    assert "…" in str(error.value)


def test_all_pages_of_projects_are_read() -> None:
    pages = [
        [{"id": f"p{n}", "name": f"n{n}"} for n in range(start, start + count)] for start, count in ((0, 100), (100, 3))
    ]
    projects, sent = run(VELOCITY.list_projects("t"), *(answer(200, {"projects": page}) for page in pages))
    assert len(projects) == 103
    assert [request.path[-9:] for request in sent] == ["&offset=0", "ffset=100"]


def test_a_preview_is_ready_when_its_container_says_so() -> None:
    active = {"sessionId": "s1", "projectId": "p1", "status": "active", "previewUrl": "http://p/"}
    session, sent = run(
        VELOCITY.wait_until_ready("t", SESSION, within=5),
        answer(200, active),
        answer(503),
        answer(200, active),
        answer(200, {"devServer": True}),
    )
    assert session.url == "http://p/"
    assert sent[-1].token is None, "the container must never see the user's token"


def test_a_preview_that_never_comes_ends_in_a_fault() -> None:
    creating = {"sessionId": "s1", "projectId": "p1", "status": "creating"}
    with pytest.raises(UnexpectedAnswer, match="not ready within 1 s"):
        run(VELOCITY.wait_until_ready("t", SESSION, within=1), *[answer(200, creating)] * 10)


def test_a_full_pool_says_nothing_about_previews() -> None:
    with pytest.raises(NotEnoughEvidence):
        run(VELOCITY.start_preview("t", "p1"), answer(429, {"error": {"code": "pool_exhausted"}}))


@pytest.mark.parametrize(("status", "body"), [(500, {}), (429, {}), (429, {"error": {"code": "slow_down"}}), (503, {})])
def test_a_refusal_without_a_reason_is_a_fault(status: int, body: object) -> None:
    with pytest.raises(UnexpectedAnswer):
        run(VELOCITY.start_or_be_refused("t", "p1"), answer(status, body))


def test_a_container_is_gone_when_nobody_answers() -> None:
    run(VELOCITY.wait_until_gone(SESSION, within=5), answer(200), Unreachable("refused"))
    with pytest.raises(UnexpectedAnswer, match="still answered"):
        run(VELOCITY.wait_until_gone(SESSION, within=1), *[answer(200)] * 10)


@pytest.mark.parametrize(
    ("one", "listed", "ended", "good"),
    [
        (404, [], 404, True),
        (403, [], 403, True),
        (200, [], 404, False),
        (404, ["s1"], 404, False),
        (404, [], 204, False),
    ],
)
def test_a_stranger_must_neither_read_nor_list_nor_end(one: int, listed: list[str], ended: int, good: bool) -> None:
    sessions = [{"sessionId": name, "projectId": "p", "status": "active"} for name in listed]
    answers = [answer(one, sessions), answer(200, {"sessions": sessions}), answer(ended)]
    if good:
        run(VELOCITY.stranger_sees_nothing("t", "s1"), *answers)
    else:
        with pytest.raises(UnexpectedAnswer):
            run(VELOCITY.stranger_sees_nothing("t", "s1"), *answers)


def test_clean_up_removes_only_what_runs_made() -> None:
    projects = [{"id": "a", "name": "postflight-r1-1"}, {"id": "b", "name": "my own"}]
    names, sent = run(
        VELOCITY.clean_up([ACCOUNT], ""),
        answer(200, {"token": "t"}),
        answer(200, {"projects": projects}),
        answer(200, {"sessions": [{"sessionId": "s1", "projectId": "a", "status": "active"}]}),
        answer(204),
        answer(204),
    )
    assert names == ["postflight-r1-1"]
    assert [(r.method, r.path) for r in sent[-2:]] == [("DELETE", "/api/preview/s1"), ("DELETE", "/api/projects/a")]
