"""Recorded calls: filled in, played, held against what they were; the files hold no secret."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from platforms.velocity import Velocity
from postflight.checks.invariants.examples import Call, play, shape_of, still_work
from postflight.commands.contract import contract
from postflight.commands.contract_record import load, write
from postflight.errors import ConfigError, UnexpectedAnswer
from postflight.flow import Response
from tests.exchanges import exchange, laws

CREATE = Call(
    "create", "POST", "/t", {"name": "{run}"}, {"thing": "id"}, status=201, shape={"id": "text", "tags": ["text"]}
)
READ = Call("read", "GET", "/t/{thing}", status=200, shape={"id": "text"})
VALUES = {"run": "r1", "token": "secret"}


def answer(status: int, body: Any) -> Response:
    return exchange(status=status, body=body).response


def played(*answers: Response) -> Any:
    flow, sent = play((CREATE, READ), VALUES), []
    sent.append(next(flow))
    try:
        for one in answers:
            sent.append(flow.send(one))
    except StopIteration as finished:
        return sent, finished.value
    raise AssertionError("the flow wants more answers")


def test_answers_fill_in_later_calls() -> None:
    sent, exchanges = played(answer(201, {"id": "7", "tags": []}), answer(200, {"id": "7"}))
    assert [(one.path, one.json, one.token) for one in sent] == [
        ("/t", {"name": "r1"}, "secret"),
        ("/t/7", None, "secret"),
    ]
    assert laws(still_work((CREATE, READ), exchanges)) == []


@pytest.mark.parametrize(
    ("body", "status", "law"),
    [
        ({"id": "7", "more": 1}, 200, []),
        ({"id": "7"}, 203, ["old-call-fails"]),
        ({"id": "7"}, 404, ["old-call-fails"]),
        ({"id": 7}, 200, ["old-answer-changed"]),
        ({"name": "x"}, 200, ["old-answer-changed"]),
        ([], 200, ["old-answer-changed"]),
    ],
)
def test_old_calls_must_work(body: Any, status: int, law: list[str]) -> None:
    _, exchanges = played(answer(201, {"id": "7", "tags": ["a"]}), answer(status, body))
    assert laws(still_work((CREATE, READ), exchanges)) == law


def test_what_later_calls_need_must_be_there() -> None:
    with pytest.raises(UnexpectedAnswer, match="old-call-fails: POST /t answers 500"):
        played(answer(500, {}))


def test_shapes_hold_no_value() -> None:
    assert shape_of({"a": ["secret"], "b": None, "c": 1, "d": True}) == {
        "a": ["text"], "b": "null", "c": "number", "d": "truth value",
    }  # fmt: skip


def test_recordings_are_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "x" / "t-1.json"
    write(path, (CREATE, READ))
    assert load(path) == (CREATE, READ)
    path.write_text('{"calls": [{"operation": 5}]}')
    with pytest.raises(ConfigError, match="holds no recorded calls"):
        load(path)


def test_nothing_is_recorded_where_nothing_may_be_created() -> None:
    done = CliRunner().invoke(contract, ["record", "--platform", "vibelog", "--environment", "local"])
    assert (done.exit_code, "vibelog/local does not allow to create and fuzz" in done.output) == (30, True)


def test_the_committed_recording_is_of_todays_client() -> None:
    [*_, newest] = sorted((Path(__file__).parents[2] / "contract" / "examples").glob("velocity-*.json"))
    recorded = load(newest)
    assert [(one.operation, one.path, one.body) for one in recorded] == [
        (one.operation, one.path, one.body) for one in Velocity().client_calls()
    ], "record anew: postflight contract record"
    assert "velocity.test" not in json.dumps(json.loads(newest.read_text()))
