"""The web service, put together."""

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from reference.access_faults import AccessFaultsMiddleware
from reference.answers import ERROR_HANDLERS, CrashMiddleware, answer_http_error
from reference.api_faults import ApiFaultsMiddleware
from reference.contract_faults.middleware import ContractFaultsMiddleware
from reference.load_faults import LoadFaultsMiddleware
from reference.machine import Machine
from reference.metrics import HttpMetrics, MetricsMiddleware
from reference.page_faults import PageFaultsMiddleware
from reference.services import Services
from reference.visual_faults import VisualFaultsMiddleware
from reference.vitals_faults import VitalsFaultsMiddleware
from reference.web import files, operations, pages, previews, projects, session
from reference.web.attempts import FailedAttempts
from reference.web.compression import CompressionMiddleware
from reference.web.middleware import GeoMiddleware, HeadersMiddleware, TroubleMiddleware
from reference.weight_faults import WeightFaultsMiddleware


def create_web(services: Services, orchestrator: httpx.AsyncClient) -> ASGIApp:
    """Return the app, which asks for previews with the client given.

    The middleware is around it, not in it, so that answers to crashes have their headers too.
    """
    metrics = HttpMetrics()
    metrics.registry.register(Machine(services.settings.faults))

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
        middleware=[Middleware(CrashMiddleware)],
        exception_handlers={**ERROR_HANDLERS, HTTPException: _answer_http_error},
    )
    app.state.services = services
    app.state.attempts = FailedAttempts()
    app.state.orchestrator = orchestrator
    inner = TroubleMiddleware(GeoMiddleware(VitalsFaultsMiddleware(app, services), services), services)
    answers: ASGIApp = ContractFaultsMiddleware(HeadersMiddleware(inner, services), services.settings.faults)
    for spoil in (PageFaultsMiddleware, VisualFaultsMiddleware, WeightFaultsMiddleware, AccessFaultsMiddleware):
        answers = spoil(answers, services)
    answers = CompressionMiddleware(answers)
    for delay in (ApiFaultsMiddleware, LoadFaultsMiddleware):  # when and whether it comes
        answers = delay(answers, services)
    return MetricsMiddleware(answers, metrics)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    """People who miss a page get one; programs get JSON."""
    assert isinstance(error, HTTPException)
    if error.status_code != 404:
        return answer_http_error(request, error)
    wants_page = "text/html" in request.headers.get("accept", "")
    answer = pages.render(request, "not_found.html", 404) if wants_page else answer_http_error(request, error)
    answer.headers.add_vary_header("Accept")
    return answer
