"""The pages that people see, from templates in pages/, and the files that they load, from static/."""

from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reference.answers import ApiError, bearer_token
from reference.database import fetch_one
from reference.faults import CONSOLE_ERROR, DEAD_ASSET, DEAD_LANDING, SCRIPT_ERROR, TOKEN_IN_URL
from reference.services import services_of
from reference.web.assets import address_of, find_asset
from reference.web.session import COOKIE, find_user

_HERE = Path(__file__).parent

_templates = Environment(
    loader=FileSystemLoader(_HERE / "pages"), autoescape=select_autoescape(), trim_blocks=True, auto_reload=False
)
_templates.globals["asset"] = address_of


def render(request: Request, template: str, status: int = 200, **context: object) -> Response:
    """Render a template. Beside `context` it gets nonce, release, tier, country, and what scripts may know: config."""
    services = services_of(request)
    page = _templates.get_template(template).render(
        nonce=request.state.nonce,
        release=services.settings.release,
        tier=services.settings.tier,
        country=request.state.country,
        config={"realtime": services.addresses.realtime, "anonKey": services.anon_key},
        **context,
    )
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})  # a nonce is for one answer


async def _landing(request: Request) -> Response:
    faults = services_of(request).settings.faults
    if DEAD_LANDING in faults:
        raise ApiError(500, "internal_error", "planted: dead-landing")
    answer = render(request, "landing.html")
    if SCRIPT_ERROR in faults:
        _plant_script(answer, request, 'throw new Error("planted: script-error");')
    if CONSOLE_ERROR in faults:
        _plant_script(answer, request, 'console.error("planted: console-error");')
    return answer


def _plant_script(answer: Response, request: Request, script: str) -> None:
    _plant(answer, f'<script nonce="{request.state.nonce}">{script}</script>')


def _plant(answer: Response, element: str) -> None:
    answer.body = bytes(answer.body).replace(b"</body>", f"{element}</body>".encode())
    answer.headers["Content-Length"] = str(len(answer.body))


async def _login(request: Request) -> Response:
    return render(request, "login.html")


async def _cn(request: Request) -> Response:
    return render(request, "cn.html")


async def _projects(request: Request) -> Response:
    if find_user(request) is None:
        return _to_login(request)
    answer = render(request, "projects.html")
    if TOKEN_IN_URL in services_of(request).settings.faults:
        token = bearer_token(request) or request.cookies[COOKIE]
        _plant(answer, f'<a href="/projects?access_token={token}">Projects</a>')
    return answer


async def _editor(request: Request) -> Response:
    user = find_user(request)
    if user is None:
        return _to_login(request)
    async with services_of(request).database.user(user.id) as connection:
        project = await fetch_one(
            connection, "select id, name from projects where id = %s", [request.path_params["id"]]
        )
    if project is None:
        return render(request, "not_found.html", 404)
    return render(request, "editor.html", project={"id": str(project["id"]), "name": project["name"]})


def _to_login(request: Request) -> Response:
    return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)


async def _static(request: Request) -> Response:
    name = str(request.path_params["path"])
    hidden = DEAD_ASSET in services_of(request).settings.faults and name.startswith("hero.")
    asset = None if hidden else find_asset(name)
    return asset.answer(request) if asset else render(request, "not_found.html", 404)


async def _favicon(request: Request) -> Response:
    asset = find_asset("favicon.svg")
    assert asset is not None
    return asset.answer(request)


PAGES = [
    Route("/", _landing),
    Route("/login", _login),
    Route("/projects", _projects),
    Route("/editor/{id:uuid}", _editor),
    Route("/cn", _cn),
]
ROUTES = [*PAGES, Route("/static/{path:path}", _static), Route("/favicon.ico", _favicon)]
