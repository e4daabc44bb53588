from uuid import uuid4

import httpx
import psutil
import pytest

from tests.reference.channel import broadcast
from tests.reference.running import Running, eventually, find_preview, start_preview


def test_a_preview_serves_its_project_until_it_is_ended(user: httpx.Client, project: str) -> None:
    session = start_preview(user, project)
    url = session["previewUrl"]
    assert httpx.get(f"{url}/health").json() == {"status": "ok", "devServer": True, "supabaseConnected": True}
    page = httpx.get(f"{url}/")
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>Test &lt;1&gt;</h1>" in page.text
    assert httpx.get(f"{url}/main.js").headers["content-type"].startswith("text/javascript")
    assert httpx.get(f"{url}/nothing.css").status_code == 404
    assert session["sessionId"] in [listed["sessionId"] for listed in user.get("/api/preview").json()["sessions"]]

    assert user.delete(f"/api/preview/{session['sessionId']}").status_code == 204
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    assert find_preview(user, session["sessionId"], "ended")
    assert session["sessionId"] not in user.get("/api/preview").text


def test_only_the_web_origin_may_frame_it(platform: Running, user: httpx.Client, project: str) -> None:
    page = httpx.get(start_preview(user, project)["previewUrl"])
    assert page.headers["content-security-policy"] == f"frame-ancestors {platform.ready['web']}"


def test_an_edit_is_served_and_announced(platform: Running, user: httpx.Client, project: str) -> None:
    url = start_preview(user, project)["previewUrl"]
    assert 'data-version="0"' in httpx.get(url).text
    with httpx.stream("GET", f"{url}/__preview/events?since=0") as events:
        broadcast(platform.ready["realtime"], platform.ready["anon_key"], project, "<h1>Edited</h1>")
        assert next(events.iter_lines()) == "data: 1"
    assert "<h1>Edited</h1>" in httpx.get(url).text
    with httpx.stream("GET", f"{url}/__preview/events?since=0") as late:  # a page that was served before the edit
        assert next(late.iter_lines()) == "data: 1"


def test_a_preview_belongs_to_the_owner_of_its_project(user: httpx.Client, other: httpx.Client, project: str) -> None:
    assert other.post("/api/preview/start", json={"projectId": project}).status_code == 404
    session = start_preview(user, project)
    path = f"/api/preview/{session['sessionId']}"
    assert other.get(path).status_code == 404
    assert other.delete(path).status_code == 404
    assert session["sessionId"] not in other.get("/api/preview").text
    assert httpx.get(session["previewUrl"]).status_code == 200


def test_an_idle_preview_expires(user: httpx.Client, project: str) -> None:
    session = start_preview(user, project, idleTimeoutSeconds=1)
    assert eventually(lambda: find_preview(user, session["sessionId"], "ended"), "it has expired")
    with pytest.raises(httpx.ConnectError):
        httpx.get(session["previewUrl"])


def test_use_puts_expiry_off(user: httpx.Client, project: str) -> None:
    session = start_preview(user, project, idleTimeoutSeconds=60)
    httpx.get(session["previewUrl"])

    def later() -> bool:
        return user.get(f"/api/preview/{session['sessionId']}").json()["expiresAt"] > session["expiresAt"]

    assert eventually(later, "expiry was put off")


def test_the_pool_has_an_end(user: httpx.Client, project: str) -> None:
    sessions = [start_preview(user, project) for _ in range(2)]
    refusal = user.post("/api/preview/start", json={"projectId": project})
    assert refusal.status_code == 429
    assert refusal.json()["error"]["code"] == "pool_exhausted"
    assert int(refusal.headers["retry-after"]) > 0
    user.delete(f"/api/preview/{sessions[0]['sessionId']}")
    assert start_preview(user, project)


def test_a_preview_that_dies_is_an_error(platform: Running, user: httpx.Client, project: str) -> None:
    before = set(platform.descendants())
    session = start_preview(user, project)
    [preview] = [process for process in set(platform.descendants()) - before if is_preview(process)]
    preview.kill()
    assert eventually(lambda: find_preview(user, session["sessionId"], "error"), "the death was noticed")


def is_preview(process: psutil.Process) -> bool:
    return "reference.preview" in process.cmdline()


def test_deleting_a_project_ends_its_previews(user: httpx.Client) -> None:
    project = user.post("/api/projects", json={"name": "Short"}).json()["id"]
    session = start_preview(user, project)
    assert user.delete(f"/api/projects/{project}").status_code == 204
    with pytest.raises(httpx.ConnectError):
        httpx.get(session["previewUrl"])
    assert user.get(f"/api/preview/{session['sessionId']}").status_code == 404


@pytest.mark.parametrize("body", [{}, {"projectId": 1}, {"projectId": str(uuid4()), "idleTimeoutSeconds": 0}])
def test_starts_that_make_no_sense(user: httpx.Client, operator: httpx.Client, body: dict[str, object]) -> None:
    assert user.post("/api/preview/start", json=body).status_code == 422
    assert operator.post("/sessions/start", json=body).status_code == 422


@pytest.mark.parametrize("project_id", ["x", "3b0c1f6e-0b0e-4c60-9a54-0d5c4d9f7a11"])
def test_projects_that_do_not_exist(user: httpx.Client, operator: httpx.Client, project_id: str) -> None:
    for answer in (
        user.post("/api/preview/start", json={"projectId": project_id}),
        operator.post("/sessions/start", json={"projectId": project_id}),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"


def test_the_orchestrator_serves_operators_only(platform: Running, operator: httpx.Client, project: str) -> None:
    with platform.client("orchestrator") as stranger:
        for method, path in [
            ("POST", "/sessions/start"),
            ("GET", f"/sessions/{uuid4()}"),
            ("DELETE", f"/sessions/{uuid4()}"),
        ]:
            assert stranger.request(method, path, json={"projectId": project}).status_code == 401
    started = operator.post("/sessions/start", json={"projectId": project})
    assert started.status_code == 201
    path = started.headers["location"]
    eventually(lambda: operator.get(path).json()["status"] == "active", "it is active")
    assert operator.delete(path).status_code == 204
    assert operator.get(path).json()["status"] == "ended"
    assert operator.delete(f"/sessions/{uuid4()}").status_code == 404
