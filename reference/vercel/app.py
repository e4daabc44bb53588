"""The HTTP side of the control plane: routes, the token, and the JSON of Vercel's REST API."""

from hmac import compare_digest
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reference.answers import answer_http_error
from reference.vercel.project import NAME, AliasRequest, Json, Kind, Project, Staged, host_of

_MOST_LISTED = 100
_DEFAULT_LISTED = 20
_FILTERS = {"projectId", "app", "target", "state", "rollbackCandidate", "limit", "since", "until", "teamId", "slug"}


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
        asked.get("projectId", project.id) in (project.id, NAME)
        and asked.get("app", NAME) == NAME
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
            "name": NAME,
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


def _accept(request: Request, kind: Kind) -> Response:
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
        "name": NAME,
        "url": host_of(release),
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
    return request.path_params["project"] in (project.id, NAME)


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
