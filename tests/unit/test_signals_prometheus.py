"""Prometheus: increases from raw samples, restarts, new series, stale data, and clocks that disagree."""

import json
import re
from collections.abc import Callable
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

import pytest

from postflight.errors import RunnerNetworkError, Unreachable
from postflight.flow import Response
from postflight.signals.counters import Counters, Series
from postflight.signals.prometheus import Prometheus
from postflight.signals.prometheus_api import PrometheusApi
from postflight.signals.reading import Fault, Missing, Reading, Span
from postflight.stats.blocks import Block
from postflight.stats.rules import ErrorRate, Gauge, ResponseTime
from tests.watching import FakeClock

START = 1_800_000_000.0
ERRORS = ErrorRate(name="error_rate.prometheus")
SLOW = ResponseTime(2.0, name="response_time.prometheus")
PREVIEWS = Gauge(name="active_previews")
Samples = list[tuple[float, float]]


def series(samples: Samples, **labels: str) -> Series:
    return Series(tuple(sorted(labels.items())), tuple((START + at, value) for at, value in samples))


def grown(*steps: list[Series]) -> list[float]:
    counters = Counters(since=START)
    return [sum(counters.increases(step).values()) for step in steps]


def test_what_was_counted_before_the_watch_is_a_baseline() -> None:
    assert grown([series([(-20, 100), (-5, 110), (5, 113), (10, 120)], instance="a")]) == [10]


def test_samples_are_counted_once() -> None:
    first, second = series([(-5, 1), (5, 4)], instance="a"), series([(-5, 1), (5, 4), (15, 9)], instance="a")
    assert grown([first], [first], [second]) == [3, 0, 5]


def test_a_restart_counts_from_zero() -> None:
    assert grown([series([(-5, 100), (5, 103), (10, 2), (15, 4)], instance="a")]) == [7]


def test_a_series_that_appears_on_a_known_instance_began_at_zero() -> None:
    good = series([(-5, 100), (5, 110)], instance="a", status="200")
    bad = series([(5, 7)], instance="a", status="500")
    assert grown([good, bad]) == [17]


def test_an_instance_that_appears_is_a_baseline() -> None:
    assert grown([series([(5, 1000), (10, 1003)], instance="b")]) == [3]


class Server:
    """Answers queries from tables, as Prometheus does."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.series: list[tuple[dict[str, str], Samples]] = []
        self.buckets = ["0.5", "2.5", "+Inf"]
        self.skew = 0.0
        self.error: Exception | None = None
        self.answer: Callable[[], Response] | None = None

    async def get(self, url: str) -> Response:
        if self.error:
            raise self.error
        if self.answer:
            return self.answer()
        query = parse_qs(urlsplit(url).query)["query"][0]
        if query.startswith("count by"):
            result = [{"metric": {"le": bound}, "value": [START, "1"]} for bound in self.buckets]
        else:
            name, window = query.partition("{")[0], float(re.findall(r"\[(\d+)s\]", query)[0])
            now = self.clock.wall()
            found = [
                (labels, [(START + at, str(value)) for at, value in samples if now - window < START + at <= now])
                for labels, samples in self.series
                if labels["__name__"] == name and labels.get("le", "2.5") in ("2.5", "+Inf")
            ]
            result = [{"metric": labels, "values": values} for labels, values in found if values]
        body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})
        date = ("Date", formatdate(self.clock.wall() + self.skew, usegmt=True))
        return Response(200, (date,), body.encode(), url, 0.01)

    def add(self, name: str, samples: Samples, **labels: str) -> None:
        self.series.append(({"__name__": name, "instance": "a", "job": "web", **labels}, samples))


def read(setup: Callable[[Server], None], blocks: int = 1, block: float = 10.0) -> list[Reading]:
    clock = FakeClock(START)
    server = Server(clock)
    setup(server)
    api = PrometheusApi("http://prometheus:9090/", server.get, clock)
    source = Prometheus(api, [ERRORS, SLOW], [PREVIEWS], match='job="web"', clock=clock)

    async def run() -> list[Reading]:
        return [await source.read(Span(i + 1, i * block, (i + 1) * block)) for i in range(blocks)]

    return clock.run(run())


def usual(server: Server) -> None:
    times = range(-10, 60, 5)
    server.add("http_requests_total", [(t, 100 + 2 * t) for t in times], status="200")
    server.add("http_requests_total", [(t, 50 + t) for t in times], status="503")
    for bound, slope in (("0.5", 0.5), ("2.5", 1.0), ("+Inf", 3.0)):
        server.add("http_request_duration_seconds_bucket", [(t, 100 + slope * t) for t in times], le=bound)
    server.add("active_preview_sessions", [(t, 4) for t in times], region="iad")
    server.add("active_preview_sessions", [(t, 3) for t in times], region="sfo")


def test_requests_errors_slow_answers_and_previews() -> None:
    for reading in read(usual, blocks=3):
        assert reading.counted == {"error_rate.prometheus": Block(30, 10), "response_time.prometheus": Block(30, 20)}
        assert reading.gauges == {"active_previews": 7.0}
        assert reading.notes == ()


def reasons(readings: list[Reading], number: int = -1) -> str:
    found = [*readings[number].counted.values(), *readings[number].gauges.values()]
    assert all(isinstance(each, Missing) for each in found), found
    return " ".join(each.reason for each in found if isinstance(each, Missing))


def test_stale_data_are_missing() -> None:
    def stops(server: Server) -> None:
        usual(server)
        for _, samples in server.series:
            samples[:] = [(at, value) for at, value in samples if at <= 20]

    readings = read(stops, blocks=4)
    assert readings[1].counted["error_rate.prometheus"] == Block(30, 10)
    assert "no new sample since the last block" in reasons(readings)


def test_blocks_shorter_than_the_scrape_interval_are_missing_in_between_and_lose_nothing() -> None:
    readings = [reading.counted["error_rate.prometheus"] for reading in read(usual, blocks=10, block=2.0)]
    seen = [found for found in readings if isinstance(found, Block)]
    assert len(seen) == 4
    assert sum(seen[1:], seen[0]) == Block(60, 20)


def test_a_server_without_the_metrics() -> None:
    assert 'Prometheus has no http_requests_total{job="web"} of the last 60 s' in reasons(read(lambda _: None))


def test_no_traffic_is_missing_although_it_is_scraped() -> None:
    def idle(server: Server) -> None:
        server.add("http_requests_total", [(t, 5) for t in range(-10, 60, 5)], status="200")

    assert read(idle)[0].counted["error_rate.prometheus"] == Missing("no requests")


def test_clocks_that_disagree() -> None:
    def skewed(server: Server) -> None:
        usual(server)
        server.skew = 30.0

    assert "the clock of Prometheus and that of this runner are 30 s apart" in reasons(read(skewed))


@pytest.mark.parametrize(
    ("error", "fault"),
    [(Unreachable("refuses connections"), Fault.SIGNAL), (RunnerNetworkError("no route"), Fault.RUNNER)],
)
def test_a_server_that_is_gone(error: Exception, fault: Fault) -> None:
    def gone(server: Server) -> None:
        server.error = error

    found = read(gone)[0].counted["error_rate.prometheus"]
    assert found == Missing(str(error), fault)


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b'{"data": {"result": [{"metric": {}, "values": [[1, "x"]]}]}}', b"[" * 5000]
)
def test_an_answer_that_is_none(body: bytes) -> None:
    def broken(server: Server) -> None:
        server.answer = lambda: Response(200, (), body, "http://prometheus/api", 0.1)

    assert "not the result of a query" in reasons(read(broken))


def test_an_error_of_the_server() -> None:
    def broken(server: Server) -> None:
        server.answer = lambda: Response(422, (), b'{"status": "error"}', "http://prometheus/api", 0.1)

    assert "status 422" in reasons(read(broken))


def test_a_histogram_that_cannot_tell() -> None:
    def coarse(server: Server) -> None:
        usual(server)
        server.buckets = ["0.5", "+Inf"]

    found = read(coarse)[0].counted["response_time.prometheus"]
    assert isinstance(found, Missing)
    assert "no bucket at or above 2 s" in found.reason


def test_requests_without_a_status() -> None:
    def unlabelled(server: Server) -> None:
        server.add("http_requests_total", [(t, t + 50) for t in range(-10, 60, 5)])

    found = read(unlabelled)[0].counted["error_rate.prometheus"]
    assert isinstance(found, Missing)
    assert "none of the labels status, status_code, code" in found.reason
