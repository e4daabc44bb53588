"""The `triggers:` of `budgets.yaml`, in the plans' own words, and the rules that they become.

triggers:
  error_rate: {above: 5 %, within: 5 min, do: immediate_rollback, covers: [VIB-T1]}
  response_time: {p95: 5 s, within: 10 min, do: staged_rollback}
  health: {failures: 3 in a row, do: failover}
  active_previews: {at_least: 20 sessions, for: 2 min, do: hold}
  logged_errors: {at_least: 0.1 /s, for: 5 min, do: hold}
  manual: {security_vulnerability: {do: immediate_rollback, covers: [VIB-T4]}, critical_bug: immediate_rollback}
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from postflight.config.document import Count, Document, Duration, PerSecond, Ratio, shown
from postflight.config.requirements import Covered
from postflight.model import Quantity
from postflight.stats.rules import Consecutive, Do, ErrorRate, Gauge, Manual, ResponseTime, Rule

_IN_A_ROW = re.compile(r"([1-9][0-9]{0,2}) in a row")


def _in_a_row(value: object) -> int:
    found = _IN_A_ROW.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"expected a count like '3 in a row', found {shown(value)}")
    return int(found[1])


def _breakable(share: Quantity) -> Quantity:
    if not 0 < share.value < 1:
        raise ValueError(f"{share} cannot be both kept and broken; write a share above 0 % and below 100 %")
    return share


def _above_zero(quantity: Quantity) -> Quantity:
    if quantity.value == 0:
        raise ValueError(f"{quantity} is no limit here; write more than 0")
    return quantity


Action = Annotated[Do, Field(strict=False)]
Share = Annotated[Ratio, AfterValidator(_breakable)]
Time = Annotated[Duration, AfterValidator(_above_zero)]
InARow = Annotated[
    int, PlainValidator(_in_a_row), WithJsonSchema({"type": "string", "pattern": f"^{_IN_A_ROW.pattern}$"})
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Words(Document):
    """What every trigger says: what to do when it fires, and the requirements that it serves."""

    do: Action
    covers: tuple[Covered, ...] = ()


class ErrorRateWords(Words):
    """More than a share of requests fails. `within` is the longest that a decision may take."""

    above: Share
    within: Time

    def __str__(self) -> str:
        """In the plans' words: `above 5 % within 300 s`."""
        return f"above {self.above} within {self.within}"


class ResponseTimeWords(Words):
    """Answers are slower than a percentile allows: `p95: 5 s`. Exactly one percentile."""

    p50: Time | None = None
    p90: Time | None = None
    p95: Time | None = None
    p99: Time | None = None
    within: Time

    @model_validator(mode="after")
    def _one_percentile(self) -> "ResponseTimeWords":
        if len(self.percentiles) != 1:
            raise ValueError("write exactly one of p50, p90, p95 and p99")
        return self

    @property
    def percentiles(self) -> dict[float, Quantity]:
        """The percentiles that are written: quantile -> limit."""
        written = {0.5: self.p50, 0.9: self.p90, 0.95: self.p95, 0.99: self.p99}
        return {quantile: limit for quantile, limit in written.items() if limit is not None}

    def __str__(self) -> str:
        """In the plans' words: `p95 above 5 s within 600 s`."""
        ((quantile, limit),) = self.percentiles.items()
        return f"p{quantile * 100:.0f} above {limit} within {self.within}"


class HealthWords(Words):
    """Health checks of one endpoint fail in a row."""

    failures: InARow

    def __str__(self) -> str:
        """In the plans' words: `3 in a row`."""
        return f"{self.failures} in a row"


class PreviewsWords(Words):
    """At least so many previews are active for some time."""

    at_least: Annotated[Count, AfterValidator(_above_zero)]
    hold_for: Annotated[Time, Field(alias="for")]

    def __str__(self) -> str:
        """In the plans' words: `at least 20 for 120 s`."""
        return f"at least {self.at_least} for {self.hold_for}"


class ErrorsWords(Words):
    """At least so many errors are logged per second, for some time."""

    at_least: Annotated[PerSecond, AfterValidator(_above_zero)]
    hold_for: Annotated[Time, Field(alias="for")]

    def __str__(self) -> str:
        """In the plans' words: `at least 0.1 /s for 300 s`."""
        return f"at least {self.at_least} for {self.hold_for}"


def _in_short(value: object) -> object:
    return {"do": value} if isinstance(value, str) else value


class ManualWords(Words):
    """What a person decides. `critical_bug: hold` is short for `critical_bug: {do: hold}`."""

    def __str__(self) -> str:
        """Nothing is measured."""
        return "by a person"


ManualTrigger = Annotated[ManualWords, BeforeValidator(_in_short, json_schema_input_type=Action | ManualWords)]


class Triggers(Document):
    """The rules of one platform, or of `any`. A rule that is not written is not watched."""

    error_rate: ErrorRateWords | None = None
    response_time: ResponseTimeWords | None = None
    health: HealthWords | None = None
    active_previews: PreviewsWords | None = None
    logged_errors: ErrorsWords | None = None
    manual: dict[Name, ManualTrigger] = Field(default_factory=dict, description="what a person decides: name -> do")

    def over(self, others: "Triggers") -> "Triggers":
        """Return these, and what they do not say from the others."""
        written = {name: getattr(self, name) for name in type(self).model_fields if getattr(self, name)}
        return others.model_copy(update=written)

    @property
    def words(self) -> dict[str, Words]:
        """What is written, by name; the manual ones among them."""
        written = {name: held for name in type(self).model_fields if isinstance(held := getattr(self, name), Words)}
        return written | dict(self.manual)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, named as the keys are. Times become seconds, shares ratios."""
        rules: list[Rule] = []
        if words := self.error_rate:
            rules.append(ErrorRate(words.above.value, words.within.value, words.do))
        if slow := self.response_time:
            ((quantile, limit),) = slow.percentiles.items()
            rules.append(ResponseTime(limit.value, quantile, slow.within.value, slow.do))
        if health := self.health:
            rules.append(Consecutive(health.failures, health.do))
        gauges = {"active_previews": self.active_previews, "logged_errors": self.logged_errors}
        rules += [
            Gauge(gauge.at_least.value, gauge.hold_for.value, do=gauge.do, name=name)
            for name, gauge in gauges.items()
            if gauge
        ]
        return (*rules, *(Manual(name, manual.do) for name, manual in self.manual.items()))
