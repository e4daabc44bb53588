"""What the JSON APIs have in common: reading a bounded body into a model, and answering errors in one shape.

{"error": {"code": "not_found", "message": "..."}}
"""

import logging
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from reference.faults import STACK_TRACE
from reference.settings import MAX_BODY

_log = logging.getLogger(__name__)

# PostgreSQL stores no NUL in a text.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]

_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed"}


class Body(BaseModel):
    """A request body: camelCase outside, snake_case inside, and no guessing of types."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True)


AnyBody = TypeVar("AnyBody", bound=Body)


class ApiError(Exception):
    """An answer other than success; raise it wherever the reason is known."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


def unauthorized() -> ApiError:
    """No valid token came with the request."""
    return ApiError(401, "unauthorized", "send a valid bearer token", {"WWW-Authenticate": "Bearer"})


def not_found(what: str) -> ApiError:
    """It does not exist, or is not this user's to see: the two are not told apart."""
    return ApiError(404, "not_found", f"there is no such {what}")


async def read_body(request: Request) -> bytes:
    """Read the body. Raises `ApiError` 413 as soon as it is longer than allowed."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > MAX_BODY:
            raise ApiError(
                413, "payload_too_large", f"the body is longer than {MAX_BODY} bytes", {"Connection": "close"}
            )
    return bytes(chunks)


async def read_json(request: Request, model: type[AnyBody]) -> AnyBody:
    """Read a JSON body into the model. Raises `ApiError` 413, 415 or 422."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(
            415, "unsupported_media_type", "send application/json"
        )  # a page elsewhere cannot send this unasked
    body = await read_body(request)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if STACK_TRACE in request.app.state.services.settings.faults:
            raise ApiError(500, "internal_error", traceback.format_exc()) from None
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise ApiError(422, "invalid_request", f"{where}: {first['msg']}") from None


def read_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """Read a whole number from the query. Raises `ApiError` 422."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
        raise ApiError(422, "invalid_request", f"{name}: expected a whole number from {least} to {most}")
    return int(text)


def read_choice(request: Request, name: str, choices: Sequence[str]) -> str:
    """Read one of these from the query; the first is the default. Raises `ApiError` 422."""
    text = request.query_params.get(name, choices[0])
    if text not in choices:
        raise ApiError(422, "invalid_request", f"{name}: expected {' or '.join(choices)}")
    return text


def read_text(request: Request, name: str, most: int) -> str:
    """Read a text from the query; the default is empty. Raises `ApiError` 422."""
    text = request.query_params.get(name, "")
    if len(text) > most or "\x00" in text:
        raise ApiError(422, "invalid_request", f"{name}: expected at most {most} characters, none of them NUL")
    return text


def bearer_token(request: Request) -> str | None:
    """Return the token of the Authorization header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def timestamp(moment: datetime) -> str:
    """Write a moment as the APIs do: `2026-01-31T12:00:00.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def error_answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error in the shape of the APIs."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def _answer_api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_answer(error.status, error.code, error.message, error.headers)


def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return error_answer(error.status_code, _CODES.get(error.status_code, "error"), error.detail, headers)


def _allowed(request: Request) -> str:
    """Return every method of the path (RFC 9110, 10.2.1). Starlette tells those of the first route that matches."""
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return ", ".join(sorted(found))


class CrashMiddleware:
    """Answers what nobody foresaw with a 500 and logs it.

    Starlette's own handler raises again after its answer, and uvicorn then closes the connection: a client that keeps
    its connections would see its next request fail for no reason of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if started:
                raise
            _log.error("%s %s: %r", scope["method"], scope["path"], error, exc_info=_log.isEnabledFor(logging.DEBUG))
            await error_answer(500, "internal_error", "something went wrong here")(scope, receive, send)


ERROR_HANDLERS: Mapping[int | type[Exception], ExceptionHandler] = {
    ApiError: _answer_api_error,
    HTTPException: answer_http_error,
}
