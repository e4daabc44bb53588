"""The orchestrator's HTTP API, as one region's listener serves it."""

import os
import sys
import time
from datetime import UTC, datetime
from uuid import UUID

from psycopg.rows import DictRow
from pydantic import Field
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference.answers import (
    ERROR_HANDLERS,
    ApiError,
    Body,
    CrashMiddleware,
    bearer_token,
    not_found,
    read_json,
    timestamp,
    unauthorized,
)
from reference.api_faults import ApiFaultsMiddleware
from reference.auth import equal
from reference.faults import ORCHESTRATOR_OPEN, POOL_OVERRUN_500, REGION_DOWN, REGION_HEALTH_SHAPE, VERSION_SKEW
from reference.header_faults import Answer, spoil
from reference.headers import api_headers, encoded
from reference.metrics import HttpMetrics, MetricsMiddleware
from reference.orchestrator.pool import Pool, PoolExhausted, UnknownProject
from reference.services import Services, services_of
from reference.settings import IDLE_TIMEOUT, RELEASE

_STARTED = time.monotonic()
_RETRY_AFTER = "5"  # seconds


class StartSession(Body):
    """What to preview, and after how many idle seconds it ends."""

    project_id: str
    idle_timeout_seconds: int = Field(IDLE_TIMEOUT, ge=1, le=IDLE_TIMEOUT)


def session_json(row: DictRow) -> dict[str, object]:
    """Write a row of preview_sessions as both APIs answer it."""
    return {
        "sessionId": str(row["id"]),
        "projectId": str(row["project_id"]),
        "status": row["status"],
        "previewUrl": row["preview_url"],
        "region": row["region"],
        "createdAt": timestamp(row["created_at"]),
        "expiresAt": timestamp(row["expires_at"]),
    }


async def _health(request: Request) -> Response:
    services, region = services_of(request), request.app.state.region
    healthy = {
        "database": await services.database.is_healthy(),
        "fly_api": os.access(sys.executable, os.X_OK),  # our machines are processes of this interpreter
        "container_registry": not (REGION_DOWN in services.settings.faults and region == "sfo"),
    }
    body = {
        "status": "healthy" if all(healthy.values()) else "degraded",
        "timestamp": timestamp(datetime.now(UTC)),
        "uptime": round(time.monotonic() - _STARTED, 3),
        "version": request.app.state.release,
        "region": region,
        "checks": {name: "healthy" if good else "unhealthy" for name, good in healthy.items()},
    }
    if REGION_HEALTH_SHAPE in services.settings.faults:
        del body["checks"]
    return JSONResponse(body, 200 if all(healthy.values()) else 503)


def _authorize(request: Request) -> None:
    services = services_of(request)
    if ORCHESTRATOR_OPEN not in services.settings.faults and not equal(bearer_token(request) or "", services.api_token):
        raise unauthorized()


async def _start(request: Request) -> Response:
    _authorize(request)
    asked = await read_json(request, StartSession)
    pool: Pool = request.app.state.pool
    try:
        row = await pool.start(UUID(asked.project_id), asked.idle_timeout_seconds, request.app.state.region)
    except (UnknownProject, ValueError):
        raise not_found("project") from None
    except PoolExhausted:
        services = services_of(request)
        if POOL_OVERRUN_500 in services.settings.faults:
            raise ApiError(500, "internal_error", "planted: pool-overrun-500") from None
        message = f"all {services.settings.pool} previews are in use; end one, or try again later"
        raise ApiError(429, "pool_exhausted", message, {"Retry-After": _RETRY_AFTER}) from None
    return JSONResponse(session_json(row), 201, {"Location": f"/sessions/{row['id']}"})


async def _read(request: Request) -> Response:
    _authorize(request)
    row = await request.app.state.pool.find(request.path_params["id"])
    if row is None:
        raise not_found("session")
    return JSONResponse(session_json(row))


async def _end(request: Request) -> Response:
    _authorize(request)
    pool: Pool = request.app.state.pool
    if await pool.find(request.path_params["id"]) is None:
        raise not_found("session")
    await pool.end(request.path_params["id"])
    return Response(status_code=204)


class _RegionHeader:
    """Says in each answer which region gave it, and in which version; and the headers that an API has."""

    def __init__(self, app: ASGIApp, region: str, release: str, services: Services) -> None:
        self._app = app
        self._region = region
        self._release = release
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-region"] = self._region
                headers["x-velocity-version"] = self._release
                headers["Cache-Control"] = "no-store"
                settings = self._services.settings
                for header in api_headers(settings.tier, tls=settings.tls):
                    headers.append(*header)
                origin = Headers(scope=scope).get("origin", "")
                answer = Answer(scope["path"], message["status"], page=False, region=self._region, origin=origin)
                message["headers"] = encoded(spoil(headers.items(), answer, settings.faults))
            await send(message)

        await self._app(scope, receive, mark)


def create_orchestrator(services: Services, region: str, pool: Pool, metrics: HttpMetrics) -> ASGIApp:
    """Return the app of one region. The regions share a pool and its metrics."""
    app = Starlette(
        routes=[
            Route("/health", _health),
            Route("/sessions/start", _start, methods=["POST"]),
            Route("/sessions/{id:uuid}", _read, methods=["GET"]),
            Route("/sessions/{id:uuid}", _end, methods=["DELETE"]),
            metrics.route(),
        ],
        middleware=[Middleware(CrashMiddleware)],
        exception_handlers=ERROR_HANDLERS,
    )
    skewed = VERSION_SKEW in services.settings.faults and region == "lhr"
    app.state.services = services
    app.state.region = region
    app.state.pool = pool
    app.state.release = "1.4.1" if skewed else RELEASE
    timed = ApiFaultsMiddleware(app, services, region)
    return MetricsMiddleware(_RegionHeader(timed, region, app.state.release, services), metrics)
