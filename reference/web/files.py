"""The files of a project. Whose project it is, is the database's business here too."""

import re

from psycopg.rows import DictRow
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.answers import ApiError, Body, Text, not_found, read_json, timestamp
from reference.database import Connection, fetch_all, fetch_one
from reference.faults import (
    FILE_DELETED_BY_OTHERS,
    FILE_READ_BY_OTHERS,
    FILE_WRITTEN_BY_OTHERS,
    FILES_LISTED_TO_OTHERS,
)
from reference.settings import FILE_PATH, MAX_FILE, MAX_FILES
from reference.web.session import require_user, rows_of


class FileContent(Body):
    """What a file shall hold."""

    content: Text = Field(max_length=MAX_FILE)


def _file_json(row: DictRow) -> dict[str, object]:
    return {
        "path": row["path"],
        "size": len(row["content"].encode()),
        "updatedAt": timestamp(row["updated_at"]),
    }


async def _require_project(connection: Connection, request: Request) -> None:
    if await fetch_one(connection, "select from projects where id = %s", [request.path_params["id"]]) is None:
        raise not_found("project")


async def _list(request: Request) -> Response:
    user = require_user(request)
    async with rows_of(request, user, FILES_LISTED_TO_OTHERS) as connection:
        await _require_project(connection, request)
        rows = await fetch_all(
            connection,
            "select path, content, updated_at from files where project_id = %s order by path limit %s",
            [request.path_params["id"], MAX_FILES],
        )
    return JSONResponse({"files": [_file_json(row) for row in rows]})


async def _read(request: Request) -> Response:
    user = require_user(request)
    project_id, path = request.path_params["id"], _path(request)
    async with rows_of(request, user, FILE_READ_BY_OTHERS) as connection:
        row = await fetch_one(
            connection,
            "select path, content, updated_at from files where project_id = %s and path = %s",
            [project_id, path],
        )
    if row is None:
        raise not_found("file")
    return JSONResponse({**_file_json(row), "content": row["content"]})


async def _write(request: Request) -> Response:
    user = require_user(request)
    project_id, path = request.path_params["id"], _path(request)
    asked = await read_json(request, FileContent)
    async with rows_of(request, user, FILE_WRITTEN_BY_OTHERS) as connection:
        await _require_project(connection, request)
        others = await fetch_one(
            connection,
            "select count(*) as files from files where project_id = %s and path <> %s",
            [project_id, path],
        )
        if others is None or others["files"] >= MAX_FILES:
            raise ApiError(409, "too_many_files", f"a project has at most {MAX_FILES} files")
        row = await fetch_one(
            connection,
            """
            insert into files (project_id, path, content) values (%s, %s, %s)
            on conflict (project_id, path) do update set content = excluded.content, updated_at = now()
            returning path, content, updated_at
            """,
            [project_id, path, asked.content],
        )
        await connection.execute("update projects set updated_at = now() where id = %s", [project_id])
    assert row is not None
    return JSONResponse(_file_json(row))


async def _delete(request: Request) -> Response:
    user = require_user(request)
    project_id, path = request.path_params["id"], _path(request)
    async with rows_of(request, user, FILE_DELETED_BY_OTHERS) as connection:
        done = await connection.execute("delete from files where project_id = %s and path = %s", [project_id, path])
    if not done.rowcount:
        raise not_found("file")
    return Response(status_code=204)


def _path(request: Request) -> str:
    path = str(request.path_params["path"])
    if not re.fullmatch(FILE_PATH, path):
        raise ApiError(
            422, "invalid_request", "path: expected a relative path of letters, digits, '.', '_', '-' and '/'"
        )
    return path


ROUTES = [
    Route("/api/projects/{id:uuid}/files", _list, methods=["GET"]),
    Route("/api/projects/{id:uuid}/files/{path:path}", _read, methods=["GET"]),
    Route("/api/projects/{id:uuid}/files/{path:path}", _write, methods=["PUT"]),
    Route("/api/projects/{id:uuid}/files/{path:path}", _delete, methods=["DELETE"]),
]
