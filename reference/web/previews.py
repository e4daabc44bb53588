"""Previews of the user who asks. What is theirs the database decides; the work is the orchestrator's, over HTTP."""

from typing import cast
from uuid import UUID

import httpx
from psycopg.rows import DictRow
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.answers import ApiError, Body, not_found, read_json
from reference.database import fetch_all, fetch_one
from reference.faults import (
    OPEN_API,
    PREVIEW_ENDED_BY_OTHERS,
    PREVIEW_OF_ANY_PROJECT,
    PREVIEW_READ_BY_OTHERS,
    PREVIEWS_LISTED_TO_OTHERS,
    Fault,
)
from reference.orchestrator.app import session_json
from reference.services import Services, services_of
from reference.settings import IDLE_TIMEOUT
from reference.web.session import User, find_user, require_user, rows_of

_DEADLINE = 15.0  # seconds, for an answer of the orchestrator; ending a preview may take ten
_MAX_LISTED = 100


class StartPreview(Body):
    """What to preview, and after how many idle seconds it ends."""

    project_id: str
    idle_timeout_seconds: int = Field(IDLE_TIMEOUT, ge=1, le=IDLE_TIMEOUT)


def make_orchestrator_client(services: Services) -> httpx.AsyncClient:
    """Return the client that the web service speaks to the orchestrator with; it verifies certificates."""
    return httpx.AsyncClient(
        base_url=services.addresses.orchestrator,
        headers={"Authorization": f"Bearer {services.api_token}"},
        timeout=_DEADLINE,
        verify=services.certificates.client_context() if services.certificates else True,
        trust_env=False,  # it is next door: no proxy is on the way
    )


def orchestrator_of(request: Request) -> httpx.AsyncClient:
    """Return that client."""
    return cast("httpx.AsyncClient", request.app.state.orchestrator)


async def end_previews(request: Request, user: User, project_id: UUID) -> None:
    """End the live previews of one of the user's projects."""
    async with services_of(request).database.user(user.id) as connection:
        rows = await fetch_all(
            connection,
            "select id from preview_sessions where project_id = %s and status in ('creating', 'active')",
            [project_id],
        )
    for row in rows:
        await _ask(request, "DELETE", f"/sessions/{row['id']}")


async def _start(request: Request) -> Response:
    user = require_user(request)
    asked = await read_json(request, StartPreview)
    try:
        project_id = UUID(asked.project_id)
    except ValueError:
        raise not_found("project") from None
    async with rows_of(request, user, PREVIEW_OF_ANY_PROJECT) as connection:
        if await fetch_one(connection, "select from projects where id = %s", [project_id]) is None:
            raise not_found("project")
    answer = await _ask(
        request,
        "POST",
        "/sessions/start",
        {"projectId": str(project_id), "idleTimeoutSeconds": asked.idle_timeout_seconds},
    )
    return JSONResponse(answer.json())


async def _list(request: Request) -> Response:
    if OPEN_API in services_of(request).settings.faults and find_user(request) is None:
        return JSONResponse({"sessions": []})
    user = require_user(request)
    async with rows_of(request, user, PREVIEWS_LISTED_TO_OTHERS) as connection:
        rows = await fetch_all(
            connection,
            "select * from preview_sessions where status in ('creating', 'active') order by created_at desc limit %s",
            [_MAX_LISTED],
        )
    return JSONResponse({"sessions": [session_json(row) for row in rows]})


async def _read(request: Request) -> Response:
    return JSONResponse(session_json(await _find(request, require_user(request), PREVIEW_READ_BY_OTHERS)))


async def _end(request: Request) -> Response:
    row = await _find(request, require_user(request), PREVIEW_ENDED_BY_OTHERS)
    await _ask(request, "DELETE", f"/sessions/{row['id']}")
    return Response(status_code=204)


async def _find(request: Request, user: User, shown_to_all: Fault) -> DictRow:
    async with rows_of(request, user, shown_to_all) as connection:
        row = await fetch_one(connection, "select * from preview_sessions where id = %s", [request.path_params["id"]])
    if row is None:
        raise not_found("session")
    return row


async def _ask(request: Request, method: str, path: str, body: object = None) -> httpx.Response:
    """Ask the orchestrator. Its refusals become ours; what we cannot explain is a 502."""
    try:
        answer = await orchestrator_of(request).request(method, path, json=body)
    except httpx.HTTPError as error:
        raise ApiError(502, "orchestrator_unreachable", "previews cannot be reached at the moment") from error
    if answer.is_success:
        return answer
    if answer.status_code not in (404, 429, 500):
        raise ApiError(502, "orchestrator_error", "previews do not work at the moment")
    problem = answer.json()["error"]
    headers = {"Retry-After": answer.headers["Retry-After"]} if "Retry-After" in answer.headers else None
    raise ApiError(answer.status_code, problem["code"], problem["message"], headers)


ROUTES = [
    Route("/api/preview/start", _start, methods=["POST"]),
    Route("/api/preview", _list, methods=["GET"]),
    Route("/api/preview/{id:uuid}", _read, methods=["GET"]),
    Route("/api/preview/{id:uuid}", _end, methods=["DELETE"]),
]
