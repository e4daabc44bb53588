"""Each way to act: what exactly is sent, and what each answer means, above all whether it may have been done."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from postflight.errors import ConfigError
from postflight.model import Secret
from postflight.rollback.actions.facts import key_of
from postflight.rollback.model import Move, Refused, Standing, Unclear
from postflight.rollback.signing import signed_headers, signing_key
from tests.provider_stub import CASE, KEY, SIGNING, TOKEN, Answer, Stub, action, done, stub

GITHUB = {"repository": "acme/shop", "token": "TOKEN"}
PROJECT = {"id": "prj_1", "targets": {"production": {"id": "dpl_new", "createdAt": 3}}}
LISTED = [
    {"uid": "dpl_new", "created": 3, "readyState": "READY"},
    {"uid": "dpl_failed", "created": 2, "readyState": "ERROR"},
    {"uid": "dpl_old", "created": 1, "readyState": "READY"},
    {"uid": "../../evil", "created": 2, "readyState": "READY"},
    {"uid": "dpl_expired", "created": 2, "readyState": "READY", "isRollbackCandidate": False},
]


@pytest.fixture
def provider() -> Iterator[Stub]:
    with stub() as found:
        found.answers["GET /v9/projects/shop"] = Answer(body=PROJECT)
        found.answers["GET /v6/deployments"] = Answer(body={"deployments": LISTED})
        yield found


def words_of(kind: str, url: str, deadline: str = "5 s") -> dict[str, Any]:
    more = {"deadline": deadline}
    return {
        "webhook": {"webhook": {"url": f"{url}/hook", "secret": "HOOK", **more}},
        "workflow": {"workflow": {**GITHUB, "workflow": "rollback.yml", "api": url, **more}},
        "event": {"repository_event": {**GITHUB, "event": "rollback", "api": url, **more}},
        "status": {"deployment_status": {**GITHUB, "deployment": "NUMBER", "api": url, **more}},
        "vercel": {"vercel": {"project": "shop", "token": "TOKEN", "api": url, **more}},
        "request": {
            "request": {"method": "POST", "url": f"{url}/gate", "headers": {"kong-admin-token": "TOKEN"}, **more}
        },
    }[kind]


KINDS = ("webhook", "workflow", "event", "status", "vercel", "request")


# What is sent


def test_a_webhook_is_signed_as_the_standard_says(provider: Stub) -> None:
    done(action(words_of("webhook", provider.url)))
    (asked,) = provider.asked
    assert (asked.method, asked.path) == ("POST", "/hook")
    assert asked.headers["webhook-id"] == KEY
    content = f"{KEY}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    assert asked.headers["webhook-signature"] == f"v1,{hmac_by_hand(base64.b64decode(SIGNING[6:]), content)}"
    told = asked.json
    assert told["type"] == "postflight.rollback"
    assert told["data"]["release"] == "1.5.0"
    assert told["data"]["reason"] == "12 of 100 requests failed"


def hmac_by_hand(key: bytes, content: bytes) -> str:
    """HMAC-SHA256 from its definition (RFC 2104), for a key of at most 64 bytes."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in padded) + content).digest()
    return base64.b64encode(hashlib.sha256(bytes(each ^ 0x5C for each in padded) + inner).digest()).decode()


def test_the_example_of_the_standards_own_libraries_is_signed_alike() -> None:
    body, key = b'{"test": 2432232314}', signing_key(Secret("HOOK", SIGNING))
    found = signed_headers(key, webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=body)
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("value", ["whsec_short", "whsec_no base64 at all!", "whsec_" + "QUFB" * 30])
def test_what_is_no_secret_of_the_standard_is_refused_before_anything_is_judged(value: str) -> None:
    with pytest.raises(ConfigError, match="openssl rand") as error:
        action(words_of("webhook", "http://127.0.0.1:9"), {"HOOK": value})
    assert value not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        ("workflow", "/repos/acme/shop/actions/workflows/rollback.yml/dispatches", {"ref": "main"}),
        (
            "status",
            "/repos/acme/shop/deployments/4711/statuses",
            {
                "state": "failure",
                "description": "Postflight: error_rate asks for immediate_rollback",
                "auto_inactive": False,
            },
        ),
    ],
)
def test_github_is_asked_as_it_documents(provider: Stub, kind: str, path: str, body: object) -> None:
    provider.answers["POST"] = Answer(204)
    done(action(words_of(kind, provider.url)))
    (asked,) = provider.asked
    assert (asked.method, asked.path, asked.json) == ("POST", path, body)
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["accept"] == "application/vnd.github+json"
    assert asked.headers["x-github-api-version"] == "2022-11-28"


def test_a_repository_event_carries_the_facts_in_few_properties(provider: Stub) -> None:
    provider.answers["POST"] = Answer(204)
    done(action(words_of("event", provider.url)))
    (asked,) = provider.asked
    assert asked.path == "/repos/acme/shop/dispatches"
    assert asked.json["event_type"] == "rollback"
    assert len(asked.json["client_payload"]) <= 10
    assert asked.json["client_payload"]["postflight"]["key"] == KEY


@pytest.mark.parametrize(
    ("runs", "standing"),
    [
        ([{"display_title": f"rollback {KEY}", "status": "in_progress"}], Standing.UNDER_WAY),
        ([{"display_title": f"rollback {KEY}", "status": "completed", "conclusion": "success"}], Standing.AFTER),
        ([{"display_title": f"rollback {KEY}", "status": "completed", "conclusion": "failure"}], Standing.UNKNOWN),
        ([{"display_title": "rollback of somebody else", "status": "completed"}], Standing.UNKNOWN),
        ("nonsense", Standing.UNKNOWN),
    ],
)
def test_a_workflow_is_found_again_by_its_key(provider: Stub, runs: object, standing: Standing) -> None:
    words = words_of("workflow", provider.url)
    words["workflow"] |= {"key_input": "key", "inputs": {"to": "previous"}}
    path = "/repos/acme/shop/actions/workflows/rollback.yml"
    provider.answers |= {"POST": Answer(204), f"GET {path}/runs": Answer(body={"workflow_runs": runs})}
    acting = action(words)
    done(acting)
    assert provider.of("POST")[0].json == {"ref": "main", "inputs": {"to": "previous", "key": KEY}}
    assert acting.standing(CASE, Move(""), KEY) is standing


def test_vercel_goes_back_to_the_deployment_that_was_live_before(provider: Stub) -> None:
    provider.answers["POST"] = Answer(201, {})
    words = words_of("vercel", provider.url)
    words["vercel"]["team"] = "team_x"
    acting = action(words)
    move = acting.plan(CASE)
    assert (move.before, move.after) == ("dpl_new", "dpl_old")
    acting.do(CASE, move, KEY)
    (asked,) = provider.of("POST")
    assert asked.path == "/v9/projects/prj_1/rollback/dpl_old?teamId=team_x"
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert all("teamId=team_x" in each.path for each in provider.asked)


@pytest.mark.parametrize(
    ("live", "job", "standing"),
    [
        ("dpl_old", "", Standing.AFTER),
        ("dpl_new", "", Standing.BEFORE),
        ("dpl_new", "pending", Standing.UNDER_WAY),
        ("dpl_new", "in-progress", Standing.UNDER_WAY),
        ("dpl_new", "failed", Standing.BEFORE),
        ("dpl_hotfix", "", Standing.ELSEWHERE),
        (None, "", Standing.UNKNOWN),
    ],
)
def test_vercel_says_where_it_stands(provider: Stub, live: str | None, job: str, standing: Standing) -> None:
    asked = {"toDeploymentId": "dpl_old", "jobStatus": job} if job else None
    told = {"id": "prj_1", "targets": {"production": {"id": live}}, "lastAliasRequest": asked}
    provider.answers["GET /v9/projects/shop"] = Answer(body=told)
    acting = action(words_of("vercel", provider.url))
    assert acting.standing(CASE, Move("", "dpl_new", "dpl_old"), KEY) is standing


@pytest.mark.parametrize(
    ("answers", "release", "says"),
    [
        ({"GET /v6/deployments": {"deployments": LISTED[:2]}}, "1.5.0", "nothing to go back to"),
        ({"GET /v9/projects/shop": {"id": "prj_1"}}, "1.5.0", "points at no deployment"),
        ({}, "dpl_other", "somebody has switched already"),
    ],
)
def test_vercel_refuses_what_cannot_be_gone_back_to(
    provider: Stub, answers: dict[str, Any], release: str, says: str
) -> None:
    provider.answers |= {name: Answer(body=body) for name, body in answers.items()}
    with pytest.raises(Refused, match=says):
        action(words_of("vercel", provider.url)).plan(replace(CASE, release=release))
    assert not provider.of("POST")


def test_a_request_switches_the_gateway_and_its_effect_can_be_seen(provider: Stub) -> None:
    look = {"url": f"{provider.url}/look", "field": "data.host", "after": "spare"}
    words = {
        "method": "PATCH",
        "url": f"{provider.url}/services/api",
        "headers": {"Kong-Admin-Token": "TOKEN"},
        "body": '{"host": "spare"}',
        "verify": look,
    }
    acting = action({"part": "gateway", "request": words})
    assert acting.repeats
    done(acting)
    (asked,) = provider.asked
    assert (asked.method, asked.path, asked.json) == ("PATCH", "/services/api", {"host": "spare"})
    assert (asked.headers["kong-admin-token"], asked.headers["idempotency-key"]) == (TOKEN, KEY)
    for body, standing in (
        ({"data": {"host": "spare"}}, Standing.AFTER),
        ({"data": {"host": "main"}}, Standing.BEFORE),
        ({}, Standing.UNKNOWN),
        (b"<html>", Standing.UNKNOWN),
    ):
        provider.answers["GET /look"] = Answer(body=body)
        assert acting.standing(CASE, Move(""), KEY) is standing


# What an answer means

ECHO = {"message": "{secret} is bad"}
MEANING: dict[str, tuple[Answer, type[Exception], str]] = {
    "401": (Answer(401, ECHO), Refused, "renew it|same there"),
    "403": (Answer(403, ECHO), Refused, "permission"),
    "404": (Answer(404, ECHO), Refused, "check names, team and address"),
    "409": (Answer(409, ECHO), Unclear, "under way"),
    "422": (Answer(422, ECHO), Refused, "compare deployments.yaml|on: workflow_dispatch"),
    "429": (Answer(429, ECHO, {"Retry-After": "3600"}), Refused, "try again after 3600"),
    "500": (Answer(500, ECHO), Unclear, "status page"),
    "503 garbage": (Answer(503, b"<h1>down"), Unclear, "status page"),
    "301": (Answer(301, None, {"Location": "https://elsewhere.example/x"}), Refused, "write the final address"),
    "303": (Answer(303, None, {"Location": "https://elsewhere.example/x"}), Unclear, "write the final address"),
    "closes": (Answer(closes=True), Unclear, "may have done it"),
    "hangs": (Answer(hangs=True), Unclear, "may have done it"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MEANING)
def test_each_answer_means_what_it_says(provider: Stub, kind: str, name: str) -> None:
    answer, means, remedy = MEANING[name]
    secret = SIGNING if kind == "webhook" else TOKEN
    provider.answers["POST"] = replace(answer, body={"message": f"{secret} is bad"}) if answer.body == ECHO else answer
    acting = action(words_of(kind, provider.url, "300 ms" if name == "hangs" else "5 s"))
    with pytest.raises(means, match=remedy) as error:
        done(acting)
    assert secret not in str(error.value) + repr(error.value)
    assert len(provider.of("POST")) == 1, "what may have been done is not repeated here"


@pytest.mark.parametrize("kind", ["workflow", "event", "status", "vercel"])
def test_a_yes_that_is_none_is_unclear(provider: Stub, kind: str) -> None:
    provider.answers["POST"] = Answer(200, b"<html>Please sign in</html>")
    with pytest.raises(Unclear, match="sign-in page"):
        done(action(words_of(kind, provider.url)))


def test_too_many_requests_are_sent_again_once_when_it_says_when(provider: Stub) -> None:
    provider.answers["POST"] = Answer(429, ECHO, {"Retry-After": "0"})
    with pytest.raises(Refused, match="too many requests"):
        done(action(words_of("event", provider.url)))
    assert len(provider.of("POST")) == 2


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "vercel"])
def test_nobody_there_is_refused_for_certain(kind: str) -> None:
    with stub() as gone:
        url = gone.url
    with pytest.raises(Refused, match="nothing was sent"):
        done(action(words_of(kind, url)))


def test_the_key_is_the_same_for_one_release_and_action_only() -> None:
    same = key_of(replace(CASE, run_id="another", trigger="another"), "vercel shop")
    assert same == key_of(CASE, "vercel shop")
    assert len({same, key_of(CASE, "fly shop"), key_of(replace(CASE, release="1.5.1"), "vercel shop")}) == 3


def test_a_variable_with_a_deployments_number_never_shows_what_else_it_holds() -> None:
    with pytest.raises(ConfigError, match="number of GitHub's deployment") as error:
        action(words_of("status", "http://127.0.0.1:9"), {"NUMBER": TOKEN})
    assert TOKEN not in str(error.value)
