"""How to speak to Velocity: sign in, keep projects, run previews. Flows without I/O; see `postflight.flow`.

The requests are those of the deployment plan (V 12.1, V 4.2, V 8.3; R 7.1).
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from platforms.velocity_contract import CLIENT_CALLS, PREFIX, SPENT, Belongings
from postflight.checks.invariants.examples import Call
from postflight.errors import NotEnoughEvidence, UnexpectedAnswer, Unreachable
from postflight.flow import JSON, Answer, Flow, Pause, Request, Response, cut
from postflight.model import Account

if TYPE_CHECKING:
    from postflight.load.profiles.work import MakeWork

POLL_SECONDS = 0.1
GONE_WITHIN = 5.0  # seconds in which the container of an ended preview must stop answering
REFUSALS = (409, 429, 503)  # what a full pool may answer, with an error code that says so
HIDDEN = (403, 404)  # what a stranger may be told
_ACTIVE = re.compile(r"^active_preview_sessions(?:\{[^}\n]*\})? (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Project:
    """A project as the API shows it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    """A preview session. `status` is creating, active, ended or error; `url` is empty until there is one."""

    id: str
    project_id: str
    status: str
    url: str


class Velocity:
    """The flows of Velocity. Holds nothing: what a flow needs is given to it."""

    name = "velocity"
    prefix = PREFIX
    ends_session = frozenset({"POST /api/auth/logout"})  # operations after which a token is worth nothing
    scarce: Mapping[str, int] = {"POST /api/preview/start": 2}  # operations that take of a pool -> calls that may

    def load_profiles(self) -> Mapping[str, "MakeWork"]:
        """Return the load profiles that it offers, by name."""
        from platforms.velocity_load import PROFILES

        return PROFILES

    def sign_in(self, account: Account) -> Flow[str]:
        """Sign in and return a bearer token."""
        answer = yield Request(
            "POST", "web", "/api/auth/login", json=_credentials(account.email.reveal(), account.password.reveal())
        )
        return answer.expect(200).json_object().text("token")

    def refuse_sign_in(self, email: str, password: str) -> Flow[None]:
        """Try to sign in with a wrong password; anything but a 401 is a fault."""
        answer = yield Request("POST", "web", "/api/auth/login", json=_credentials(email, password))
        answer.expect(401)

    def create_project(self, token: str, name: str) -> Flow[Project]:
        """Create a project; it must answer 201."""
        body = {"name": name, "description": "Made by Postflight to verify a deployment; safe to delete."}
        answer = yield Request("POST", "web", "/api/projects", token=token, json=body)
        return _project(answer.expect(201).json_object())

    def read_project(self, token: str, project_id: str) -> Flow[Project]:
        """Read one project."""
        answer = yield _of_project("GET", token, project_id)
        return _project(answer.expect(200).json_object())

    def list_projects(self, token: str) -> Flow[list[Project]]:
        """Read all own projects, page by page."""
        found: list[Project] = []
        while True:
            path = f"/api/projects?limit=100&offset={len(found)}"
            answer = yield Request("GET", "web", path, token=token, name="GET /api/projects")
            page = answer.expect(200).json_object()
            items = [_project(Answer(item, answer)) for item in page.items("projects") if isinstance(item, dict)]
            found += items
            if len(items) < 100:
                return found

    def delete_project(self, token: str, project_id: str) -> Flow[None]:
        """Delete a project; one that is gone already is fine."""
        answer = yield _of_project("DELETE", token, project_id)
        answer.expect(200, 204, 404)

    def remove_project(self, token: str, project_id: str) -> Flow[None]:
        """Clean up: end the project's previews, then delete it."""
        for session in (yield from self.list_previews(token)):
            if session.project_id == project_id:
                yield from self.end_preview(token, session.id)
        yield from self.delete_project(token, project_id)

    def remove_projects(self, token: str, prefix: str) -> Flow[list[Project]]:
        """Clean up: remove all own projects whose name starts with `prefix`, and return them."""
        left = [project for project in (yield from self.list_projects(token)) if project.name.startswith(prefix)]
        for project in left:
            yield from self.remove_project(token, project.id)
        return left

    def clean_up(self, accounts: Iterable[Account], run_id: str) -> Flow[list[str]]:
        """Remove what an interrupted run left (or any run, when `run_id` is empty), and return the names."""
        removed: list[str] = []
        for account in accounts:
            token = yield from self.sign_in(account)
            left = yield from self.remove_projects(token, f"{PREFIX}{run_id}")
            removed += [project.name for project in left]
        return removed

    def project_is_gone(self, token: str, project_id: str) -> Flow[None]:
        """Read a project that must not be found."""
        answer = yield _of_project("GET", token, project_id)
        answer.expect(404)

    def write_file(self, token: str, project_id: str, path: str, content: str) -> Flow[None]:
        """Write one file of a project."""
        where, name = f"/api/projects/{quote(project_id)}/files/{quote(path)}", "PUT /api/projects/{id}/files/{path}"
        answer = yield Request("PUT", "web", where, token=token, json={"content": content}, name=name)
        answer.expect(200, 201, 204)

    def start_preview(self, token: str, project_id: str, *, idle_seconds: int | None = None) -> Flow[Session]:
        """Start a preview through the web application.

        Raises:
            NotEnoughEvidence: the pool is full, which says nothing about whether previews work.

        """
        answer = yield _start("web", "/api/preview/start", token, project_id, idle_seconds)
        if _is_full(answer):
            raise NotEnoughEvidence(
                "the preview pool is full, so it cannot be told whether previews start; try again later"
            )
        return _session(answer.expect(200).json_object())

    def start_or_be_refused(self, token: str, project_id: str) -> Flow[Session | None]:
        """Start a preview, or return None for a clear refusal; a 500, or a refusal without a reason, is a fault."""
        answer = yield _start("web", "/api/preview/start", token, project_id, None)
        if _is_full(answer):
            return None
        if answer.status in REFUSALS:
            raise answer.unexpected(
                "a refusal that says why (error.code about the pool)", f"{answer.status}: {cut(answer.text)}"
            )
        return _session(answer.expect(200).json_object())

    def start_session(self, api_token: str, project_id: str) -> Flow[Session]:
        """Start a session at the orchestrator itself, with the service's token."""
        answer = yield _start("orchestrator", "/sessions/start", api_token, project_id, None)
        if _is_full(answer):
            raise NotEnoughEvidence(
                "the preview pool is full, so it cannot be told whether sessions start; try again later"
            )
        return _session(answer.expect(200, 201).json_object())

    def refuse_session(self, project_id: str) -> Flow[None]:
        """Without a token the orchestrator must refuse."""
        answer = yield Request("POST", "orchestrator", "/sessions/start", json={"projectId": project_id})
        answer.expect(401, 403)

    def end_session(self, api_token: str, session_id: str) -> Flow[None]:
        """End a session at the orchestrator; one that is gone already is fine."""
        path = f"/sessions/{quote(session_id)}"
        answer = yield Request("DELETE", "orchestrator", path, token=api_token, name="DELETE /sessions/{id}")
        answer.expect(200, 204, 404)

    def read_preview(self, token: str, session_id: str) -> Flow[Session]:
        """Read one preview session."""
        answer = yield _of_session("GET", token, session_id)
        return _session(answer.expect(200).json_object())

    def list_previews(self, token: str) -> Flow[list[Session]]:
        """Read all own preview sessions that have not ended."""
        answer = yield Request("GET", "web", "/api/preview", token=token)
        items = answer.expect(200).json_object().items("sessions")
        return [_session(Answer(item, answer)) for item in items if isinstance(item, dict)]

    def end_preview(self, token: str, session_id: str) -> Flow[None]:
        """End a preview; one that is gone already is fine."""
        answer = yield _of_session("DELETE", token, session_id)
        answer.expect(200, 204, 404)

    def stranger_sees_nothing(self, token: str, session_id: str) -> Flow[None]:
        """Another user must neither read, list nor end this session."""
        one = yield _of_session("GET", token, session_id)
        one.expect(*HIDDEN)
        listed = yield from self.list_previews(token)
        if any(session.id == session_id for session in listed):
            message = f"another user's list of previews holds the session {session_id}"
            raise UnexpectedAnswer(message, expected="own sessions only", seen=session_id, where="/api/preview")
        ended = yield _of_session("DELETE", token, session_id)
        ended.expect(*HIDDEN)

    def wait_until_ready(self, token: str, session: Session, *, within: float) -> Flow[Session]:
        """Poll until the session is active and its container answers, at most `within` seconds."""
        for _ in range(math.ceil(within / POLL_SECONDS)):
            if session.status == "error":
                raise UnexpectedAnswer(f"the preview {session.id} ended in an error", expected="active", seen="error")
            if session.status == "active" and session.url:
                health = yield _of_preview(session, "/health")
                if health.status == 200 and health.json_object().value.get("devServer") is True:
                    return session
            yield Pause(POLL_SECONDS)
            session = yield from self.read_preview(token, session.id)
        seen = f"status {session.status!r}"
        raise UnexpectedAnswer(
            f"the preview {session.id} was not ready within {within:.0f} s",
            expected="active, devServer true",
            seen=seen,
        )

    def wait_until_ended(self, token: str, session: Session, *, within: float) -> Flow[None]:
        """Poll until the session has ended and its container is gone, at most `within` seconds."""
        for _ in range(math.ceil(within / POLL_SECONDS)):
            answer = yield _of_session("GET", token, session.id)
            if answer.status == 404 or (answer.status == 200 and answer.json_object().value.get("status") == "ended"):
                return
            yield Pause(POLL_SECONDS)
        raise UnexpectedAnswer(
            f"the preview {session.id} had not ended after {within:.0f} s", expected="ended", seen="running"
        )

    def wait_until_gone(self, session: Session, *, within: float) -> Flow[None]:
        """Poll the container of an ended session until it answers no more, at most `within` seconds."""
        for _ in range(math.ceil(within / POLL_SECONDS)):
            try:
                answer = yield Request("GET", "preview", session.url, name="GET preview (ended)", expects_end=True)
            except Unreachable:
                return
            if answer.status in (404, 410, 502, 503):  # what a proxy in front of it may say
                return
            yield Pause(POLL_SECONDS)
        message = f"the container of the ended preview {session.id} still answered after {within:.0f} s"
        raise UnexpectedAnswer(message, expected="no answer", seen="an answer", where=session.url)

    def served(self, session: Session, path: str = "/") -> Flow[str]:
        """Return what the preview serves at a path."""
        answer = yield _of_preview(session, path)
        return answer.expect(200).text

    def wait_until_served(self, session: Session, text: str, *, within: float) -> Flow[None]:
        """Poll the preview until it serves this text, at most `within` seconds."""
        body = ""
        for _ in range(math.ceil(within / POLL_SECONDS)):
            body = yield from self.served(session)
            if text in body:
                return
            yield Pause(POLL_SECONDS)
        message = f"{session.url} did not serve the edited text within {within:.0f} s"
        raise UnexpectedAnswer(message, expected=text, seen=cut(body), where=session.url)

    def own(self, account: Account, token: str, operation: str, name: str) -> Flow[Belongings]:
        """Create what an operation of the contract (`GET /api/projects/{id}`) can be tried on."""
        method, _, path = operation.partition(" ")
        if operation == "POST /api/auth/login":
            return Belongings((), ({"body.email": account.email.reveal(), "body.password": account.password.reveal()},))
        if "{" not in path and path != "/api/preview/start":
            return Belongings()
        count = SPENT if operation == "DELETE /api/projects/{id}" else 1
        projects = []
        for number in range(count):
            project = yield from self.create_project(token, f"{name}-{number}")
            projects.append(project.id)
        match path:
            case "/api/preview/start":
                values = [{"body.projectId": projects[0]}]
            case "/api/preview/{sessionId}":
                values = [{"path.sessionId": (yield from self.start_preview(token, projects[0])).id}]
            case "/api/projects/{id}/files/{path}":
                files = [f"{number}.txt" for number in range(SPENT if method == "DELETE" else 1)]
                for file in files:
                    yield from self.write_file(token, projects[0], file, "of a run of Postflight")
                values = [{"path.id": projects[0], "path.path": file} for file in files]
            case _:
                values = [{"path.id": project} for project in projects]
        return Belongings(tuple(projects), tuple(values))

    def find(self, token: str, operation: str) -> Flow[Belongings]:
        """Find what an operation that reads can be tried on where nothing may be created."""
        if "{sessionId}" in operation:
            return Belongings((), tuple({"path.sessionId": one.id} for one in (yield from self.list_previews(token))))
        if "{id}" not in operation:
            return Belongings()
        own = (yield from self.list_projects(token))[:SPENT]
        file = {"path.path": "index.html"} if "{path}" in operation else {}
        return Belongings((), tuple({"path.id": project.id, **file} for project in own))

    def give_back(self, token: str, belongings: Belongings) -> Flow[None]:
        """Remove what `own` created; what is gone already is fine."""
        for project in belongings.projects:
            yield from self.delete_project(token, project)

    def client_calls(self) -> tuple[Call, ...]:
        """Return what a client of today does: what `postflight contract record` keeps for later releases."""
        return CLIENT_CALLS

    def broadcast_edit(self, key: str, project_id: str, path: str, content: str) -> Flow[None]:
        """Broadcast one edit to all who follow the project, over HTTP: `key` is the anonymous key of Supabase Realtime.

        Source: "Broadcast", "Send messages using REST calls", https://supabase.com/docs/guides/realtime/broadcast
        """
        payload: dict[str, JSON] = {"filePath": path, "content": content}
        edit: dict[str, JSON] = {"topic": f"project:{project_id}", "event": "file:update", "payload": payload}
        answer = yield Request(
            "POST",
            "realtime",
            "/api/broadcast",
            headers={"apikey": key},
            json={"messages": [{**edit, "private": False}]},
        )
        answer.expect(202)

    def previews_in_use(self) -> Flow[int]:
        """Return how many previews live now, whoever started them, as the orchestrator's metrics say (V 8.1)."""
        answer = yield Request("GET", "orchestrator", "/metrics")
        found = _ACTIVE.search(answer.expect(200).text)
        if found is None:
            raise answer.unexpected("the metric active_preview_sessions", "metrics without it")
        return int(float(found[1]))

    def use_preview(
        self, token: str, project_id: str, *, key: str, ready_within: float, edit_within: float
    ) -> Flow[None]:
        """Use a preview as a person does: start it, wait until it is ready, see one edit in it, end it.

        It is ended whatever happens, also when the flow is aborted. The edit is made over HTTP with the anonymous
        `key` of realtime.
        """
        session = yield from self.start_preview(token, project_id)
        try:
            session = yield from self.wait_until_ready(token, session, within=ready_within)
            text = f"edited {session.id}"
            page = f"<!doctype html><title>{text}</title><h1>{text}</h1>"
            yield from self.broadcast_edit(key, project_id, "index.html", page)
            yield from self.wait_until_served(session, text, within=edit_within)
        finally:
            yield from self.end_preview(token, session.id)
        yield from self.wait_until_gone(session, within=GONE_WITHIN)

    def health(self, service: str, path: str, *, region: str | None = None) -> Flow[Mapping[str, Any]]:
        """Return the health document of a service; anything but 200 is a fault that says which check failed."""
        answer = yield Request("GET", service, path, region=region)
        return answer.expect(200).json_object().value


def _credentials(email: str, password: str) -> dict[str, Any]:
    return {"email": email, "password": password}


def _of_project(method: str, token: str, project_id: str) -> Request:
    return Request(
        method, "web", f"/api/projects/{quote(project_id)}", token=token, name=f"{method} /api/projects/{{id}}"
    )


def _of_session(method: str, token: str, session_id: str) -> Request:
    path = f"/api/preview/{quote(session_id)}"
    return Request(method, "web", path, token=token, name=f"{method} /api/preview/{{id}}")


def _of_preview(session: Session, path: str) -> Request:
    return Request("GET", "preview", f"{session.url.rstrip('/')}{path}", name=f"GET preview {path}")


def _start(service: str, path: str, token: str, project_id: str, idle_seconds: int | None) -> Request:
    body: dict[str, Any] = {"projectId": project_id}
    if idle_seconds is not None:
        body["idleTimeoutSeconds"] = idle_seconds
    return Request("POST", service, path, token=token, json=body, deadline=30.0)


def _is_full(answer: Response) -> bool:
    if answer.status not in REFUSALS:
        return False
    error = answer.json_object().value.get("error")
    return isinstance(error, dict) and "pool" in str(error.get("code", ""))


def _project(answer: Answer) -> Project:
    return Project(answer.text("id"), answer.text("name"))


def _session(answer: Answer) -> Session:
    url = answer.value.get("previewUrl")
    return Session(
        answer.text("sessionId"), answer.text("projectId"), answer.text("status"), url if isinstance(url, str) else ""
    )
