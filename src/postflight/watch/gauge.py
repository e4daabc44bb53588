"""A trigger on a gauge that stays at or above a level for some time. Pure."""

from dataclasses import dataclass, field, replace

from postflight.model import Finding, Measurement, Quantity, Unit
from postflight.signals.reading import Missing, Reading
from postflight.stats.control import Call, Judgement
from postflight.stats.rules import Do, Gauge
from postflight.stats.streaks import HeldGauge
from postflight.watch.finding import bad, finding, good, unknown
from postflight.watch.gaps import Gaps


@dataclass(frozen=True, slots=True)
class GaugeTrigger:
    """The gauge's state, its last value and its largest; None before there was one."""

    rule: Gauge
    held: HeldGauge
    value: float | None = None
    largest: float | None = None
    gaps: Gaps = field(default_factory=Gaps)
    call: Judgement | None = None

    @classmethod
    def start(cls, rule: Gauge) -> "GaugeTrigger":
        """Return the state before the first block."""
        return cls(rule, rule.start())

    def update(self, at: float, seen: Reading) -> "GaugeTrigger":
        """Return the state after one more block, which ended at `at` (seconds since the watch began)."""
        found = seen.gauges.get(self.rule.name, Missing("its signal said nothing"))
        missing = found if isinstance(found, Missing) else None
        value = None if isinstance(found, Missing) else found
        held = self.held.update(at, value)
        call = self.call
        if call is None and held.fired:
            call = Judgement(Call.ACT, f"{self.rule.name} was {self._limit} for {held.held:.4g} s")
        largest = self.largest if value is None else max(value, self.largest if self.largest is not None else value)
        return replace(self, held=held, value=value, largest=largest, gaps=self.gaps.update(missing), call=call)

    @property
    def must_act(self) -> bool:
        """Whether it asks for what cannot wait."""
        return self.call is not None and self.rule.do is not Do.HOLD

    @property
    def digits(self) -> tuple[float, ...]:
        """What decides: for how long the gauge was at or above its level, and what it was."""
        return (self.held.held, -1.0 if self.value is None else self.value)

    def finding(self, *, complete: bool) -> Finding:
        """Return what the watch found. A gauge that was watched for less than `for` says nothing yet."""
        measured = () if self.largest is None else (self._measurement(self.largest),)
        base = finding(self.rule.name, f"not {self._limit} for {self.rule.hold_for:g} s", measured)
        if self.call is not None:
            return bad(base, self.rule.do, self.call, f"at most {self.largest:.4g}")
        if trouble := self.gaps.trouble(base):
            return trouble
        if self.held.held > 0:
            return unknown(base, f"{self.rule.name} is {self._limit}, for {self.held.held:.4g} s now")
        if not complete and (self.held.last or 0) < self.rule.hold_for:
            return unknown(base, f"was watched for less than {self.rule.hold_for:g} s")
        return good(base, f"at most {self.largest:.4g}{self.gaps.note}")

    @property
    def _limit(self) -> str:
        return f"at or above {self.rule.at_least:g}"

    def _measurement(self, largest: float) -> Measurement:
        unit = Unit.COUNT if self.rule.at_least >= 1 else Unit.PER_SECOND
        below = Quantity(self.rule.at_least, unit)
        return Measurement(f"watch.{self.rule.name}", (largest,), unit, limit=f"below {below}", met=None)
