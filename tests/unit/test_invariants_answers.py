"""Laws of refusals, of HTTP, of health and of who may what: each with an answer that keeps it and one that does not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postflight.checks.invariants import health, isolation, protocol, rare, refusals
from postflight.checks.invariants.conformance import Conformance
from postflight.checks.invariants.isolation import Actor
from postflight.checks.invariants.promises import Promises
from postflight.checks.openapi.document import BadDocument
from postflight.checks.openapi.reading import from_values, read
from tests.exchanges import exchange, laws

DOCUMENT = Path(__file__).parents[2] / "contract" / "velocity.openapi.yaml"
ERROR = {"error": {"code": "not_found", "message": "no"}}
HTML = {"content-type": "text/html"}
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def promises() -> Promises:
    return Promises.of(read(DOCUMENT.read_bytes(), "velocity"))


def test_errors_have_one_shape() -> None:
    good = [exchange(status=404, body=ERROR), exchange(status=422, body={"error": {"code": "x", "message": "y"}})]
    assert laws(refusals.have_one_shape(good)) == []
    assert laws(refusals.have_one_shape([*good, exchange(status=500, body={"message": "y"})])) == ["error-shape"]
    assert laws(refusals.have_one_shape([*good, exchange(status=405, body="<h1>", headers=HTML)])) == ["error-not-json"]


@pytest.mark.parametrize(
    ("message", "law"),
    [
        ("no such project", []),
        ('Traceback (most recent call last):\n  File "/srv/app.py", line 3', ["error-traceback"]),
        ("insert into projects (name) values ($1)", ["error-database"]),
        ("see /srv/velocity/reference/web/projects.py", ["error-source-path"]),
    ],
)
def test_errors_keep_the_inside(message: str, law: list[str]) -> None:
    assert laws(refusals.keep_the_inside([exchange(status=404, body={"error": {"message": message}})])) == law


@pytest.mark.parametrize(("status", "law"), [(422, []), (404, []), (201, ["accepted"]), (500, ["crash"])])
def test_mistakes_are_refused(status: int, law: list[str]) -> None:
    assert laws(refusals.be_refused(exchange(status=status), "a wrong body")) == law


@pytest.mark.parametrize(("status", "law"), [(404, []), (200, ["missing-found"]), (500, ["crash"])])
def test_nothing_is_not_found(status: int, law: list[str]) -> None:
    assert laws(refusals.be_found_missing(exchange(status=status), "nothing")) == law


def test_signing_in() -> None:
    refused = exchange(status=401, body=ERROR, headers={"www-authenticate": "Bearer"})
    assert laws(refusals.challenge(refused)) == laws(refusals.tell_alike(refused, refused)) == []
    assert laws(refusals.challenge(exchange(status=401, body=ERROR))) == ["no-challenge"]
    for other in (exchange(status=404, body=ERROR), exchange(status=401, body={}), exchange(status=401, body=ERROR)):
        assert laws(refusals.tell_alike(other, refused)) == ["user-enumeration"]


def test_head() -> None:
    get = exchange("GET /a", 200, {"a": 1})
    assert laws(protocol.match_get(get, exchange("HEAD /a", 200, headers={"content-type": "application/json"}))) == []
    assert laws(protocol.match_get(get, exchange("HEAD /a", 405))) == ["head-differs"]
    assert laws(protocol.match_get(get, exchange("HEAD /a", 200, headers=HTML))) == ["head-differs"]


@pytest.mark.parametrize(
    ("status", "allow", "law"),
    [
        (405, "GET, HEAD, POST", []),
        (405, None, ["allow-missing"]),
        (405, "GET, PUT", ["allow-wrong"]),
        (405, "GET, PATCH", ["allow-wrong"]),
        (200, None, ["method-taken"]),
        (404, None, ["method-not-refused"]),
        (500, None, ["crash"]),
    ],
)
def test_wrong_methods(status: int, allow: str | None, law: list[str]) -> None:
    tried = exchange("PUT /a", status, headers={"allow": allow} if allow else {})
    assert laws(protocol.allow_truly(tried, frozenset({"GET", "POST"}))) == law


@pytest.mark.parametrize(
    ("cache", "law"),
    [("no-store", []), ("private, max-age=5", []), ("public, max-age=5", ["private-cached"]), ("", ["private-cached"])],
)
def test_private_answers(cache: str, law: list[str]) -> None:
    assert laws(protocol.stay_private(exchange(headers={"cache-control": cache}))) == law


def test_negotiation() -> None:
    vary = {"vary": "Accept"}
    page = exchange(status=404, body="<h1>", headers={**HTML, **vary})
    assert laws(protocol.answer_programs(exchange(status=404, body=ERROR, headers=vary), page)) == []
    assert laws(protocol.answer_programs(exchange(status=404, body=ERROR), page)) == ["vary-missing"]
    assert laws(protocol.answer_programs(page)) == ["accept-ignored"]


@pytest.mark.parametrize(
    ("known", "status", "body", "law"),
    [
        (True, 404, ERROR, []),
        (True, 200, {}, ["reached-by-others"]),
        (True, 401, ERROR, ["refused-wrongly"]),
        (True, 404, {"name": "mine"}, ["refusal-tells"]),
        (False, 401, ERROR, []),
        (False, 204, None, ["reached-without-token"]),
        (False, 500, ERROR, ["refused-wrongly"]),
    ],
)
def test_isolation(promises: Promises, known: bool, status: int, body: object, law: list[str]) -> None:
    actor = Actor("somebody", None, known)
    assert (
        laws(isolation.be_refused(actor, promises["readProject"], exchange(status=status, body=body), ("mine",))) == law
    )


def test_refusals_have_no_effect_and_lists_hide(promises: Promises) -> None:
    one, other = exchange(body={"a": 1}), exchange(body={"a": 2})
    assert laws(isolation.be_untouched(one, one, promises["readProject"])) == []
    assert laws(isolation.be_untouched(one, other, promises["readProject"])) == ["refused-with-effect"]
    assert laws(isolation.be_hidden(one, {"id-1": "thing"})) == []
    assert laws(isolation.be_hidden(exchange(body=["id-1"]), {"id-1": "thing"})) == ["listed-to-others"]


def test_rare_errors() -> None:
    good = [exchange(body={"a": 1})] * 98
    assert rare.calls_needed(0.01, 0.99) == 459
    assert laws(rare.be_alike(good)) == []
    assert laws(rare.be_alike([*good, exchange(status=500)])) == ["rare-error"]
    assert laws(rare.be_alike([exchange(body={"a": 2}), *good])) == ["rare-difference"]


def is_healthy(**changes: object) -> dict[str, object]:
    return {"status": "healthy", "checks": {"database": "healthy"}, "timestamp": NOW.isoformat(), **changes}


@pytest.mark.parametrize(
    ("status", "body", "law"),
    [
        (200, is_healthy(), []),
        (503, is_healthy(status="degraded", checks={"database": "unhealthy"}), []),
        (200, is_healthy(checks={"database": "unhealthy"}), ["health-contradicts"]),
        (200, is_healthy(checks=[{"service": "database", "status": "unhealthy"}]), ["health-contradicts"]),
        (200, is_healthy(status="degraded"), ["health-200"]),
        (503, is_healthy(), ["health-contradicts"]),
    ],
)
def test_health_is_consistent(status: int, body: object, law: list[str]) -> None:
    assert laws(health.be_consistent(exchange(status=status, body=body))) == law


def test_health_is_true_and_of_now() -> None:
    good, sick = exchange(body=is_healthy()), exchange(body=is_healthy(checks={"database": "unhealthy"}))
    works, broken = exchange(), exchange(status=500)
    assert laws(health.be_true(good, "database", works)) == laws(health.be_true(sick, "database", broken)) == []
    assert (
        laws(health.be_true(good, "database", broken))
        == laws(health.be_true(sick, "database", works))
        == ["health-lies"]
    )
    assert laws(health.be_true(sick, "database", works, only_needs=False)) == []
    later = exchange(body=is_healthy(timestamp=(NOW + timedelta(seconds=1)).isoformat()))
    assert laws(health.be_fresh(good, later, NOW)) == []
    assert laws(health.be_fresh(good, good, NOW)) == ["health-frozen"]
    assert laws(health.be_fresh(good, later, NOW + timedelta(hours=1))) == ["health-frozen"]


def test_answers_are_held_against_the_document(promises: Promises) -> None:
    conformance = Conformance(promises)
    version = {"x-velocity-version": "1"}
    project = {
        "id": "6f1c2a52-3a0c-4a53-9a3e-2f4b8f0f6d11", "name": "n", "description": "",
        "createdAt": "2026-01-31T12:00:00Z", "updatedAt": "2026-01-31T12:00:00Z",
    }  # fmt: skip

    def told(status: int, body: object, headers: dict[str, str] | None = None) -> list[str]:
        return laws(conformance.violations(exchange("GET /p", status, body, headers or version, "readProject")))

    assert told(200, project) == []
    assert told(200, {key: value for key, value in project.items() if key != "name"}) == ["field-missing"]
    assert told(200, {**project, "secret": 1}) == ["field-undocumented"]
    assert told(200, {**project, "description": None}) == ["null-undocumented"]
    assert told(200, {**project, "description": 5}) == ["type-wrong"]
    assert told(200, {**project, "createdAt": "2026-01-31 12:00:00"}) == ["format-wrong"]
    assert told(200, {**project, "id": "5"}) == ["format-wrong"]
    assert told(203, project) == ["status-undocumented"]
    assert told(500, ERROR) == ["crash"]
    assert told(200, "<h1>", {**version, **HTML}) == ["content-type"]
    assert told(200, project, {"x": "y"}) == ["header-missing"]
    [leak] = conformance.violations(exchange("GET /p", 200, {**project, "hash": "5a5a5a"}, version, "readProject"))
    assert ("'hash'" in leak.cause, "5a5a5a" in f"{leak.cause}{leak.seen}") == (True, False)
    gone = exchange("GET /p", 404, ERROR, version, "readProject")
    assert laws(conformance.success(gone)) == ["operation-gone"]


def test_promises_are_read_from_the_document(promises: Promises) -> None:
    listing = promises["listProjects"]
    assert (listing.default("limit"), listing.default("nothing"), listing.choices("order")) == (
        20,
        None,
        ("desc", "asc"),
    )
    file = promises["readFile"]
    assert file.keys == ("id", "path")
    assert file.address({"id": "1", "path": "a/b c"}, {"x": 1}) == "/api/projects/1/files/a/b%20c?x=1"
    assert promises["createProject"].body_field("description")["default"] == ""
    assert promises.methods_of("/api/projects") == {"GET", "POST"}
    assert (promises["readHealth"].protected, listing.protected) == (False, True)
    with pytest.raises(BadDocument, match="there is no operationId 'nothing'"):
        promises["nothing"]
    nameless = from_values({"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {}}}}}, "d")
    with pytest.raises(BadDocument, match="has no operationId"):
        Promises.of(nameless)
