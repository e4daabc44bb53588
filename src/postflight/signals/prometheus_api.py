"""Prometheus' HTTP API, read strictly: instant queries for raw samples, and whether its clock is ours.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from postflight.errors import UnexpectedAnswer
from postflight.flow import Response
from postflight.signals.clock import Clock
from postflight.signals.counters import Series

CLOCK_TOLERANCE = 3.0  # seconds; an HTTP date has whole seconds

Get = Callable[[str], Awaitable[Response]]  # raises `DeploymentFault` or `CannotMeasure`; has its own deadline


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
        answer = await self._get(f"{self._url}/api/v1/query?query={quote(promql, safe='')}")
        answer.expect(200)
        self._expect_our_time(answer)
        try:
            results = _Answer.model_validate_json(answer.body).data.result
            return tuple(_series(result) for result in results)
        except (ValidationError, ValueError) as error:
            raise answer.unexpected("the result of a query", f"something else: {str(error).splitlines()[0]}") from error

    def _expect_our_time(self, answer: Response) -> None:
        try:
            theirs = parsedate_to_datetime(answer.header("date") or "").timestamp()
        except ValueError:
            return  # not every proxy leaves a date
        apart = theirs - self._clock.wall()
        if abs(apart) > CLOCK_TOLERANCE:
            raise UnexpectedAnswer(
                f"the clock of Prometheus and that of this runner are {abs(apart):.0f} s apart; synchronise them (NTP)"
            )


def _series(result: _Result) -> Series:
    samples = [*result.values, *([result.value] if result.value else [])]
    return Series(tuple(sorted(result.metric.items())), tuple((at, float(value)) for at, value in samples))
