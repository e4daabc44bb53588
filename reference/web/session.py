"""Who makes a request: signing in and out, and the token of each request after that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.answers import ApiError, Body, Text, bearer_token, read_json, timestamp, unauthorized
from reference.auth import Claims, InvalidToken, verify_password
from reference.database import Connection, fetch_one
from reference.faults import (
    BROKEN_LOGIN,
    COOKIE_BROAD_DOMAIN,
    COOKIE_NO_HTTPONLY,
    COOKIE_NO_SAMESITE,
    COOKIE_NOT_SECURE,
    COOKIE_SAMESITE_NONE,
    NO_RATE_LIMIT,
    SIGNED_OUT_TOKEN_LIVES,
    WEAK_LOGIN,
    Fault,
)
from reference.services import Services, services_of
from reference.web.attempts import FailedAttempts

COOKIE = "velocity_session"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Login(Body):
    """The credentials of a person."""

    email: Text
    password: Text


@dataclass(frozen=True, slots=True)
class User:
    """Who makes a request, and what their token says."""

    id: UUID
    claims: Claims


def find_user(request: Request) -> User | None:
    """Return who makes this request, by bearer token or by cookie, or None for a stranger."""
    services = services_of(request)
    token = bearer_token(request) or request.cookies.get(COOKIE)
    if token is None:
        return None
    try:
        claims = services.tokens.verify(token)
    except InvalidToken:
        return None
    return User(claims.user_id, claims) if claims.user_id else None


def require_user(request: Request) -> User:
    """Return who makes this request. Raises `ApiError` 401 for a stranger, 403 for a page that is not ours."""
    user = find_user(request)
    if user is None:
        raise unauthorized()
    # A cookie comes along with requests of foreign pages, and SameSite lets previews pass: only their port differs.
    by_cookie = bearer_token(request) is None
    ours = services_of(request).addresses.web
    if by_cookie and request.method not in _SAFE_METHODS and request.headers.get("origin", ours) != ours:
        raise ApiError(403, "forbidden_origin", "requests from other origins need a bearer token")
    return user


@asynccontextmanager
async def rows_of(request: Request, user: User, shown_to_all: Fault) -> AsyncIterator[Connection]:
    """Open a transaction that sees this user's rows; with the fault, everybody's: somebody took the service's key."""
    services = services_of(request)
    planted = shown_to_all in services.settings.faults
    async with services.database.service() if planted else services.database.user(user.id) as connection:
        yield connection


async def _login(request: Request) -> Response:
    services = services_of(request)
    faults = services.settings.faults
    credentials = await read_json(request, Login)
    attempts: FailedAttempts = request.app.state.attempts
    if (wait := attempts.wait(credentials.email.lower())) and NO_RATE_LIMIT not in faults:
        raise ApiError(429, "too_many_attempts", "wait before you try again", {"Retry-After": str(wait)})
    async with services.database.service() as connection:
        user = await fetch_one(
            connection, "select id, email, password_hash from users where email = %s", [credentials.email.lower()]
        )
    matches = await verify_password(credentials.password, user["password_hash"] if user else None)
    if user is None or not (matches or WEAK_LOGIN in faults):
        attempts.note(credentials.email.lower())
        raise ApiError(401, "invalid_credentials", "e-mail or password is wrong")
    if BROKEN_LOGIN in faults:
        raise ApiError(500, "internal_error", "planted: broken-login")
    token, expires_at = services.tokens.issue_user(user["id"], user["email"])
    body = {
        "token": token,
        "expiresAt": timestamp(expires_at),
        "user": {"id": str(user["id"]), "email": user["email"]},
    }
    answer = JSONResponse(body)
    _set_cookie(answer, token, expires_at, services)
    return answer


def _set_cookie(answer: Response, token: str, expires_at: datetime, services: Services) -> None:
    faults = services.settings.faults
    same_site: Literal["lax", "none"] | None = "none" if COOKIE_SAMESITE_NONE in faults else "lax"
    answer.set_cookie(
        COOKIE,
        token,
        expires=expires_at,
        httponly=COOKIE_NO_HTTPONLY not in faults,
        samesite=None if COOKIE_NO_SAMESITE in faults else same_site,
        secure=services.settings.tls and not {COOKIE_NOT_SECURE, COOKIE_SAMESITE_NONE} & faults,
        domain="localhost" if COOKIE_BROAD_DOMAIN in faults else None,
    )


async def _logout(request: Request) -> Response:
    user = require_user(request)
    services = services_of(request)
    if SIGNED_OUT_TOKEN_LIVES not in services.settings.faults:
        services.tokens.revoke(user.claims)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=services.settings.tls)
    return answer


ROUTES = [
    Route("/api/auth/login", _login, methods=["POST"]),
    Route("/api/auth/logout", _logout, methods=["POST"]),
]
