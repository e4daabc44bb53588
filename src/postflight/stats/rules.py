"""The triggers of a watch in the plans' own words, and the sequential tests that they become.

One alpha is for the whole watch: m sequential triggers get alpha/m each (a union bound). Rules without statistics get
none.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from postflight.stats import latencies, rates
from postflight.stats.eprocess import SequentialTest
from postflight.stats.streaks import ConsecutiveFailures, HeldGauge


class Do(StrEnum):
    """What a trigger asks for when it fires."""

    IMMEDIATE_ROLLBACK = "immediate_rollback"
    STAGED_ROLLBACK = "staged_rollback"
    FAILOVER = "failover"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """`error_rate: {above: 5 %, within: 5 min, do: immediate_rollback}`.

    `within` (seconds) is the longest that a decision may take.
    """

    above: float = 0.05
    within: float = 300.0
    do: Do = Do.IMMEDIATE_ROLLBACK
    name: str = "error_rate"

    @property
    def limit(self) -> float:
        """The share of requests that may fail."""
        return self.above

    def test(self, *, alpha: float, blocks: int) -> SequentialTest:
        """Return the test of this rule."""
        return rates.above(self.limit, alpha=alpha, blocks=blocks)


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """`response_time: {p95: 5 s, within: 10 min, do: staged_rollback}`.

    At most 1 - `quantile` of the answers may take longer than `slower_than` (seconds).
    """

    slower_than: float = 5.0  # seconds
    quantile: float = 0.95
    within: float = 600.0
    do: Do = Do.STAGED_ROLLBACK
    name: str = "response_time"

    @property
    def limit(self) -> float:
        """The share of answers that may be slower than `slower_than`."""
        return 1 - self.quantile

    def test(self, *, alpha: float, blocks: int) -> SequentialTest:
        """Return the test of this rule."""
        return latencies.above(self.limit, alpha=alpha, blocks=blocks)


@dataclass(frozen=True, slots=True)
class Consecutive:
    """`health: {failures: 3 in a row, do: failover}`."""

    failures: int = 3
    do: Do = Do.FAILOVER
    name: str = "health"

    def start(self) -> ConsecutiveFailures:
        """Return the rule's first state."""
        return ConsecutiveFailures(self.failures)


@dataclass(frozen=True, slots=True)
class Gauge:
    """`active_previews: {at_least: 20, for: 2 min, do: hold}`. Times in seconds."""

    at_least: float = 20.0
    hold_for: float = 120.0
    stale_after: float = 60.0
    do: Do = Do.HOLD
    name: str = "active_previews"

    def start(self) -> HeldGauge:
        """Return the rule's first state."""
        return HeldGauge(self.at_least, self.hold_for, self.stale_after)


@dataclass(frozen=True, slots=True)
class Manual:
    """A trigger that a person pulls. Nothing is measured; it is listed so that the plan says what it does."""

    name: str
    do: Do = Do.IMMEDIATE_ROLLBACK


SequentialRule = ErrorRate | ResponseTime
Rule = SequentialRule | Consecutive | Gauge | Manual


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """All triggers of one watch of `duration` seconds, looked at in blocks of `block` seconds.

    Choose `block` about three times the longest blip to be tolerated. Raises `ValueError` for names used twice,
    durations that make no block, and decisions that cannot be made in time even if all requests fail.
    """

    rules: tuple[Rule, ...] = (ErrorRate(), ResponseTime())
    alpha: float = 0.01
    duration: float = 1800.0
    block: float = 30.0

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError(f"each trigger needs a name of its own, not {', '.join(names)}")
        if not 0 < self.block <= self.duration:
            raise ValueError(
                f"a block lasts more than 0 s and at most the watch, not {self.block:g} s of {self.duration:g} s"
            )
        for rule in self.sequential:
            fewest = self.test(rule).fewest_blocks
            if fewest is None or rule.within < fewest * self.block:
                raise ValueError(
                    f"{rule.name} must decide within {rule.within:g} s, but needs at least {fewest or 'too many'}"
                    f" blocks of {self.block:g} s: use shorter blocks"
                )

    @property
    def sequential(self) -> tuple[SequentialRule, ...]:
        """The triggers that share alpha."""
        return tuple(rule for rule in self.rules if isinstance(rule, ErrorRate | ResponseTime))

    @property
    def blocks(self) -> int:
        """Blocks in the watch: K. The last may be cut short."""
        return math.ceil(self.duration / self.block)

    @property
    def alpha_each(self) -> float:
        """The share of alpha that each sequential trigger gets."""
        return self.alpha / max(1, len(self.sequential))

    def test(self, rule: SequentialRule) -> SequentialTest:
        """Return the test of one of this plan's rules, with its share of alpha."""
        return rule.test(alpha=self.alpha_each, blocks=self.blocks)
