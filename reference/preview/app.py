"""What a preview serves: the project's files, a reload client in its pages, and its health."""

import mimetypes
from collections.abc import AsyncIterator, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from reference.preview.project import Project

_RELOAD_SCRIPT = """\
// Reloads the page when a file of the project has changed since the page was served.
const events = new EventSource("/__preview/events?since=" + document.currentScript.dataset.version);
events.onmessage = () => location.reload();
addEventListener("pagehide", () => events.close());
"""


def create_preview(
    project: Project, *, framed_by: str, is_connected: Callable[[], bool], on_activity: Callable[[], None]
) -> Starlette:
    """Return the app. `framed_by` is the origin that may frame its pages; `on_activity` hears of each page and file."""

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "devServer": True, "supabaseConnected": is_connected()})

    async def events(request: Request) -> Response:
        since = request.query_params.get("since", "")
        version = int(since) if since.isdecimal() and len(since) < 12 else project.version
        return StreamingResponse(_stream(project, version), media_type="text/event-stream", headers=headers)

    async def reload_script(_request: Request) -> Response:
        return Response(_RELOAD_SCRIPT, media_type="text/javascript", headers=headers)

    async def file(request: Request) -> Response:
        on_activity()
        path = request.path_params["path"] or "index.html"
        content = project.files.get(path)
        if content is None:
            return PlainTextResponse(f"there is no {path} in this project", 404, headers)
        media_type = mimetypes.guess_type(path)[0] or "text/plain"
        if media_type == "text/html":
            return HTMLResponse(_with_reload(content, project.version), headers=headers)
        return Response(content, media_type=media_type, headers=headers)

    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"frame-ancestors {framed_by}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return Starlette(
        routes=[
            Route("/health", health),
            Route("/__preview/events", events),
            Route("/__preview/reload.js", reload_script),
            Route("/{path:path}", file),
        ]
    )


def _with_reload(page: str, version: int) -> str:
    """Put the reload client into a page: into its head, so that a broken body does not keep it from loading."""
    script = f'<script src="/__preview/reload.js" data-version="{version}"></script>'
    head, tag, rest = page.partition("<head>")
    return f"{head}{tag}{script}{rest}" if tag else f"{page}{script}"


async def _stream(project: Project, since: int) -> AsyncIterator[str]:
    told = since
    async for version in project.changes(since):
        yield f"data: {version}\n\n" if version > told else ": still here\n\n"
        told = version
