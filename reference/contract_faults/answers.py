"""Faults that act on what the platform answers: each spoils it on its way out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from reference import faults
from reference.contract_faults.exchange import Call, Json, Reply, each
from reference.contract_faults.where import (
    LONGEST_NAME,
    NOBODYS,
    OF_PROJECTS,
    Memory,
    Where,
    answer,
    head,
    keep,
    number,
    of,
    refused,
)
from reference.faults import Fault

Spoil = Callable[[Call, Reply, Memory], Reply]

_ONE_IN = 100
_SQL = 'insert into projects (name) values ($1): ERROR 23514: new row violates check constraint "projects_name_check"'
_PLACE = 'File "/srv/velocity/reference/web/projects.py", line 96, in _read'
_PAGE = b"<!doctype html><title>Velocity</title><h1>Something is not right</h1>"


def _body(change: Callable[[Json], Json]) -> Spoil:
    return lambda _call, reply, _memory: reply.saying(change(reply.json))


def _status(status: int) -> Spoil:
    return lambda _call, reply, _memory: reply.coded(status)


def _header(name: str, value: str | None) -> Spoil:
    return lambda _call, reply, _memory: reply.having(name, value)


def _error(status: int, code: str, message: str) -> Spoil:
    return lambda _call, reply, _memory: reply.error(status, code, message)


def _crash(_call: Call, reply: Reply, _memory: Memory) -> Reply:
    return reply.error(500, "internal_error", "something went wrong here")


def _projects(edit: Callable[[dict[str, Json]], dict[str, Json]]) -> Spoil:
    return _body(each(edit, "projects"))


def _files(edit: Callable[[dict[str, Json]], dict[str, Json]]) -> Spoil:
    return _body(each(edit, "files"))


def _sessions(edit: Callable[[dict[str, Json]], dict[str, Json]]) -> Spoil:
    return _body(each(edit, "sessions"))


def _without_field(name: str) -> Callable[[dict[str, Json]], dict[str, Json]]:
    return lambda one: {key: value for key, value in one.items() if key != name}


def _sorted_page(call: Call, reply: Reply, _memory: Memory) -> Reply:
    by, falling = call.query.get("sort", "createdAt"), call.query.get("order", "desc") == "desc"
    page = sorted(reply.json["projects"], key=lambda project: str(project.get(by)), reverse=falling)
    return reply.saying({**reply.json, "projects": page})


def _filtered_page(call: Call, reply: Reply, _memory: Memory) -> Reply:
    wanted = call.query.get("q", "").lower()
    page = [project for project in reply.json["projects"] if wanted in project["name"].lower()]
    return reply.saying({**reply.json, "projects": page, "total": len(page) if wanted else reply.json["total"]})


def _without_newest(_call: Call, reply: Reply, memory: Memory) -> Reply:
    newest = memory.kept.get("newest")
    return reply.saying({**reply.json, "projects": [one for one in reply.json["projects"] if one["id"] != newest]})


def _with_deleted(call: Call, reply: Reply, memory: Memory) -> Reply:
    ghosts = [] if call.query.get("q") or number(call.query, "offset") else list(memory.deleted.values())[-3:]
    return reply.saying({**reply.json, "projects": [*ghosts, *reply.json["projects"]]})


def _as_if_changed(call: Call, reply: Reply, _memory: Memory) -> Reply:
    known = {key: value for key, value in (call.json or {}).items() if key in ("name", "description") and value}
    return reply.saying({**reply.json, **known})


def _as_before(_call: Call, reply: Reply, memory: Memory) -> Reply:
    return reply.saying(memory.kept["before"] or reply.json)


def _as_read_first(call: Call, reply: Reply, memory: Memory) -> Reply:
    if call.path not in memory.kept:
        keep(memory.kept, call.path, reply.json)
    return reply.saying(memory.kept[call.path])


def _revived(call: Call, reply: Reply, memory: Memory) -> Reply:
    ghost = memory.deleted.get(call.item)
    return reply.saying({**ghost, **(call.json or {})}, 200) if ghost else reply


def _ghost_file(call: Call, reply: Reply, memory: Memory) -> Reply:
    if call.item not in memory.deleted:
        return reply
    path, moment = call.path.partition("/files/")[2], memory.deleted[call.item]["updatedAt"]
    return reply.saying({"path": path, "size": 0, "updatedAt": moment, "content": ""}, 200)


def _deleted_then_crash(call: Call, reply: Reply, memory: Memory) -> Reply:
    return _crash(call, reply, memory) if call.item in memory.deleted else reply


def _gone(_call: Call, reply: Reply, _memory: Memory) -> Reply:
    return replace(reply.having("content-type", None), status=204, body=b"")


def _ended_once(call: Call, reply: Reply, memory: Memory) -> Reply:
    if call.item in memory.ended:
        return reply.error(409, "already_ended", "this preview has ended")
    memory.ended[call.item] = True
    return reply


def _moved_creation(call: Call, reply: Reply, memory: Memory) -> Reply:
    if call.operation == "changeProject":
        keep(memory.kept, f"moved {call.item}", True)  # noqa: FBT003  a mark
    edit = each(
        lambda one: {**one, "createdAt": one["updatedAt"]} if f"moved {one['id']}" in memory.kept else one, "projects"
    )
    return reply.saying(edit(reply.json))


def _counted_in_characters(call: Call, reply: Reply, _memory: Memory) -> Reply:
    content = reply.json.get("content", call.field("content"))
    return reply.saying({**reply.json, "size": len(content)})


def _frozen(call: Call, reply: Reply, memory: Memory) -> Reply:
    return reply.saying(memory.kept.setdefault(call.path, reply.json))


def _rarely(spoiler: Spoil) -> Spoil:
    return lambda call, reply, memory: spoiler(call, reply, memory) if memory.answers % _ONE_IN == 0 else reply


def _page_of_html(_call: Call, reply: Reply, _memory: Memory) -> Reply:
    return replace(reply.having("content-type", "text/html; charset=utf-8"), body=_PAGE)


def _older(moment: str) -> str:
    return moment.replace("T", " ").partition(".")[0]


def _reformatted(one: dict[str, Json]) -> dict[str, Json]:
    return {**one, "createdAt": _older(one["createdAt"]), "updatedAt": _older(one["updatedAt"])}


def _reading(call: Call, given: int) -> bool:
    return call.method == "GET" and call.path.startswith("/api/") and given == 200


def _without_one(name: str) -> Callable[[Json], Json]:
    return lambda body: {**body, name: body[name][1:]}


_PROJECTS_SHOWN = of(*OF_PROJECTS, status=(200, 201))
_LIST = of("listProjects", status=(200,))
_READ = of("readProject", status=(200,))
_HEALTH = of("readHealth")

ANSWERED: Mapping[Fault, tuple[Where, Spoil]] = {
    faults.USER_ENUMERATION: (
        lambda call, given: call.operation == "signIn" and given == 401 and _is_unknown(call),
        _error(401, "unknown_user", "nobody has this address"),
    ),
    faults.PAGE_SHORT: (
        _LIST,
        lambda _call, reply, _memory: reply.saying(
            {**reply.json, "projects": reply.json["projects"][: max(1, reply.json["limit"] - 1)]}
        ),
    ),
    faults.TOTAL_OF_PAGE: (_LIST, _body(lambda body: {**body, "total": len(body["projects"])})),
    faults.TOTAL_STALE: (_LIST, _body(lambda body: {**body, "total": body["total"] + 1})),
    faults.SORT_OF_PAGE: (_LIST, _sorted_page),
    faults.FILTER_OF_PAGE: (_LIST, _filtered_page),
    faults.LIST_LAGS: (_LIST, _without_newest),
    faults.PATCH_NOT_SAVED: (of("changeProject", status=(200,)), _as_if_changed),
    faults.PATCH_ANSWERS_OLD: (of("changeProject", status=(200,)), _as_before),
    faults.SIZE_IN_CHARACTERS: (of("readFile", "writeFile", status=(200,)), _counted_in_characters),
    faults.LOCATION_ELSEWHERE: (of("createProject", status=(201,)), _header("location", f"/api/projects/{NOBODYS}")),
    faults.LOCATION_MISSING: (of("createProject", status=(201,)), _header("location", None)),
    faults.CREATED_AT_CHANGES: (
        lambda call, given: call.operation in OF_PROJECTS and given == 200,
        _moved_creation,
    ),
    faults.UPDATED_AT_FROZEN: (_PROJECTS_SHOWN, _projects(lambda one: {**one, "updatedAt": one["createdAt"]})),
    faults.STALE_READ: (_READ, _as_read_first),
    faults.DELETE_AGAIN_CRASHES: (of("deleteProject", status=(404,)), _deleted_then_crash),
    faults.END_AGAIN_REFUSED: (of("endPreview", status=(204,)), _ended_once),
    faults.DELETE_FORGOTTEN: (of("deleteProject", status=(200,)), _gone),
    faults.FILE_DELETE_FORGOTTEN: (of("deleteFile", status=(200,)), _gone),
    faults.DELETED_STILL_LISTED: (_LIST, _with_deleted),
    faults.DELETED_STILL_WRITABLE: (of("changeProject", status=(404,)), _revived),
    faults.FILES_OUTLIVE_PROJECT: (of("readFile", status=(404,)), _ghost_file),
    faults.PREVIEW_OF_ANOTHER: (
        of("startPreview", "readPreview", status=(200,)),
        _sessions(lambda one: {**one, "projectId": NOBODYS}),
    ),
    faults.PREVIEW_NOT_LISTED: (of("listPreviews", status=(200,)), _body(_without_one("sessions"))),
    faults.ROUTE_REMOVED: (of("listFiles"), _error(404, "not_found", "Not Found")),
    faults.CREATE_ANSWERS_200: (of("createProject", status=(201,)), _status(200)),
    faults.STATUS_UNDOCUMENTED: (_READ, _status(203)),
    faults.DELETE_ANSWERS_BODY: (
        of("deleteProject", status=(204,)),
        lambda _call, reply, _memory: reply.saying({"deleted": True}, 200),
    ),
    faults.TYPE_WRONG: (of(*OF_PROJECTS), _header("content-type", "text/plain; charset=utf-8")),
    faults.FIELD_MISSING: (_PROJECTS_SHOWN, _projects(_without_field("updatedAt"))),
    faults.FIELD_NULL: (
        _PROJECTS_SHOWN,
        _projects(lambda one: {**one, "description": one["description"] or None}),
    ),
    faults.FIELD_TYPE: (
        of("listFiles", "readFile", "writeFile", status=(200,)),
        _files(lambda one: {**one, "size": str(one["size"])}),
    ),
    faults.ENUM_OUTSIDE: (
        of("readPreview", "listPreviews", status=(200,)),
        _sessions(lambda one: {**one, "status": {"active": "running"}.get(one["status"], one["status"])}),
    ),
    faults.DATE_FORMAT: (_PROJECTS_SHOWN, _projects(_reformatted)),
    faults.ID_FORMAT: (_LIST, _projects(lambda one: {**one, "id": one["id"].replace("-", "")})),
    faults.SECRET_LEAKED: (
        of("signIn", status=(200,)),
        _body(lambda body: {**body, "user": {**body["user"], "passwordHash": f"{'5a' * 16}${'3c' * 32}"}}),
    ),
    faults.OWNER_LEAKED: (_PROJECTS_SHOWN, _projects(lambda one: {**one, "ownerId": NOBODYS})),
    faults.VERSION_HEADER_MISSING: (lambda call, _given: bool(call.operation), _header("x-velocity-version", None)),
    faults.LONG_NAME_CRASHES: (refused(lambda call: len(str(call.field("name"))) > LONGEST_NAME), _crash),
    faults.EMPTY_BODY_CRASHES: (refused(lambda call: not call.body), _crash),
    faults.BAD_JSON_CRASHES: (refused(lambda call: bool(call.body) and call.json is None), _crash),
    faults.WRONG_TYPE_CRASHES: (refused(lambda call: isinstance(call.field("name"), list | dict)), _crash),
    faults.NULL_CRASHES: (
        refused(lambda call: isinstance(call.json, dict) and call.json.get("name", "") is None),
        _crash,
    ),
    faults.NUL_CRASHES: (refused(lambda call: "\0" in str(call.field("name"))), _crash),
    faults.BAD_ID_CRASHES: (
        lambda call, given: call.operation == "readProject" and given == 404 and not _is_id(call.item),
        _crash,
    ),
    faults.BIG_OFFSET_CRASHES: (
        lambda call, given: _LIST(call, given) and number(call.query, "offset") > 10_000,
        _crash,
    ),
    faults.ERROR_SHAPE: (answer(404), _body(lambda _body: {"message": "Not Found", "statusCode": 404})),
    faults.ERROR_HTML: (answer(405), _page_of_html),
    faults.ERROR_SQL: (answer(422), _error(422, "invalid_request", _SQL)),
    faults.ERROR_PATH: (answer(404), _error(404, "not_found", _PLACE)),
    faults.MISSING_IS_200: (of("readProject", status=(404,)), _status(200)),
    faults.NO_CHALLENGE: (answer(401), _header("www-authenticate", None)),
    faults.ALLOW_MISSING: (answer(405), _header("allow", None)),
    faults.ALLOW_WRONG: (answer(405), _header("allow", "GET, HEAD, POST, PUT, PATCH, DELETE")),
    faults.HEAD_REFUSED: (head, lambda _call, reply, _memory: reply.error(405, "method_not_allowed", "no HEAD")),
    faults.HEAD_DIFFERS: (head, _header("content-type", "text/html; charset=utf-8")),
    faults.PRIVATE_CACHED: (
        of("listProjects", "readProject", "readFile", status=(200,)),
        _header("cache-control", "public, max-age=300"),
    ),
    faults.VARY_MISSING: (answer(404), _header("vary", None)),
    faults.RARE_500: (_reading, _rarely(_crash)),
    faults.RARE_EMPTY: (_LIST, _rarely(_body(lambda body: {**body, "projects": [], "total": 0}))),
    faults.HEALTH_WITHOUT_CHECK: (
        _HEALTH,
        _body(lambda body: {**body, "checks": _without_field("orchestrator")(body["checks"])}),
    ),
    faults.HEALTH_CONTRADICTS: (
        _HEALTH,
        _body(lambda body: {**body, "checks": {**body["checks"], "orchestrator": "unhealthy"}}),
    ),
    faults.HEALTH_200_DEGRADED: (_HEALTH, _body(lambda body: {**body, "status": "degraded"})),
    faults.HEALTH_FROZEN: (_HEALTH, _frozen),
}


def _is_id(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text))


def _is_unknown(call: Call) -> bool:
    return not re.fullmatch(r"(primary|other)@velocity\.test", str(call.field("email")).lower())
