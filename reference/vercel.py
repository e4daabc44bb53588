"""The control plane of blue-green, in the wire format of Vercel's REST API, which it stands for: a paid service.

What is here is what promoting and rolling back need. Fields are those of the published API, a part of them; so are
statuses. Formats: https://vercel.com/docs/rest-api (list-deployments, find-a-project-by-id-or-name,
point-production-traffic-to-a-given-deployment) and what Vercel's own command line sends and reads
(github.com/vercel/vercel, packages/cli/src/commands/{promote,rollback}). The codes of the 409 and 422 errors are not
published: those here are ours.
"""

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Literal
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reference.answers import answer_http_error
from reference.releases import Release, Switch

PROJECT = "velocity"
_BEGINS_AFTER = 0.1  # seconds from accepting a request to the switch: Vercel, too, answers first and works then
_MOST_LISTED = 100
_DEFAULT_LISTED = 20
_FILTERS = {"projectId", "app", "target", "state", "rollbackCandidate", "limit", "since", "until", "teamId", "slug"}

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Staged:
    """A release as the control plane knows it. Times in milliseconds since 1970."""

    release: Release
    created: int


@dataclass(slots=True)
class AliasRequest:
    """The last promotion or rollback: `lastAliasRequest` of a project."""

    type: Literal["promote", "rollback"]
    source: str
    target: str
    requested: int
    status: Literal["pending", "in-progress", "succeeded", "failed"] = "pending"

    def json(self) -> Json:
        """Return it as Vercel does."""
        return {
            "type": self.type,
            "fromDeploymentId": self.source,
            "toDeploymentId": self.target,
            "requestedAt": self.requested,
            "jobStatus": self.status,
        }


@dataclass(slots=True)
class Project:
    """The one project that there is."""

    switch: Switch
    deployments: tuple[Staged, ...]  # newest first
    public_url: str
    id: str = field(default_factory=lambda: f"prj_{secrets.token_urlsafe(21)}")
    account: str = field(default_factory=lambda: f"team_{secrets.token_urlsafe(18)}")
    assigns_domains: bool = True  # whether the next production build goes live by itself; a rollback turns it off
    last: AliasRequest | None = None
    last_rollback: AliasRequest | None = None
    live: Release = field(init=False)  # as far as the control plane knows
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin with the release that is live."""
        self.live = self.switch.live

    @property
    def is_busy(self) -> bool:
        """Whether a promotion or rollback is under way."""
        return self.last is not None and self.last.status in ("pending", "in-progress")

    def find(self, identity: str) -> Staged | None:
        """Return the deployment with this id or host."""
        return next((each for each in self.deployments if identity in (each.release.id, _host(each.release))), None)

    def has_served(self, release: Release) -> bool:
        """Whether production traffic has ever gone to it: only such a one can be rolled back to."""
        return release in self.switch.served

    def request(self, kind: Literal["promote", "rollback"], release: Release) -> None:
        """Accept: the switch is made afterwards."""
        self.last = AliasRequest(kind, self.live.id, release.id, _now())
        if kind == "rollback":
            self.last_rollback = self.last
        self.assigns_domains = kind == "promote"
        task = asyncio.create_task(self._switch(self.last, release))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _switch(self, request: AliasRequest, release: Release) -> None:
        await asyncio.sleep(_BEGINS_AFTER)
        request.status = "in-progress"
        try:
            await self.switch.to(release)
        except OSError:  # the port of the public address was taken while connections were refused
            request.status = "failed"
            raise
        self.live = release
        request.status = "succeeded"


def create_vercel(project: Project, token: str) -> ASGIApp:
    """Return the app of the control plane, which this bearer token opens."""
    app = Starlette(
        routes=[
            Route("/v6/deployments", _list, methods=["GET"]),
            Route("/v13/deployments/{identity}", _deployment, methods=["GET"]),
            Route("/v9/projects/{project}", _project, methods=["GET"]),
            Route("/v1/projects/{project}/rollback/{deployment}", _rollback, methods=["POST"]),  # as documented
            Route("/v9/projects/{project}/rollback/{deployment}", _rollback, methods=["POST"]),  # as `vercel rollback`
            Route("/v10/projects/{project}/promote/{deployment}", _promote, methods=["POST"]),
        ],
        exception_handlers={HTTPException: answer_http_error},
    )
    app.state.project = project
    return _RequireToken(app, token, project.account)


class _RequireToken:
    """Lets in who has the token, on behalf of the one team that there is or of nobody."""

    def __init__(self, app: ASGIApp, token: str, team: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()
        self._team = team

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization")
            if given is None:
                app = _refuse(403, "forbidden", "The request is missing an authentication token", missingToken=True)
            elif not compare_digest(given, self._expected):
                app = _refuse(403, "forbidden", "Not authorized", invalidToken=True)
            elif QueryParams(scope["query_string"]).get("teamId", self._team) != self._team:
                app = _refuse(403, "forbidden", "Not authorized")
        await app(scope, receive, send)


async def _list(request: Request) -> Response:
    project, asked = _project_of(request), request.query_params
    if unknown := set(asked) - _FILTERS:
        return _refuse(400, "bad_request", f"Invalid request: should NOT have additional property `{min(unknown)}`.")
    if not all(asked.get(name, "0").isdecimal() for name in ("limit", "since", "until")):
        return _refuse(400, "bad_request", "Invalid request: `limit`, `since` and `until` should be numbers.")
    found = [each for each in project.deployments if _is_asked_for(project, each, asked)]
    page = found[: min(int(asked.get("limit", _DEFAULT_LISTED)), _MOST_LISTED)]
    more = len(page) < len(found)
    pagination = {
        "count": len(page),
        "next": page[-1].created if page and more else None,
        "prev": page[0].created if page else None,
    }
    return JSONResponse({"deployments": [_listed(project, each) for each in page], "pagination": pagination})


def _is_asked_for(project: Project, staged: Staged, asked: QueryParams) -> bool:
    candidate = "true" if _is_candidate(project, staged) else "false"
    return (
        asked.get("projectId", project.id) in (project.id, PROJECT)
        and asked.get("app", PROJECT) == PROJECT
        and asked.get("target", "production") == "production"
        and "READY" in asked.get("state", "READY").split(",")
        and asked.get("rollbackCandidate", candidate) == candidate
        and int(asked.get("since", -1)) < staged.created < int(asked.get("until", staged.created + 1))
    )


async def _deployment(request: Request) -> Response:
    project = _project_of(request)
    found = project.find(request.path_params["identity"])
    if found is None:
        return _no_deployment(request.path_params["identity"])
    return JSONResponse(_common(project, found) | {"id": found.release.id, "alias": _aliases(project, found)})


async def _project(request: Request) -> Response:
    project = _project_of(request)
    if not _is_it(request, project):
        return _no_project()
    live = next(each for each in project.deployments if each.release == project.live)
    return JSONResponse(
        {
            "id": project.id,
            "name": PROJECT,
            "accountId": project.account,
            "framework": "nextjs",
            "autoAssignCustomDomains": project.assigns_domains,
            "latestDeployments": [_common(project, each) | {"id": each.release.id} for each in project.deployments],
            "targets": {
                "production": _common(project, live) | {"id": live.release.id, "alias": _aliases(project, live)},
            },
            "lastAliasRequest": project.last.json() if project.last else None,
            "lastRollbackTarget": _without_type(project.last_rollback) if project.last_rollback else None,
        }
    )


async def _promote(request: Request) -> Response:
    return _accept(request, "promote")


async def _rollback(request: Request) -> Response:
    return _accept(request, "rollback")


def _accept(request: Request, kind: Literal["promote", "rollback"]) -> Response:
    project, identity = _project_of(request), request.path_params["deployment"]
    if not _is_it(request, project):
        return _no_project()
    found = project.find(identity)
    if found is None:
        return _no_deployment(identity)
    if found.release == project.live:
        return _refuse(409, "conflict", "The deployment is already the current production deployment")
    if project.is_busy:
        return _refuse(409, "conflict", "Another promotion or rollback is in progress")
    if kind == "rollback" and not project.has_served(found.release):
        return _refuse(
            422, "unprocessable_entity", "The deployment never served production: it cannot be rolled back to"
        )
    project.request(kind, found.release)
    return Response(status_code=201)


def _listed(project: Project, staged: Staged) -> Json:
    return _common(project, staged) | {
        "uid": staged.release.id,
        "created": staged.created,
        "state": "READY",
        "projectId": project.id,
        "isRollbackCandidate": _is_candidate(project, staged),
    }


def _common(project: Project, staged: Staged) -> Json:
    release = staged.release
    return {
        "name": PROJECT,
        "url": _host(release),
        "createdAt": staged.created,
        "buildingAt": staged.created,
        "ready": staged.created,
        "source": "git",
        "type": "LAMBDAS",
        "creator": {"uid": "reference", "username": "reference"},
        "meta": {
            "githubCommitRef": "main",
            "githubCommitMessage": f"Release {release.version}",
            "release": release.version,  # as `vercel deploy --meta release=1.4.2` puts it there
        },
        "target": "production",
        "readyState": "READY",
        "readySubstate": "PROMOTED" if project.has_served(release) else "STAGED",
        "aliasError": None,
        "aliasAssigned": release == project.live,
    }


def _is_candidate(project: Project, staged: Staged) -> bool:
    return project.has_served(staged.release)


def _aliases(project: Project, staged: Staged) -> list[str]:
    return [urlsplit(project.public_url).netloc] if staged.release == project.live else []


def _without_type(request: AliasRequest) -> Json:
    return {name: value for name, value in request.json().items() if name != "type"}


def _is_it(request: Request, project: Project) -> bool:
    return request.path_params["project"] in (project.id, PROJECT)


def _project_of(request: Request) -> Project:
    project = request.app.state.project
    assert isinstance(project, Project)
    return project


def _no_project() -> Response:
    return _refuse(404, "not_found", "Project not found.")


def _no_deployment(identity: str) -> Response:
    return _refuse(404, "not_found", "Deployment not found", id=identity)


def _refuse(status: int, code: str, message: str, **more: object) -> Response:
    return JSONResponse({"error": {"code": code, "message": message, **more}}, status)


def _host(release: Release) -> str:
    return urlsplit(release.url).netloc


def _now() -> int:
    return round(time.time() * 1000)
