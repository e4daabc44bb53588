"""VEL-S3, VEL-S8, P13-X5: every operation on an object, asked by everybody who does not own it."""

import time
from collections.abc import Callable

import pytest

from platforms.velocity import Velocity
from postflight.checks import tokens
from postflight.checks.invariants import isolation
from postflight.checks.invariants.exchange import Exchange
from postflight.checks.invariants.isolation import Actor
from postflight.checks.invariants.promises import Promise, Promises
from postflight.checks.openapi.reading import read
from postflight.model import Account, Deployment
from postflight.probes.client import Client

from .caller import Caller
from .conftest import DOCUMENT, Hold, NewProject
from .resources import BODIES, FILE, OF_PREVIEWS, PREVIEW, PROJECT

pytestmark = [
    pytest.mark.contract,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-S3", "P13-X5"),
    pytest.mark.needs("create", "fuzz"),
]

ODD = {"an empty token": "Bearer", "the token `null`": "Bearer null", "the token `undefined`": "Bearer undefined"}


def of_objects(promises: Promises, *, previews: bool) -> list[str]:
    """Return the operations on one object: those with a parameter in their path."""
    keyed = [one.id for one in promises.by_id.values() if one.protected and one.keys]
    return [one for one in keyed if (one in OF_PREVIEWS) is previews]


_PROMISES = Promises.of(read(DOCUMENT.read_bytes(), DOCUMENT.name))


@pytest.fixture(scope="session")
def signed_out(api: Client, platform: Velocity, account: Callable[[str], Account], promises: Promises) -> str:
    """A token whose owner has signed out."""
    token = api.run(platform.sign_in(account("primary")))
    Caller(api, promises, token)("signOut").response.expect(200, 204)
    return token


@pytest.fixture(scope="session")
def actors(deployment: Deployment, token: str, other_token: str, signed_out: str) -> tuple[Actor, ...]:
    """Everybody who owns nothing here. Who has a token comes last: what they break, nobody else can show any more."""
    key = deployment.secrets.get("jwt_key")
    expired = tokens.expired(token, now=int(time.time()), key=key.reveal().encode() if key else None)
    forged = [Actor(f"somebody with a forged token ({kind})", one) for kind, one in tokens.tampered(token).items()]
    return (
        Actor("somebody without a token", None),
        *forged,
        *((Actor("somebody with an expired token", expired),) if expired else ()),
        Actor("somebody who has signed out", signed_out),
        Actor("another user", other_token, known=True),
    )


def _try(
    promise: Promise, call: Caller, actors: tuple[Actor, ...], keys: dict[str, str], shown: tuple[str, ...], hold: Hold
) -> None:
    body = BODIES.get(promise.id)
    for kind, header in ODD.items():
        tried = Caller(call.api, call.promises)(promise.id, body, headers={"Authorization": header}, **keys)
        hold(isolation.be_refused(Actor(f"somebody with {kind}", None), promise, tried, shown))
    for actor in actors:
        tried = Caller(call.api, call.promises, actor.token)(promise.id, body, **keys)
        hold(isolation.be_refused(actor, promise, tried, shown))


@pytest.mark.parametrize("target", of_objects(_PROMISES, previews=False))
def test_nobody_else(call: Caller, actors: tuple[Actor, ...], new_project: NewProject, target: str, hold: Hold) -> None:
    """Others are refused, and change nothing"""
    project = new_project(description="of the primary account").response.expect(200, 201).json_object().value
    keys = {"id": PROJECT.id_of(project), "path": "index.html"}
    before = _everything(call, keys)
    _try(call.promises[target], call, actors, keys, (str(project["name"]),), hold)
    for one, later in zip(before, _everything(call, keys), strict=True):
        hold(isolation.be_untouched(one, later, call.promises[target]))


def _everything(call: Caller, keys: dict[str, str]) -> tuple[Exchange, ...]:
    return call(PROJECT.read, id=keys["id"]), call(FILE.list, id=keys["id"]), call(FILE.read, **keys)


def test_lists_show_ones_own(call_as_other: Caller, project: str, hold: Hold) -> None:
    """Another user's list does not show our projects"""
    for query in ({"limit": 100}, {}):
        hold(isolation.be_hidden(call_as_other(PROJECT.list, query=query), {project: PROJECT.name}))


def test_previews_of_others_cannot_be_started(call_as_other: Caller, project: str, hold: Hold) -> None:
    """Nobody starts a preview of another user's project"""
    tried = call_as_other(PREVIEW.create, {"projectId": project})
    try:
        hold(
            isolation.be_refused(
                Actor("another user", None, known=True), call_as_other.promises[PREVIEW.create], tried, ()
            )
        )
    finally:
        if tried.status == 200:
            call_as_other(PREVIEW.delete, sessionId=PREVIEW.id_of(tried.object))


OF_THE_POOL = (pytest.mark.covers("VEL-S8"), pytest.mark.xdist_group("previews"))


@pytest.mark.parametrize(
    "target", [pytest.param(one, marks=OF_THE_POOL) for one in of_objects(_PROMISES, previews=True)]
)
def test_nobody_else_reaches_previews(
    call: Caller, actors: tuple[Actor, ...], preview: str, target: str, hold: Hold
) -> None:
    """Others are refused, and the preview lives on"""
    _try(call.promises[target], call, actors, {"sessionId": preview}, (), hold)
    later = call(PREVIEW.read, sessionId=preview)
    assert later.object.get("status") in ("creating", "active"), f"the preview is {later.object.get('status')}"


@pytest.mark.covers("VEL-S8")
@pytest.mark.xdist_group("previews")
def test_preview_lists_show_ones_own(call_as_other: Caller, preview: str, hold: Hold) -> None:
    """Another user's list does not show our previews"""
    hold(isolation.be_hidden(call_as_other(PREVIEW.list), {preview: PREVIEW.name}))
