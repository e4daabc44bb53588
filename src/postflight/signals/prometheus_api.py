"""Prometheus' HTTP API, read strictly: instant queries for raw samples, and whether its clock is ours.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from postflight.errors import UnexpectedAnswer
from postflight.flow import Response, cut
from postflight.signals.clock import Clock
from postflight.signals.counters import Series

_REFUSED = (400, 422)  # the query cannot be read, or cannot be carried out
CLOCK_TOLERANCE = 3.0  # seconds; an HTTP date has whole seconds

Get = Callable[[str], Awaitable[Response]]  # raises `DeploymentFault` or `CannotMeasure`; has its own deadline


class QueryRefused(UnexpectedAnswer):
    """Prometheus does not understand the query, or cannot carry it out: that is whoever wrote it."""


class _Result(BaseModel):
    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []


class _Data(BaseModel):
    result: list[_Result]


class _Answer(BaseModel):
    data: _Data


class PrometheusApi:
    """Asks one server."""

    def __init__(self, url: str, get: Get, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._get = get
        self._clock = clock

    async def query(self, promql: str) -> tuple[Series, ...]:
        """Return the series of a query: those of a range (`metric[60s]`) with all their samples, in order of time.

        Raises `DeploymentFault` when there is no such answer, and when its clock and ours disagree: then nobody knows
        which block a sample belongs to.
        """
        return read_series(await self._get(f"{self._url}{query_path(promql)}"), self._clock.wall())


def query_path(promql: str, at: float | None = None) -> str:
    """Return the path of an instant query: about now, or about `at` (seconds since 1970)."""
    time = "" if at is None else f"&time={at:.3f}"
    return f"/api/v1/query?query={quote(promql, safe='')}{time}"


def read_series(answer: Response, wall: float) -> tuple[Series, ...]:
    """Return the series of an answer to a query; `wall` is our time (seconds since 1970). Raises as `query` does.

    Of a query that Prometheus refuses: `QueryRefused`, with its words.
    """
    if answer.status in _REFUSED:
        said = f"Prometheus refuses the query with status {answer.status}: {cut(answer.text)}"
        raise QueryRefused(said, where=answer.url, curl=answer.curl)
    answer.expect(200)
    _expect_our_time(answer, wall)
    try:
        results = _Answer.model_validate_json(answer.body).data.result
        return tuple(_series(result) for result in results)
    except (ValidationError, ValueError) as error:
        raise answer.unexpected("the result of a query", f"something else: {str(error).splitlines()[0]}") from error


def _expect_our_time(answer: Response, wall: float) -> None:
    try:
        theirs = parsedate_to_datetime(answer.header("date") or "").timestamp()
    except ValueError:
        return  # not every proxy leaves a date
    apart = theirs - wall
    if abs(apart) > CLOCK_TOLERANCE:
        raise UnexpectedAnswer(
            f"the clock of Prometheus and that of this runner are {abs(apart):.0f} s apart; synchronise them (NTP)"
        )


def _series(result: _Result) -> Series:
    samples = [*result.values, *([result.value] if result.value else [])]
    return Series(tuple(sorted(result.metric.items())), tuple((at, float(value)) for at, value in samples))
