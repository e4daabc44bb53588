"""What the platform tells of itself, and what browsers tell it: health, flags, the API's document, reports, errors."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import httpx
import psycopg
from psycopg.types.json import Jsonb
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference import openapi
from reference.answers import ApiError, Body, Text, read_body, read_json, timestamp
from reference.database import Connection
from reference.faults import DEGRADED_HEALTH
from reference.services import services_of
from reference.settings import ENVIRONMENT
from reference.web.previews import orchestrator_of

_HEALTH_DEADLINE = 3.0  # seconds
_REPORT_TYPES = {"application/csp-report": dict, "application/reports+json": list}  # media type -> what it holds
_MAX_REPORTS = 20  # of one request
_FLAGS = {"NEW_EDITOR": True, "BATCH_PROCESSING": False, "TEAM_FEATURES": False, "DEBUG_MODE": False}


class ErrorReport(Body):
    """An error that a browser has seen: a row of the error table (P 3.1)."""

    severity: Literal["debug", "info", "warning", "error", "critical"]
    code: Text = Field(min_length=1, max_length=100)
    message: Text = Field(max_length=10_000)
    stack: Text = Field("", max_length=50_000)
    context: dict[str, Any] = Field(default_factory=dict)


async def _health(request: Request) -> Response:
    services = services_of(request)
    healthy = {
        "database": await services.database.is_healthy() and DEGRADED_HEALTH not in services.settings.faults,
        "orchestrator": await _orchestrator_is_healthy(request),
    }
    body = {
        "status": "healthy" if all(healthy.values()) else "degraded",
        "timestamp": timestamp(datetime.now(UTC)),
        "version": services.settings.release,
        "checks": {name: "healthy" if good else "unhealthy" for name, good in healthy.items()},
    }
    return JSONResponse(body, 200 if all(healthy.values()) else 503)


async def _orchestrator_is_healthy(request: Request) -> bool:
    try:
        answer = await orchestrator_of(request).get("/health", timeout=_HEALTH_DEADLINE)
    except httpx.HTTPError:
        return False
    return answer.is_success


async def _flags(_request: Request) -> Response:
    return JSONResponse({"flags": _FLAGS, "environment": ENVIRONMENT})


async def _openapi(request: Request) -> Response:
    services = services_of(request)
    return JSONResponse(openapi.document(services.addresses.web, services.settings.release))


async def _csp_report(request: Request) -> Response:
    """Store violation reports, of the old kind (one object) and of the Reporting API (a list)."""
    kind = _REPORT_TYPES.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if kind is None:
        raise ApiError(415, "unsupported_media_type", f"send {' or '.join(_REPORT_TYPES)}")
    body = await read_body(request)
    try:
        received = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiError(400, "invalid_request", "the body is not JSON") from None
    reports = received if isinstance(received, list) else [received]
    if not isinstance(received, kind) or not all(isinstance(report, dict) for report in reports):
        raise ApiError(422, "invalid_request", "expected one report, or a list of reports for application/reports+json")
    async with _strangers_connection(request) as connection:
        for report in reports[:_MAX_REPORTS]:
            await connection.execute("insert into csp_reports (report) values (%s)", [Jsonb(report)])
    return Response(status_code=204)


async def _error(request: Request) -> Response:
    error = await read_json(request, ErrorReport)
    async with _strangers_connection(request) as connection:
        await connection.execute(
            """
            insert into error_log (environment, severity, code, message, stack, context)
            values (%s, %s, %s, %s, %s, %s)
            """,
            [ENVIRONMENT, error.severity, error.code, error.message, error.stack, Jsonb(error.context)],
        )
    return JSONResponse({"status": "accepted"}, 202)


@asynccontextmanager
async def _strangers_connection(request: Request) -> AsyncIterator[Connection]:
    r"""Open a transaction for what strangers send. JSON that PostgreSQL cannot hold (\u0000, NaN) is their mistake."""
    try:
        async with services_of(request).database.anybody() as connection:
            yield connection
    except psycopg.DataError:
        raise ApiError(422, "invalid_request", "the body holds values that cannot be stored") from None


ROUTES = [
    Route("/api/health", _health, methods=["GET"]),
    Route("/api/flags", _flags, methods=["GET"]),
    Route("/openapi.json", _openapi, methods=["GET"]),
    Route("/api/csp-report", _csp_report, methods=["POST"]),
    Route("/api/errors", _error, methods=["POST"]),
]
