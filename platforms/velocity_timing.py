"""Velocity's requests whose latency is measured: safe ones, of everyday use."""

from urllib.parse import quote

from postflight.flow import Request


def timed_requests(token: str, project_id: str = "") -> list[Request]:
    """Return requests without effect; those of a project only where one is given."""
    requests = [page_of_projects(token, 20), Request("GET", "web", "/api/preview", token=token)]
    if project_id:
        path = f"/api/projects/{quote(project_id)}"
        requests.append(Request("GET", "web", path, token=token, name="GET /api/projects/{id}"))
        requests.append(Request("GET", "web", f"{path}/files", token=token, name="GET /api/projects/{id}/files"))
    return requests


def page_of_projects(token: str, limit: int) -> Request:
    """Return the request for the newest projects."""
    return Request("GET", "web", f"/api/projects?limit={limit}", token=token, name="GET /api/projects")
