"""The shapes of the web API: what is sent and what is answered, as JSON Schema for `reference.openapi`.

Answers are closed (`additionalProperties: false`): a field that appears or disappears is a change of the contract.
Requests are open, because the API ignores what it does not know.
"""

from typing import Any

from reference.settings import FILE_PATH, IDLE_TIMEOUT, MAX_FILE, MAX_FILES

Schema = dict[str, Any]

UUID_EXAMPLE = "6f1c2a52-3a0c-4a53-9a3e-2f4b8f0f6d11"

UUID: Schema = {"type": "string", "format": "uuid", "examples": [UUID_EXAMPLE]}
MOMENT: Schema = {"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00.123Z"]}
URL: Schema = {"type": "string", "format": "uri"}
CHECK: Schema = {"enum": ["healthy", "unhealthy"]}
FILE_PATH_SCHEMA: Schema = {"type": "string", "pattern": FILE_PATH, "examples": ["index.html"]}

# PostgreSQL stores no NUL in a text, so the API refuses it.
NO_NUL = r"^[^\u0000]*$"
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": NO_NUL, "examples": ["Weather board"]}
_DESCRIPTION: Schema = {"type": "string", "maxLength": 2000, "pattern": NO_NUL}
_CONTENT: Schema = {
    "type": "string",
    "maxLength": MAX_FILE,
    "pattern": NO_NUL,
    "examples": ["<!doctype html>\n<h1>Weather board</h1>\n"],
}
_SIZE: Schema = {"type": "integer", "minimum": 0, "description": "bytes of the content in UTF-8"}
_COUNT: Schema = {"type": "integer", "minimum": 0}


def ref(name: str) -> Schema:
    """Return a reference to the schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(**properties: Schema) -> Schema:
    """An object that has all of these properties and no other."""
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _request(required: list[str], **properties: Schema) -> Schema:
    return {"type": "object", "required": required, "properties": properties}


def _list_of(name: str, **limits: int) -> Schema:
    return {"type": "array", "items": ref(name), **limits}


_PROJECT = {"id": UUID, "name": _NAME, "description": _DESCRIPTION, "createdAt": MOMENT, "updatedAt": MOMENT}
_FILE = {"path": FILE_PATH_SCHEMA, "size": _SIZE, "updatedAt": MOMENT}

SCHEMAS: dict[str, Schema] = {
    "Error": _answer(
        error=_answer(
            code={"type": "string", "pattern": "^[a-z_]+$", "description": "stable, for programs"},
            message={"type": "string", "description": "for people; may change"},
        )
    ),
    "Credentials": _request(
        ["email", "password"],
        email={"type": "string", "pattern": NO_NUL, "examples": ["ada@example.com"]},
        password={"type": "string", "format": "password", "pattern": NO_NUL},
    ),
    "SignedIn": _answer(
        token={"type": "string", "description": "a JSON Web Token; send it as a bearer token"},
        expiresAt=MOMENT,
        user=_answer(id=UUID, email={"type": "string", "format": "email"}),
    ),
    "NewProject": _request(["name"], name=_NAME, description=_DESCRIPTION | {"default": ""}),
    "ProjectChange": _request(
        [],
        name={"oneOf": [_NAME, {"type": "null"}], "description": "null, as if left out, keeps the name"},
        description={"oneOf": [_DESCRIPTION, {"type": "null"}], "description": "null, as if left out, keeps it"},
    ),
    "Project": _answer(**_PROJECT),
    "Projects": _answer(
        projects=_list_of("Project", maxItems=100),
        total=_COUNT | {"description": "how many there are on all pages together"},
        limit=_COUNT,
        offset=_COUNT,
    ),
    "FileContent": _request(["content"], content=_CONTENT),
    "FileInfo": _answer(**_FILE),
    "File": _answer(**_FILE, content=_CONTENT),
    "Files": _answer(files=_list_of("FileInfo", maxItems=MAX_FILES)),
    "StartPreview": _request(
        ["projectId"],
        projectId=UUID,
        idleTimeoutSeconds={
            "type": "integer",
            "minimum": 1,
            "maximum": IDLE_TIMEOUT,
            "default": IDLE_TIMEOUT,
            "description": "the preview ends after this long without activity",
        },
    ),
    "PreviewSession": _answer(
        sessionId=UUID,
        projectId=UUID,
        status={"enum": ["creating", "active", "ended", "error"]},
        previewUrl=URL | {"description": "serves the project's files once the status is active"},
        region={"type": "string", "examples": ["iad"]},
        createdAt=MOMENT,
        expiresAt=MOMENT | {"description": "when it ends if nobody is active until then"},
    ),
    "PreviewSessions": _answer(sessions=_list_of("PreviewSession", maxItems=100)),
    "Health": _answer(
        status={"enum": ["healthy", "degraded"]},
        timestamp=MOMENT,
        version={"type": "string", "examples": ["1.4.2"]},
        checks=_answer(database=CHECK, orchestrator=CHECK),
    ),
    "Flags": _answer(
        flags={"type": "object", "additionalProperties": {"type": "boolean"}, "examples": [{"NEW_EDITOR": True}]},
        environment={"type": "string", "examples": ["local"]},
    ),
    "ErrorReport": _request(
        ["severity", "code", "message"],
        severity={"enum": ["debug", "info", "warning", "error", "critical"]},
        code={"type": "string", "minLength": 1, "maxLength": 100, "pattern": NO_NUL},
        message={"type": "string", "maxLength": 10_000, "pattern": NO_NUL},
        stack={"type": "string", "maxLength": 50_000, "pattern": NO_NUL, "default": ""},
        context={"type": "object", "default": {}},
    ),
    "Accepted": _answer(status={"const": "accepted"}),
}
