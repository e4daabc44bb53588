"""The checks of services: what they make of answers that say nothing about the deployment."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from performance.backend import test_api, test_database
from postflight.checks.database import Watched
from postflight.errors import BudgetBroken, NotEnoughEvidence, UnexpectedAnswer
from postflight.flow import Response
from postflight.model import Deployment, Quantity, Secret, Unit
from postflight.probes.pace import require_answer
from postflight.redact import Redactor


def answer(status: int = 200, body: object = None) -> Response:
    return Response(status, (), json.dumps(body).encode(), "http://x.test/api", 0.01)


def listed(short: int, long: int, differ: float) -> dict[str, Any]:
    """What the check of lists is given: how long they are, and by how much the longer one takes longer."""
    told = iter([short, long])
    return {
        "token": "token",
        "make_projects": lambda _count: [],
        "time_pairs": lambda _first, _second, pairs: [differ] * pairs,
        "ask": lambda _request: answer(body={"projects": [{}] * next(told)}),
    }


def test_lists_that_do_not_heed_their_limit_tell_nothing_about_an_item() -> None:
    unused: Any = None
    with pytest.raises(NotEnoughEvidence, match="1 and 20 projects were asked for, and 20 and 20 came"):
        test_api.test_a_list_costs_little_for_each_item(
            **listed(20, 20, 0.0), run=unused, broken=unused, measure=unused
        )


def test_what_was_measured_counts_also_when_the_database_does_not_tell_why() -> None:
    secrets = {"database_url": Secret("DATABASE_URL", "postgresql://127.0.0.1:9/platform")}
    deployment = Deployment("p", "e", "http://x.test", known=True, secrets=secrets)
    run: Any = SimpleNamespace(deployment=deployment, redactor=Redactor())
    causes: list[str] = []

    def measure(_metric: str, *_values: float, cause: str, **_: object) -> Any:
        causes.append(cause)

    test_api.test_a_list_costs_little_for_each_item(
        **listed(1, 20, 1.9), run=run, broken=lambda _measurement: BudgetBroken("too slow"), measure=measure
    )
    assert causes[0].startswith("the database did not tell why: the database cannot be asked")


def test_a_database_that_was_not_asked_passes_no_check() -> None:
    with pytest.raises(NotEnoughEvidence, match="60 requests to the API led to 2 transactions here"):
        test_database._require_service(Watched(60, (0, 0, 0, 0, 0), 0, 100, transactions=2, active=0.1))


@pytest.mark.parametrize(("limits", "share"), [({}, 0.9), ({"database_connections": Quantity(50, Unit.COUNT)}, 0.2)])
def test_a_server_that_other_databases_fill_has_no_connections_left(limits: dict[str, Quantity], share: float) -> None:
    seen = Watched(60, (10, 10, 10, 10, 10), 10, 100, transactions=60, active=None, elsewhere=80)
    measured: list[float] = []
    deployment = Deployment("p", "e", "http://x.test", known=True, limits=limits)

    def measure(_metric: str, *values: float, **_: object) -> Any:
        measured.extend(values)

    test_database.test_database_has_connections_left(seen, deployment, measure)
    assert measured == [pytest.approx(share)]


def test_who_is_asked_too_often_is_not_at_fault() -> None:
    assert require_answer(answer(302)).status == 302
    with pytest.raises(NotEnoughEvidence, match="429"):
        require_answer(answer(429))
    with pytest.raises(UnexpectedAnswer, match="status 503"):
        require_answer(answer(503))
