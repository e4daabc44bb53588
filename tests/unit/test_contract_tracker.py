"""What was created is found in answers, and removed as the document says."""

import json
from typing import Any

import pytest

from postflight.contract.documents import Operation
from postflight.contract.tracker import Tracker
from postflight.errors import Unreachable
from postflight.flow import Request, Response


def operation(method: str, path: str) -> Operation:
    return Operation(method, path, secured=False, safe=False, body=False)


class Recording:
    def __init__(self, status: int = 204) -> None:
        self.status, self.paths = status, []

    def send(self, request: Request) -> Response:
        self.paths.append(f"{request.method} {request.path}")
        if self.status == 0:
            raise Unreachable("gone")
        return Response(self.status, (), b"", request.path, 0.0)


def answer(status: int = 201, body: Any = None, **headers: str) -> Response:
    return Response(status, tuple(headers.items()), b"" if body is None else json.dumps(body).encode(), "u", 0.0)


@pytest.fixture
def tracker() -> Tracker:
    paths = ("/projects/{id}", "/projects/{id}/files/{path}", "/preview/{sessionId}", "/teams/{id}/members/{id}")
    return Tracker.of([operation("DELETE", path) for path in paths], "/api")


@pytest.mark.parametrize(
    ("method", "url", "told", "path"),
    [
        ("POST", "/api/projects", answer(Location="/api/projects/7"), "/projects/7"),
        ("POST", "/api/projects", answer(Location="https://a.example/api/projects/7"), "/projects/7"),
        ("POST", "/api/projects", answer(body={"id": "a/b"}), "/projects/a%2Fb"),
        ("POST", "/api/projects", answer(200, body={"id": 7}), "/projects/7"),
        ("POST", "/api/preview/start", answer(200, body={"sessionId": "s", "id": 1}), "/preview/s"),
        ("POST", "/api/teams/3/members", answer(body={"id": 9}), "/teams/3/members/9"),
    ],
)
def test_creations_are_removed(tracker: Tracker, method: str, url: str, told: Response, path: str) -> None:
    tracker.note(method, f"http://host{url}", told)
    client = Recording()
    tracker.remove(client, None)  # type: ignore[arg-type]
    assert client.paths == [f"DELETE /api{path}"]
    assert (tracker.created, tracker.left) == ([], [])


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("GET", answer(200, body={"id": 1})),
        ("POST", answer(422, body={"id": 1})),
        ("POST", answer(200, body=[1])),
        ("POST", answer(200, body={"token": "t"})),
    ],
)
def test_other_answers_create_nothing(tracker: Tracker, method: str, told: Response) -> None:
    tracker.note(method, "http://host/api/projects", told)
    assert (tracker.created, tracker.left) == ([], [])


def test_what_nobody_can_remove_is_told(tracker: Tracker) -> None:
    tracker.note("POST", "http://host/api/reports", answer(Location="/api/reports/1"))
    assert tracker.left == ["POST /reports created something that no DELETE of the document removes"]


@pytest.mark.parametrize(("status", "told"), [(500, "DELETE answered 500"), (0, "gone")])
def test_what_could_not_be_removed_is_told(tracker: Tracker, status: int, told: str) -> None:
    tracker.note("POST", "http://host/api/projects", answer(Location="/api/projects/7"))
    tracker.remove(Recording(status), None)  # type: ignore[arg-type]
    assert tracker.left == [f"/projects/7: {told}"]


def test_what_is_gone_already_is_removed(tracker: Tracker) -> None:
    tracker.note("POST", "http://host/api/projects", answer(Location="/api/projects/7"))
    tracker.remove(Recording(404), None)  # type: ignore[arg-type]
    assert tracker.left == []
