"""Velocity's routes: one for each kind of answer, and every operation that needs somebody's token."""

from collections.abc import Iterator
from dataclasses import dataclass

from postflight.flow import JSON, Request

from ..surface import LIKE_A_BROWSER, WEB

ORCHESTRATOR = "orchestrator"
NOBODYS = "00000000-0000-4000-8000-000000000000"  # an id that nobody owns: what a broken gate lets through does no harm


def surface(run_id: str) -> Iterator[Request]:
    """Yield requests without effect whose answers together are the matrix: pages, redirects, refusals, API, files."""
    for path in ("/login", "/cn", "/projects"):  # the last one redirects strangers
        yield Request("GET", WEB, path, headers=LIKE_A_BROWSER)
    yield Request("GET", WEB, "", headers={**LIKE_A_BROWSER, "x-vercel-ip-country": "CN"})
    for path in ("/api/flags", "/api/projects", f"/api/postflight-{run_id}", "/openapi.json", "/favicon.ico"):
        yield Request("GET", WEB, path)
    yield Request("GET", WEB, f"/static/postflight-{run_id}.js")
    yield Request("PUT", WEB, "/api/health")
    yield Request("OPTIONS", WEB, "/api/projects")
    yield Request("POST", WEB, "/api/auth/login", json={})
    yield Request("POST", WEB, "/api/csp-report", json={})  # of a type that the endpoint refuses, so nothing is stored
    yield Request("GET", ORCHESTRATOR, f"/postflight-{run_id}")
    yield Request("PUT", ORCHESTRATOR, "/health")
    yield Request("POST", ORCHESTRATOR, "/sessions/start", json={})


@dataclass(frozen=True, slots=True)
class Protected:
    """An operation that needs a token. Its body would be refused and its ids are nobody's, should the gate be open."""

    method: str
    service: str
    path: str
    json: JSON = None

    def request(self, token: str | None, region: str | None = None) -> Request:
        """Return the request with a token, or without."""
        return Request(self.method, self.service, self.path, self.json, token=token, region=region)


_PROJECT = f"/api/projects/{NOBODYS}"
OF_USERS = (
    Protected("GET", WEB, "/api/projects"),
    Protected("POST", WEB, "/api/projects", {}),
    Protected("GET", WEB, _PROJECT),
    Protected("PATCH", WEB, _PROJECT, {}),
    Protected("DELETE", WEB, _PROJECT),
    Protected("GET", WEB, f"{_PROJECT}/files"),
    Protected("GET", WEB, f"{_PROJECT}/files/index.html"),
    Protected("PUT", WEB, f"{_PROJECT}/files/index.html", {}),
    Protected("DELETE", WEB, f"{_PROJECT}/files/index.html"),
    Protected("POST", WEB, "/api/preview/start", {"projectId": NOBODYS}),
    Protected("GET", WEB, "/api/preview"),
    Protected("GET", WEB, f"/api/preview/{NOBODYS}"),
    Protected("DELETE", WEB, f"/api/preview/{NOBODYS}"),
)
OF_SERVICES = (
    Protected("POST", ORCHESTRATOR, "/sessions/start", {"projectId": NOBODYS}),
    Protected("GET", ORCHESTRATOR, f"/sessions/{NOBODYS}"),
    Protected("DELETE", ORCHESTRATOR, f"/sessions/{NOBODYS}"),
)
