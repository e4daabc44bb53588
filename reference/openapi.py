"""The web API's OpenAPI 3.1 document, written by hand: a document generated from the code could not disagree with it.

Each operation lists the answers that it gives when all is well, refusals included. No 500 is listed: it is a defect.
"""

from typing import Any

from reference.openapi_schemas import FILE_PATH_SCHEMA, NO_NUL, SCHEMAS, UUID, ref
from reference.settings import MAX_BODY, RELEASE

Object = dict[str, Any]

# What every request with a JSON body may be told, and every one that needs a signed-in user.
_BODY_REFUSED = (413, 415, 422)
_STRANGER = (401,)
# A cookie is refused on writes that come from a page of another origin.
_WRITE = (401, 403)

_REFUSALS = {
    400: "The body is not JSON",
    401: "No valid token or session came with the request",
    403: "A session cookie came from a page of another origin (`forbidden_origin`)",
    404: "It does not exist, or belongs to another user (`not_found`)",
    409: "The project has as many files as it may have (`too_many_files`)",
    413: f"The body is longer than {MAX_BODY} bytes (`payload_too_large`)",
    415: "The body has another type than those listed (`unsupported_media_type`)",
    422: "The request does not fit its schema (`invalid_request`)",
    429: "All previews are in use (`pool_exhausted`), or sign-in failed too often (`too_many_attempts`)",
    502: "The orchestrator does not work, or not with us",
}
_REFUSAL_HEADERS: dict[int, Object] = {
    401: {"WWW-Authenticate": {"description": "`Bearer`", "schema": {"type": "string"}}},
    429: {
        "Retry-After": {"description": "seconds", "required": True, "schema": {"type": "integer", "minimum": 1}},
    },
}
_VERSION = {"x-velocity-version": {"$ref": "#/components/headers/Version"}}


def document(base_url: str, release: str = RELEASE) -> Object:
    """Return the document of the web API that answers at `base_url`, of this release."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Velocity",
            "version": release,
            "summary": "Projects, their files and their live previews",
            "description": "Errors have one shape, `Error`. Times are in UTC.",
        },
        "servers": [{"url": base_url}],
        "tags": [{"name": name} for name in ("auth", "projects", "files", "previews", "operations")],
        "security": [{"bearer": []}, {"session": []}],
        "paths": _paths(),
        "components": {
            "schemas": SCHEMAS,
            "responses": {f"Refused{status}": _refused(status) for status in _REFUSALS},
            "headers": {
                "Version": {"description": "The release that answered", "required": True, "schema": {"type": "string"}}
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "session": {"type": "apiKey", "in": "cookie", "name": "velocity_session"},
            },
        },
    }


def _paths() -> Object:
    return {**_auth_paths(), **_project_paths(), **_file_paths(), **_preview_paths(), **_operations_paths()}


def _auth_paths() -> Object:
    cookie = {"Set-Cookie": {"description": "velocity_session, HttpOnly", "schema": {"type": "string"}}}
    return {
        "/api/auth/login": {
            "post": _operation(
                "auth", "signIn", "Sign in", {200: _json("Signed in", "SignedIn", cookie)},
                refusals=(401, *_BODY_REFUSED, 429), body="Credentials", public=True,
            ),
        },
        "/api/auth/logout": {
            "post": _operation(
                "auth", "signOut", "Sign out: the token is worth nothing afterwards",
                {204: _empty("Signed out", cookie)}, refusals=_WRITE,
            ),
        },
    }  # fmt: skip


def _project_paths() -> Object:
    location = {"Location": {"required": True, "schema": {"type": "string", "format": "uri-reference"}}}
    return {
        "/api/projects": {
            "get": _operation(
                "projects", "listProjects", "List one's projects, the newest first unless asked otherwise",
                {200: _json("One page of them", "Projects")}, refusals=(*_STRANGER, 422),
                parameters=[
                    _query("limit", 20, 1, 100), _query("offset", 0, 0, 1_000_000),
                    _choice("sort", "createdAt", "updatedAt", "name", description="names by code point"),
                    _choice("order", "desc", "asc"),
                    _search("q", 100, "only projects with this in their name, in upper or lower case"),
                ],
            ),
            "post": _operation(
                "projects", "createProject", "Create a project with an index.html and a main.js",
                {201: _json("Created", "Project", location)}, refusals=(*_WRITE, *_BODY_REFUSED), body="NewProject",
            ),
        },
        "/api/projects/{id}": {
            "parameters": [_path("id", UUID)],
            "get": _operation(
                "projects", "readProject", "Read a project", {200: _json("The project", "Project")},
                refusals=(*_STRANGER, 404),
            ),
            "patch": _operation(
                "projects", "changeProject", "Change a project", {200: _json("As it is now", "Project")},
                refusals=(*_WRITE, 404, *_BODY_REFUSED), body="ProjectChange",
            ),
            "delete": _operation(
                "projects", "deleteProject", "Delete a project with its files, and end its previews",
                {204: _empty("Deleted")}, refusals=(*_WRITE, 404, 502),
            ),
        },
    }  # fmt: skip


def _file_paths() -> Object:
    return {
        "/api/projects/{id}/files": {
            "parameters": [_path("id", UUID)],
            "get": _operation(
                "files", "listFiles", "List a project's files", {200: _json("All of them, by path", "Files")},
                refusals=(*_STRANGER, 404),
            ),
        },
        "/api/projects/{id}/files/{path}": {
            "parameters": [_path("id", UUID), _path("path", FILE_PATH_SCHEMA)],
            "get": _operation(
                "files", "readFile", "Read a file", {200: _json("The file", "File")}, refusals=(*_STRANGER, 404, 422),
            ),
            "put": _operation(
                "files", "writeFile", "Write a file, new or not", {200: _json("Written", "FileInfo")},
                refusals=(*_WRITE, 404, 409, *_BODY_REFUSED), body="FileContent",
            ),
            "delete": _operation(
                "files", "deleteFile", "Delete a file", {204: _empty("Deleted")}, refusals=(*_WRITE, 404, 422),
            ),
        },
    }  # fmt: skip


def _preview_paths() -> Object:
    return {
        "/api/preview/start": {
            "post": _operation(
                "previews", "startPreview", "Start a preview of a project",
                {200: _json("Started; ask for it until it is active", "PreviewSession")},
                refusals=(*_WRITE, 404, *_BODY_REFUSED, 429, 502), body="StartPreview",
            ),
        },
        "/api/preview": {
            "get": _operation(
                "previews", "listPreviews", "List one's previews that have not ended",
                {200: _json("All of them, the newest first", "PreviewSessions")}, refusals=_STRANGER,
            ),
        },
        "/api/preview/{sessionId}": {
            "parameters": [_path("sessionId", UUID)],
            "get": _operation(
                "previews", "readPreview", "Read a preview's state", {200: _json("The session", "PreviewSession")},
                refusals=(*_STRANGER, 404),
            ),
            "delete": _operation(
                "previews", "endPreview", "End a preview; one that has ended stays so", {204: _empty("Ended")},
                refusals=(*_WRITE, 404, 502),
            ),
        },
    }  # fmt: skip


def _operations_paths() -> Object:
    report: Object = {"type": "object"}
    reports = {
        "application/csp-report": {"schema": report, "example": {"csp-report": {"blocked-uri": "inline"}}},
        "application/reports+json": {"schema": {"type": "array", "items": report}},
    }
    return {
        "/api/health": {
            "get": _operation(
                "operations", "readHealth", "Tell whether the service and what it needs work",
                {200: _json("All is well", "Health"), 503: _json("Something is not", "Health")}, public=True,
            ),
        },
        "/api/flags": {
            "get": _operation(
                "operations", "readFlags", "Read the feature flags", {200: _json("The flags", "Flags")}, public=True,
            ),
        },
        "/api/csp-report": {
            "post": _operation(
                "operations", "reportViolation", "Report a violation of the content security policy (browsers do)",
                {204: _empty("Stored")}, refusals=(400, *_BODY_REFUSED), content=reports, public=True,
            ),
        },
        "/api/errors": {
            "post": _operation(
                "operations", "reportError", "Report an error that a page has seen",
                {202: _json("Stored", "Accepted")}, refusals=_BODY_REFUSED, body="ErrorReport", public=True,
            ),
        },
        "/openapi.json": {
            "get": _operation(
                "operations", "readContract", "Read this document",
                {200: _answer("This document", {"application/json": {"schema": {"type": "object"}}})}, public=True,
            ),
        },
        "/metrics": {
            "get": _operation(
                "operations", "readMetrics", "Read the metrics, for Prometheus",
                {200: _answer("Prometheus' text format", {"text/plain": {"schema": {"type": "string"}}})}, public=True,
            ),
        },
    }  # fmt: skip


def _operation(
    tag: str,
    name: str,
    summary: str,
    answers: dict[int, Object],
    *,
    refusals: tuple[int, ...] = (),
    body: str | None = None,
    content: Object | None = None,
    parameters: list[Object] | None = None,
    public: bool = False,
) -> Object:
    """One operation. `body` names the schema of a JSON body; `content` is a body of other types."""
    operation: Object = {"tags": [tag], "operationId": name, "summary": summary}
    if public:
        operation["security"] = []
    if parameters:
        operation["parameters"] = parameters
    if body:
        content = {"application/json": {"schema": ref(body)}}
    if content:
        operation["requestBody"] = {"required": True, "content": content}
    refused = {status: {"$ref": f"#/components/responses/Refused{status}"} for status in refusals}
    operation["responses"] = {str(status): answer for status, answer in sorted((answers | refused).items())}
    return operation


def _answer(description: str, content: Object, headers: Object | None = None) -> Object:
    return {"description": description, "headers": _VERSION | (headers or {}), "content": content}


def _json(description: str, schema: str, headers: Object | None = None) -> Object:
    return _answer(description, {"application/json": {"schema": ref(schema)}}, headers)


def _empty(description: str, headers: Object | None = None) -> Object:
    return {"description": description, "headers": _VERSION | (headers or {})}


def _refused(status: int) -> Object:
    return _json(_REFUSALS[status], "Error", _REFUSAL_HEADERS.get(status))


def _path(name: str, schema: Object) -> Object:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(name: str, default: int, least: int, most: int) -> Object:
    schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return {"name": name, "in": "query", "schema": schema}


def _choice(name: str, *choices: str, description: str = "") -> Object:
    """A parameter that is one of these; the first is the default."""
    schema = {"type": "string", "enum": list(choices), "default": choices[0]}
    return {"name": name, "in": "query", "schema": schema} | ({"description": description} if description else {})


def _search(name: str, most: int, description: str) -> Object:
    schema = {"type": "string", "maxLength": most, "pattern": NO_NUL, "default": ""}
    return {"name": name, "in": "query", "description": description, "schema": schema}
