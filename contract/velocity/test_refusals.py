"""VEL-S3, P13-X5: what breaks the contract is refused with a 4xx, in one shape, and without a word about the inside."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from postflight.checks.invariants import protocol, refusals
from postflight.checks.invariants.exchange import Exchange
from postflight.checks.invariants.promises import Promises
from postflight.flow import Request

from .caller import WEB, Caller
from .conftest import Hold
from .resources import FILE, PROJECT

pytestmark = [pytest.mark.contract, pytest.mark.platform("velocity"), pytest.mark.covers("VEL-S3")]
writing = pytest.mark.needs("create", "fuzz")

JSON_TYPE = {"Content-Type": "application/json"}
NOBODYS = "00000000-0000-4000-8000-000000000000"
NO_IDS = ("0", "no-id", "6f1c2a52", "%00", "..%2f..%2fetc", f"{NOBODYS}0", "null")
UNDOCUMENTED = ("PUT", "PATCH", "DELETE", "POST")
MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class Wrong:
    """A body that breaks the contract, and what is wrong with it."""

    what: str
    content: bytes
    headers: dict[str, str]


def _json(what: str, value: Any) -> Wrong:
    return Wrong(what, json.dumps(value).encode(), JSON_TYPE)


def wrong_bodies(name: str) -> tuple[Wrong, ...]:
    """Return bodies for creating a project; those that may be accepted by mistake carry the name."""
    return (
        Wrong("an empty body", b"", JSON_TYPE),
        Wrong("a body that is no JSON", b'{"name": ', JSON_TYPE),
        Wrong("a body that is no UTF-8", b'{"name": "\xff"}', JSON_TYPE),
        Wrong("a body of another type", json.dumps({"name": name}).encode(), {"Content-Type": "text/plain"}),
        _json("null as body", None),
        _json("a list as body", [{"name": name}]),
        _json("a body without a name", {}),
        _json("null as name", {"name": None}),
        _json("a number as name", {"name": 5}),
        _json("a truth value as name", {"name": True}),
        _json("a list as name", {"name": [name]}),
        _json("an object as name", {"name": {"name": name}}),
        _json("an empty name", {"name": ""}),
        _json("a name beyond its limit", {"name": name.ljust(MOST_NAME + 1, "x")}),
        _json("U+0000 in a name", {"name": f"{name}\0"}),
        _json("a description beyond its limit", {"name": name, "description": "x" * 2001}),
        _json("a number as description", {"name": name, "description": 5}),
        Wrong("half a surrogate pair in a name", f'{{"name": "{name}\\ud800"}}'.encode(), JSON_TYPE),
        Wrong("JSON that is very deep", b'{"name": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", JSON_TYPE),
    )


@writing
def test_wrong_bodies_are_refused(call: Caller, unique: Callable[[], str], hold: Hold) -> None:
    """A new project is refused when its body breaks the contract"""
    for wrong in wrong_bodies(unique()):
        hold(refusals.be_refused(call(PROJECT.create, content=wrong.content, headers=wrong.headers), wrong.what))


@writing
def test_wrong_changes_are_refused(call: Caller, project: str, unique: Callable[[], str], hold: Hold) -> None:
    """A change is refused when its body breaks the contract"""
    for wrong in wrong_bodies(unique()):
        if wrong.what not in ("a body without a name", "null as name"):  # both are allowed in a change
            tried = call(PROJECT.change, content=wrong.content, headers=wrong.headers, id=project)
            hold(refusals.be_refused(tried, wrong.what))


@writing
def test_what_is_not_there_is_not_found(call: Caller, hold: Hold) -> None:
    """Ids of nothing, and texts that are no ids, are not found"""
    tried = [
        call(PROJECT.read, id=NOBODYS),
        call(FILE.list, id=NOBODYS),
        call(FILE.read, id=NOBODYS, path="index.html"),
    ]
    for one in tried:
        hold(refusals.be_found_missing(one, f"{one.operation} of nothing"))
    for text in NO_IDS:
        one = call.send(Request("GET", WEB, f"/api/projects/{text}", token=call.token), PROJECT.read)
        hold(refusals.be_found_missing(one, f"the id {text!r}"))


@writing
def test_wrong_queries_are_refused(call: Caller, hold: Hold) -> None:
    """Parameters of the list that break the contract are refused"""
    for name, values in {
        PROJECT.limit: ("0", "-1", "101", "x", "1.5", "99999999999999999999"),
        PROJECT.offset: ("-1", "x", "99999999999999999999"),
        PROJECT.sort: ("nothing", "name;drop", ""),
        PROJECT.order: ("up",),
        PROJECT.search: ("\0", "x" * 101),
    }.items():
        for value in values:
            hold(refusals.be_refused(call(PROJECT.list, query={name: value}), f"{name}={value[:30]!r}"))


def test_errors_are_alike(call: Caller, call_as_stranger: Caller, hold: Hold) -> None:
    """Errors of reading have one shape, tell nothing of the inside, and say how to sign in"""
    _alike(_errors_of_reading(call, call_as_stranger), hold)


@writing
@pytest.mark.covers("P13-X5")
def test_errors_of_writing_are_alike(
    call: Caller, call_as_stranger: Caller, unique: Callable[[], str], hold: Hold
) -> None:
    """Errors of writing have the shape of all others, and tell nothing of the inside"""
    errors = [
        *_errors_of_reading(call, call_as_stranger),
        call(PROJECT.change, {"name": unique()}, id=NOBODYS),
        call(PROJECT.delete, id=NOBODYS),
        call(FILE.write, {"content": ""}, id=NOBODYS, path="a"),
        call(FILE.write, {"content": ""}, id=NOBODYS, path="..%2fa"),
        call(PROJECT.list, method="PUT"),
        call_as_stranger(PROJECT.create, {"name": unique()}),
        *(call(PROJECT.create, content=one.content, headers=one.headers) for one in wrong_bodies(unique())),
    ]
    _alike([one for one in errors if one.status >= 400], hold)


def _errors_of_reading(call: Caller, call_as_stranger: Caller) -> list[Exchange]:
    return [
        call(PROJECT.read, id=NOBODYS),
        call.send(Request("GET", WEB, "/api/postflight-is-not-there", token=call.token)),
        call(PROJECT.list, query={PROJECT.limit: "x"}),
        call_as_stranger(PROJECT.list),
    ]


def _alike(errors: list[Exchange], hold: Hold) -> None:
    hold(refusals.keep_the_inside(errors))
    hold(refusals.have_one_shape(errors))
    for one in errors:
        hold(refusals.challenge(one))


@writing
def test_wrong_methods_are_refused(call: Caller, promises: Promises, hold: Hold) -> None:
    """A method that the contract does not know is refused with 405, and Allow tells the right ones"""
    keys = {"id": NOBODYS, "path": "index.html", "sessionId": NOBODYS}
    for promise in {one.path: one for one in promises.by_id.values()}.values():
        documented = promises.methods_of(promise.path)
        for method in UNDOCUMENTED:
            if method not in documented:
                tried = call.send(Request(method, WEB, promise.address(keys), token=call.token))
                hold(protocol.allow_truly(tried, documented))
