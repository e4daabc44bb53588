"""The checks of services: what they make of answers that say nothing about the deployment."""

import json
from typing import Any

import pytest

from performance.backend import test_api, test_database
from postflight.checks.database import Watched
from postflight.errors import NotEnoughEvidence, UnexpectedAnswer
from postflight.flow import Response
from postflight.model import Deployment, Quantity, Unit
from postflight.probes.pace import require_answer


def answer(status: int = 200, body: object = None) -> Response:
    return Response(status, (), json.dumps(body).encode(), "http://x.test/api", 0.01)


def test_lists_that_do_not_heed_their_limit_tell_nothing_about_an_item() -> None:
    everything = answer(body={"projects": [{"id": str(number)} for number in range(20)]})
    unused: Any = None
    with pytest.raises(NotEnoughEvidence, match="1 and 20 projects were asked for, and 20 and 20 came"):
        test_api.test_a_list_costs_little_for_each_item(
            "token",
            lambda _count: [],
            lambda _first, _second, pairs: [0.0] * pairs,
            run=unused,
            ask=lambda _request: everything,
            broken=lambda _measurement: None,
            measure=lambda *_, **__: unused,
        )


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
