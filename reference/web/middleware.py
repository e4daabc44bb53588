"""What all answers of the web service have in common: version, security headers, geography, and planted trouble."""

import asyncio
import itertools
import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference.answers import error_answer
from reference.faults import ERROR_RATE, ERROR_RATE_TENTH, GEO_IGNORED, GEO_UNTOLD, OUTAGE, SLOW_RESPONSES
from reference.header_faults import Answer, make_nonce, spoil
from reference.headers import encoded, security_headers
from reference.services import Services

_SLOW = 3.0  # seconds
_ONE_IN = 3  # answers of the API
_ONE_IN_ALL = 10
_NOT_PAGES = ("/api/", "/static/", "/metrics", "/openapi.json", "/favicon.ico")


def _is_page(path: str) -> bool:
    return not path.startswith(_NOT_PAGES)


class HeadersMiddleware:
    """Adds the headers of the chosen tier to every answer, and gives each request a nonce of its own."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._answers = itertools.count()
        self._previews = ("https://localhost:*" if services.settings.tls else "http://127.0.0.1:*",)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings, path = self._services.settings, scope["path"]
        nonce = make_nonce(path, secrets.token_bytes(16), settings.faults)
        scope.setdefault("state", {})["nonce"] = nonce

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-velocity-version"] = settings.release
                if path.startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                for header in self._security(nonce, headers.get("content-type", "")):
                    headers.append(*header)
                answer = Answer(
                    path,
                    message["status"],
                    page=headers.get("content-type", "").startswith("text/html"),
                    origin=Headers(scope=scope).get("origin", ""),
                    web=self._services.addresses.web,
                    number=next(self._answers),
                )
                message["headers"] = encoded(spoil(headers.items(), answer, settings.faults))
            await send(message)

        await self._app(scope, receive, add)

    def _security(self, nonce: str, content_type: str) -> list[tuple[str, str]]:
        settings, addresses = self._services.settings, self._services.addresses
        return security_headers(
            settings.tier,
            nonce=nonce,
            tls=settings.tls,
            content_type=content_type,
            orchestrator=addresses.orchestrator,
            realtime=addresses.realtime,
            preview_sources=self._previews,
            report_url=f"{addresses.web}/api/csp-report",
        )


class GeoMiddleware:
    """Tells pages where their visitor is, as Vercel's edge says, and sends visitors from China to their own page."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._faults = services.settings.faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        country = _code(asked.get("x-vercel-ip-country"), "US")
        region = _code(asked.get("x-vercel-ip-country-region"), "CA")
        scope.setdefault("state", {})["country"] = country
        if not _is_page(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start" and GEO_UNTOLD not in self._faults:
                headers = MutableHeaders(scope=message)
                headers["x-user-country"] = country
                headers["x-user-region"] = region
                headers.add_vary_header("x-vercel-ip-country")
            await send(message)

        leads_away = country == "CN" and scope["path"] != "/cn" and GEO_IGNORED not in self._faults
        app: ASGIApp = RedirectResponse("/cn", 307) if leads_away else self._app
        await app(scope, receive, add)


def _code(text: str | None, default: str) -> str:
    return text.upper() if text and re.fullmatch(r"[A-Za-z0-9]{1,3}", text) else default


class TroubleMiddleware:
    """Plants errors and delays at a rate: every third answer of the API, every tenth or each of all but `/metrics`.

    Counted, not drawn, so that a test can rely on them.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._faults = services.settings.faults
        self._answers = itertools.count(1)  # of the API
        self._all = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and scope["path"].startswith("/api/") and next(self._answers) % _ONE_IN == 0:
            if SLOW_RESPONSES in self._faults:
                await asyncio.sleep(_SLOW)
            if ERROR_RATE in self._faults:
                app = error_answer(500, "internal_error", "planted: error-rate")
        if scope["type"] == "http" and scope["path"] != "/metrics":
            if ERROR_RATE_TENTH in self._faults and next(self._all) % _ONE_IN_ALL == 0:
                app = error_answer(500, "internal_error", "planted: error-rate-tenth")
            if OUTAGE in self._faults:
                app = error_answer(500, "internal_error", "planted: outage")
        await app(scope, receive, send)
