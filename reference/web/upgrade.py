"""What answers plain HTTP where the platform has TLS: the way to HTTPS, and nothing else."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reference.faults import HSTS_OVER_HTTP, HTTP_NOT_UPGRADED
from reference.services import Services


def create_upgrade(services: Services) -> ASGIApp:
    """Return the app."""
    faults = services.settings.faults

    async def upgrade(scope: Scope, receive: Receive, send: Send) -> None:
        answer: Response
        if HTTP_NOT_UPGRADED in faults:
            answer = PlainTextResponse("Velocity")
        else:
            answer = RedirectResponse(f"{services.addresses.web}{Request(scope).url.path}", 308)
        if HSTS_OVER_HTTP in faults:
            answer.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        await answer(scope, receive, send)

    return upgrade
