"""Projects of the user who asks. The database decides what that is: every query runs under row-level security."""

from collections.abc import Sequence
from html import escape

import psycopg
from psycopg import sql
from psycopg.rows import DictRow
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.answers import Body, Text, not_found, read_choice, read_json, read_number, read_text, timestamp
from reference.database import Connection, fetch_one
from reference.faults import (
    CREATED_TWICE,
    CROSSED_ANSWERS,
    PROJECT_CHANGED_BY_OTHERS,
    PROJECT_DELETED_BY_OTHERS,
    PROJECT_NOT_STORED,
    PROJECT_READ_BY_OTHERS,
    PROJECTS_LISTED_TO_OTHERS,
    QUERY_PER_ITEM,
    SLOW_STATEMENT,
    Fault,
)
from reference.services import services_of
from reference.web.previews import end_previews
from reference.web.session import require_user, rows_of

# names by code point, which does not depend on where the database was made
_SORTED_BY = {
    "createdAt": sql.SQL("created_at"),
    "updatedAt": sql.SQL("updated_at"),
    "name": sql.SQL('name collate "C"'),
}
_ORDERS = ("desc", "asc")
_CROSSED_EVERY = 5  # reads, when that fault is planted
_MAIN_JS = 'console.debug("main.js of this project runs");\n'


class NewProject(Body):
    """A project to make."""

    name: Text = Field(min_length=1, max_length=100)
    description: Text = Field("", max_length=2000)


class ProjectChange(Body):
    """What to change; what is left out stays."""

    name: Text | None = Field(None, min_length=1, max_length=100)
    description: Text | None = Field(None, max_length=2000)


def _project_json(row: DictRow) -> dict[str, object]:
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "description": row["description"],
        "createdAt": timestamp(row["created_at"]),
        "updatedAt": timestamp(row["updated_at"]),
    }


def _index_html(name: str) -> str:
    title = escape(name)
    return f"""\
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>{title}</title>
</head>
<body>
  <h1>{title}</h1>
  <script src="main.js"></script>
</body>
</html>
"""


async def _list(request: Request) -> Response:
    user = require_user(request)
    limit = read_number(request, "limit", 20, 1, 100)
    offset = read_number(request, "offset", 0, 0, 1_000_000)
    sort = read_choice(request, "sort", tuple(_SORTED_BY))
    order = read_choice(request, "order", _ORDERS)
    wanted = read_text(request, "q", 100)
    # the id decides among equals: without it a project could be on two pages, or on none
    query = sql.SQL(
        """
        select * from projects where position(lower(%s) in lower(name)) > 0
        order by {by} {order}, id limit %s offset %s
        """
    ).format(by=_SORTED_BY[sort], order=sql.SQL(order))
    async with rows_of(request, user, PROJECTS_LISTED_TO_OTHERS) as connection:
        rows = await (await connection.execute(query, [wanted, limit, offset])).fetchall()
        total = await fetch_one(
            connection,
            "select count(*) as projects from projects where position(lower(%s) in lower(name)) > 0",
            [wanted],
        )
        await _dawdle(connection, rows, services_of(request).settings.faults)
    assert total is not None
    body = {
        "projects": [_project_json(row) for row in rows],
        "total": total["projects"],
        "limit": limit,
        "offset": offset,
    }
    return JSONResponse(body)


async def _dawdle(connection: Connection, rows: Sequence[DictRow], planted: frozenset[Fault]) -> None:
    """Spend the database's time, when that is planted; 3 ms are what a database in the next building takes."""
    if SLOW_STATEMENT in planted:
        await connection.execute("select pg_sleep(0.15)")
    if QUERY_PER_ITEM in planted:
        for row in rows:
            await connection.execute("select count(*), pg_sleep(0.003) from files where project_id = %s", [row["id"]])


async def _create(request: Request) -> Response:
    user = require_user(request)
    services = services_of(request)
    asked = await read_json(request, NewProject)
    async with services.database.user(user.id) as connection, connection.transaction():
        row = await fetch_one(
            connection,
            "insert into projects (name, description) values (%s, %s) returning *",
            [asked.name, asked.description],
        )
        assert row is not None
        await connection.execute(
            """
            insert into files (project_id, path, content)
            values (%(id)s, 'index.html', %(page)s), (%(id)s, 'main.js', %(script)s)
            """,
            {"id": row["id"], "page": _index_html(asked.name), "script": _MAIN_JS},
        )
        if CREATED_TWICE in services.settings.faults:
            await connection.execute("insert into projects (name) values (%s)", [asked.name])
        if PROJECT_NOT_STORED in services.settings.faults:
            raise psycopg.Rollback
    return JSONResponse(_project_json(row), 201, {"Location": f"/api/projects/{row['id']}"})


async def _read(request: Request) -> Response:
    user = require_user(request)
    async with rows_of(request, user, PROJECT_READ_BY_OTHERS) as connection:
        row = await fetch_one(connection, "select * from projects where id = %s", [request.path_params["id"]])
    if row is None:
        raise not_found("project")
    if CROSSED_ANSWERS in services_of(request).settings.faults:
        row = _crossed(request, row)
    return JSONResponse(_project_json(row))


def _crossed(request: Request, row: DictRow) -> DictRow:
    """Return, every fifth time, what was read before for whoever read it."""
    state = request.app.state
    state.reads = getattr(state, "reads", 0) + 1
    before, state.read_last = getattr(state, "read_last", row), row
    return before if state.reads % _CROSSED_EVERY == 0 else row


async def _change(request: Request) -> Response:
    user = require_user(request)
    asked = await read_json(request, ProjectChange)
    async with rows_of(request, user, PROJECT_CHANGED_BY_OTHERS) as connection:
        row = await fetch_one(
            connection,
            """
            update projects
            set name = coalesce(%s, name), description = coalesce(%s, description), updated_at = now()
            where id = %s returning *
            """,
            [asked.name, asked.description, request.path_params["id"]],
        )
    if row is None:
        raise not_found("project")
    return JSONResponse(_project_json(row))


async def _delete(request: Request) -> Response:
    user = require_user(request)
    await end_previews(request, user, request.path_params["id"])
    async with rows_of(request, user, PROJECT_DELETED_BY_OTHERS) as connection:
        done = await connection.execute("delete from projects where id = %s", [request.path_params["id"]])
    if not done.rowcount:
        raise not_found("project")
    return Response(status_code=204)


ROUTES = [
    Route("/api/projects", _list, methods=["GET"]),
    Route("/api/projects", _create, methods=["POST"]),
    Route("/api/projects/{id:uuid}", _read, methods=["GET"]),
    Route("/api/projects/{id:uuid}", _change, methods=["PATCH"]),
    Route("/api/projects/{id:uuid}", _delete, methods=["DELETE"]),
]
