"""Prometheus metrics of one service: http_requests_total and http_request_duration_seconds, and what it adds."""

import time

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LABELS = ("method", "route", "status")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class HttpMetrics:
    """The metrics of the requests to one service. `registry` takes the service's own metrics too."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("http_requests", "Requests answered.", _LABELS, registry=self.registry)
        self._duration = Histogram(
            "http_request_duration_seconds",
            "From the request to the end of its answer.",
            _LABELS,
            registry=self.registry,
        )

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        labels = (method if method in _METHODS else "other", route, str(status))
        self._requests.labels(*labels).inc()
        self._duration.labels(*labels).observe(seconds)

    def route(self) -> Route:
        """Return the route of the exposition."""

        async def expose(_request: Request) -> Response:
            return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

        return Route("/metrics", expose)


class MetricsMiddleware:
    """Records every HTTP answer of the app inside, by the pattern of its route: paths themselves have no bound."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and record it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            self._metrics.record(scope["method"], route, status, time.perf_counter() - started)
