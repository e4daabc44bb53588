"""The web service, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, ExceptionHandler

from reference.answers import ERROR_HANDLERS
from reference.metrics import HttpMetrics, MetricsMiddleware
from reference.services import Services
from reference.web import files, operations, pages, previews, projects, session
from reference.web.middleware import GeoMiddleware, HeadersMiddleware, TroubleMiddleware


def create_web(services: Services) -> ASGIApp:
    """Return the app. The middleware is around it, not in it, so that answers to crashes have their headers too."""
    metrics = HttpMetrics()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with previews.make_orchestrator_client(services) as client:
            app.state.orchestrator = client
            yield

    app = Starlette(
        routes=[
            *pages.ROUTES,
            *session.ROUTES,
            *projects.ROUTES,
            *files.ROUTES,
            *previews.ROUTES,
            *operations.ROUTES,
            metrics.route(),
        ],
        exception_handlers={**ERROR_HANDLERS, HTTPException: _answer_http_error},
        lifespan=lifespan,
    )
    app.state.services = services
    inner = TroubleMiddleware(GeoMiddleware(app), services)
    return MetricsMiddleware(HeadersMiddleware(inner, services), metrics)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    """People who miss a page get one; programs get JSON."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and "text/html" in request.headers.get("accept", ""):
        return pages.render(request, "not_found.html", 404)
    handler: ExceptionHandler = ERROR_HANDLERS[HTTPException]
    answer = handler(request, error)  # type: ignore[arg-type,call-arg]  the table knows three kinds of handlers
    assert isinstance(answer, Response)
    return answer
