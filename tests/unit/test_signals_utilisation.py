"""How much of its machines a deployment needs: what is old, missing, or no share is never room that is left."""

import json
import math
import re
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from postflight.errors import ConfigError, NotEnoughEvidence, PostflightError, RunnerNetworkError, Unreachable
from postflight.flow import Request, Response
from postflight.model import Deployment, Query, Resources, Secret, Service
from postflight.probes.client import Client
from postflight.signals.utilisation import PATIENCE, SERVICE, Moment, Utilisation
from tests.conftest import serving

NOW = 1_800_000_000.0
SCRAPED = Query("up", "deployments.yaml:7")
MEMORY = Query("1 - last_over_time(free[$window])", "deployments.yaml:8")
RESOURCES = Resources("http://prometheus", SCRAPED, {"memory": MEMORY})
MOMENT = Moment(NOW, 31, frozenset({"a", "b"}))


class Server:
    """Answers as Prometheus does: `up` of two instances, scraped every 15 s, and one answer to all other queries."""

    def __init__(self) -> None:
        self.up = {"a": [(-ago, 1.0) for ago in (95, 35, 20, 5)], "b": [(-ago, 1.0) for ago in (95, 40, 25, 10)]}
        self.shares: list[tuple[dict[str, str], float]] = [({"instance": "a"}, 0.3), ({"instance": "b"}, 0.5)]
        self.answer: Callable[[], Response] | None = None
        self.asked: list[dict[str, str]] = []

    def send(self, request: Request) -> Response:
        assert request.service == SERVICE
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        self.asked.append(query)
        if self.answer:
            return self.answer()
        name, _, window = query["query"].partition("[")
        if name != "up":
            return respond([({"metric": labels} | {"value": [NOW, str(value)]}) for labels, value in self.shares])
        names = {of: {"__name__": "up", "instance": of} for of in self.up}
        if not window:
            return respond(
                [{"metric": names[of], "value": [NOW, str(samples[-1][1])]} for of, samples in self.up.items()]
            )
        since = -float(window.removesuffix("s]"))
        kept = {of: [[NOW + at, str(value)] for at, value in seen if at > since] for of, seen in self.up.items()}
        return respond([{"metric": names[of], "values": values} for of, values in kept.items() if values])


def respond(result: Any, status: int = 200) -> Response:
    body = json.dumps({"status": "success", "data": {"result": result}}).encode()
    return Response(status, (("Date", formatdate(usegmt=True)),), body, "http://prometheus/api/v1/query", 0.01)


@pytest.fixture
def server() -> Server:
    return Server()


class Used:
    """A deployment that is used, and a clock that goes on by it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def use(self) -> None:
        self.seconds += 1

    def clock(self) -> float:
        return self.seconds


def awaited(server: Server, since: float = -60, used: Used | None = None) -> Moment:
    used = used or Used()
    return Utilisation(RESOURCES, server.send, since=NOW + since).await_scrapes(used.use, used.clock)


def shares(server: Server) -> dict[str, float]:
    found = Utilisation(RESOURCES, server.send, since=NOW - 60).shares("memory", MOMENT)
    return {share.labels: share.value for share in found}


def refusal(server: Server, error: type[PostflightError] = NotEnoughEvidence) -> str:
    with pytest.raises(error) as refused:
        shares(server)
    return str(refused.value)


def test_the_window_holds_the_last_scrapes_of_each_target(server: Server) -> None:
    used = Used()
    assert awaited(server, used=used) == Moment(NOW, 41, frozenset({"a", "b"}))
    assert used.seconds == 0, "what was there already needs no waiting"


def test_what_was_scraped_before_this_run_does_not_count(server: Server) -> None:
    used = Used()
    with pytest.raises(NotEnoughEvidence, match=r'instance="b"} has been scraped 2 times since this run began, and 3'):
        awaited(server, since=-38, used=used)
    assert used.seconds == PATIENCE


def test_patience_is_had_once(server: Server) -> None:
    used, utilisation = Used(), Utilisation(RESOURCES, server.send, since=NOW)
    for _ in range(3):
        with pytest.raises(NotEnoughEvidence, match="after 90 s of use"):
            utilisation.await_scrapes(used.use, used.clock)
    assert used.seconds == PATIENCE


def test_a_target_that_is_scraped_in_the_end_is_waited_for(server: Server) -> None:
    used, whole = Used(), server.up["b"]
    server.up["b"] = whole[:-1]

    def use() -> None:
        used.use()
        if used.seconds == 10:
            server.up["b"] = whole

    utilisation = Utilisation(RESOURCES, server.send, since=NOW - 60)
    assert utilisation.await_scrapes(use, used.clock).targets == {"a", "b"}
    assert used.seconds == 10


@pytest.mark.parametrize(
    ("up", "words"),
    [
        ({}, "Prometheus scrapes no up (deployments.yaml:7)"),
        ({"a": [(-35, 1), (-20, 1), (-5, 0)]}, '{instance="a"} could not be scraped: its last value is 0, not 1'),
        ({"a": [(-35, 0), (-20, 0), (-5, 1)]}, '{instance="a"} has been scraped 1 times'),
        ({"a": [(-59, 1), (-58, 1), (-57, 1)]}, '{instance="a"} was scraped every 1 s, and not in the last 57 s'),
    ],
)
def test_targets_that_are_not_seen_are_unknown(
    server: Server, up: dict[str, list[tuple[float, float]]], words: str
) -> None:
    server.up = up
    with pytest.raises(NotEnoughEvidence, match=re.escape(words)):
        awaited(server)


def test_the_largest_share_comes_first_and_is_named(server: Server) -> None:
    assert list(shares(server).items()) == [('{instance="b"}', 0.5), ('{instance="a"}', 0.3)]
    assert server.asked == [{"query": "1 - last_over_time(free[31s])", "time": f"{NOW:.3f}"}]


def test_a_rate_that_is_rounded_beyond_all_is_all(server: Server) -> None:
    server.shares = [({"instance": "a"}, 1.02), ({"instance": "b"}, -0.01)]
    assert sorted(shares(server).values()) == [0, 1]


def test_an_empty_answer_is_unknown(server: Server) -> None:
    server.shares = []
    assert refusal(server) == "deployments.yaml:8: no series has a sample in the last 31 s"


def test_a_target_of_which_nothing_is_told_is_unknown(server: Server) -> None:
    server.shares = [({"instance": "a", "pod": "x"}, 0.3)]
    assert "deployments.yaml:8: of b nothing was told in the last 31 s" in refusal(server)
    server.shares = [({"pod": "x"}, 0.3)]
    assert shares(server) == {'{pod="x"}': 0.3}, "where series are not named by targets, nobody can tell"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_is_unknown(server: Server, value: float) -> None:
    server.shares.append(({"instance": "c"}, value))
    assert f'{{instance="c"}} is {value}: a share of nothing?' in refusal(server)


@pytest.mark.parametrize("value", [45.2, 1.06, -0.2])
def test_what_is_no_share_is_a_mistake_in_the_query(server: Server, value: float) -> None:
    server.shares.append(({"instance": "c"}, value))
    told = refusal(server, ConfigError)
    assert told.startswith(f'deployments.yaml:8: {{instance="c"}} is {value:g}, no share from 0 to 1: divide')


def test_a_series_without_labels_says_nothing_of_anything(server: Server) -> None:
    server.shares = [({}, 0.0)]
    assert "`or vector(0)` is green on nothing" in refusal(server, ConfigError)


def test_a_histogram_is_no_share(server: Server) -> None:
    server.answer = lambda: respond([{"metric": {"instance": "a"}, "histogram": [NOW, {}]}])
    assert "no series has a sample" in refusal(server)


def fail(error: PostflightError) -> Response:
    raise error


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: fail(Unreachable("prometheus refuses connections")), "prometheus refuses connections"),
        (lambda: respond([], 503), "status 503"),
        (lambda: respond([], 401), "status 401"),
        (lambda: respond([NOW, "0.5"]), "something else"),  # a scalar
        (lambda: Response(200, (("Date", formatdate(0)),), b"", "http://prometheus", 0.1), "the clock of Prometheus"),
        (lambda: Response(200, (), b"<html>sign in</html>", "http://prometheus", 0.1), "something else"),
    ],
)
def test_a_prometheus_that_does_not_answer_blames_nobody(
    server: Server, answer: Callable[[], Response], words: str
) -> None:
    server.answer = answer
    assert "nothing is known of its machines" in (told := refusal(server))
    assert words in told
    with pytest.raises(NotEnoughEvidence, match=words):
        awaited(server)


def test_trouble_of_the_runner_is_its_own(server: Server) -> None:
    server.answer = lambda: fail(RunnerNetworkError("no route"))
    assert refusal(server, RunnerNetworkError) == "no route"


@pytest.mark.parametrize("status", [400, 422])
def test_a_query_that_is_refused_is_named_by_its_line(server: Server, status: int) -> None:
    server.answer = lambda: Response(status, (), b'{"error": "1:5: parse error"}', "http://prometheus", 0.1)
    assert refusal(server, ConfigError).startswith("deployments.yaml:8: Prometheus refuses the query with status ")
    with pytest.raises(ConfigError, match=r"deployments\.yaml:7: .*1:5: parse error"):
        awaited(server)


@pytest.mark.parametrize(
    ("token", "sent"), [("t0ken-of-nobody", "Bearer t0ken-of-nobody"), ("FlyV1 fm2_nobody", "FlyV1 fm2_nobody")]
)
def test_a_token_is_sent_and_never_shown(token: str, sent: str) -> None:
    seen: list[str | None] = []

    class Closed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Authorization"])
            content = f"no: {token}".encode()
            self.send_response(403)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with serving(Closed) as url:
        services, secrets = {SERVICE: Service(SERVICE, url)}, {"prometheus_token": Secret("TOKEN", token)}
        deployment = Deployment("p", "e", url, known=True, services=services, secrets=secrets)
        with Client(deployment, "r") as client, pytest.raises(NotEnoughEvidence, match="status 403") as refused:
            Utilisation(RESOURCES, client.send, since=NOW, token=token).await_scrapes(lambda: None)
        assert seen == [sent]
        shown = client.redactor.text(f"{refused.value} {refused.value.facts} {client.log}")
        assert token not in shown


def test_a_prometheus_that_is_down_is_unknown_over_the_wire() -> None:
    services = {SERVICE: Service(SERVICE, "http://127.0.0.1:9")}
    deployment = Deployment("p", "e", "http://127.0.0.1:9", known=True, services=services)
    with Client(deployment, "r") as client, pytest.raises(NotEnoughEvidence, match="refuses connections"):
        Utilisation(RESOURCES, client.send, since=NOW).await_scrapes(lambda: None)
