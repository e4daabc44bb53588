"""The trigger `health: 3 in a row`, for each health document of the deployment on its own. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from postflight.model import Finding
from postflight.signals.reading import Fault, Missing, Reading
from postflight.stats.control import Call, Judgement
from postflight.stats.rules import Consecutive, Do
from postflight.stats.streaks import ConsecutiveFailures
from postflight.watch.finding import bad, finding, good, unknown
from postflight.watch.gaps import Gaps

Checks = Mapping[str, tuple[bool | None, ...]]
_NOT_CHECKED = Missing("its health could not be checked", Fault.RUNNER)


@dataclass(frozen=True, slots=True)
class HealthTrigger:
    """A streak for each endpoint, and for each of the control's; `control` is None where there is no control."""

    rule: Consecutive
    streaks: Mapping[str, ConsecutiveFailures] = field(default_factory=dict)
    control: Mapping[str, ConsecutiveFailures] | None = None
    gaps: Mapping[str, Gaps] = field(default_factory=dict)
    checks: int = 0
    failed: int = 0
    control_seen: bool = False  # in the last block
    call: Judgement | None = None

    @classmethod
    def start(cls, rule: Consecutive, *, with_control: bool) -> "HealthTrigger":
        """Return the state before the first block."""
        return cls(rule, control={} if with_control else None)

    def update(self, seen: Reading, control: Reading | None) -> "HealthTrigger":
        """Return the state after one more block. An endpoint that was not named in it was not checked."""
        names = [*self.streaks, *(name for name in seen.checks if name not in self.streaks)]
        made = [passed for checks in seen.checks.values() for passed in checks if passed is not None]
        after = replace(
            self,
            streaks=_advanced(self.rule, self.streaks, seen.checks),
            gaps={name: self.gaps.get(name, Gaps()).update(_gap(seen.checks.get(name, ()))) for name in names},
            checks=self.checks + len(made),
            failed=self.failed + made.count(False),
        )
        if self.control is not None:
            checks = control.checks if control is not None else {}
            measured = any(passed is not None for each in checks.values() for passed in each)
            after = replace(after, control=_advanced(self.rule, self.control, checks), control_seen=measured)
        return after if after.call is not None or not after.fired else replace(after, call=_judged(after))

    @property
    def fired(self) -> tuple[str, ...]:
        """The endpoints whose health failed often enough in a row."""
        return tuple(name for name, streak in self.streaks.items() if streak.fired)

    @property
    def must_act(self) -> bool:
        """Whether it asks for what cannot wait."""
        return self.call is not None and self.call.call is Call.ACT and self.rule.do is not Do.HOLD

    @property
    def digits(self) -> tuple[float, ...]:
        """What decides: the streaks, the control's after them."""
        streaks = [*self.streaks.values(), *(self.control or {}).values()]
        return (*(streak.in_a_row for streak in streaks), self.checks, self.failed)

    def finding(self, *, complete: bool) -> Finding:  # noqa: ARG002 - one interface for all triggers
        """Return what the watch found. It is good when each endpoint was checked often enough, and the last passed."""
        base = finding(self.rule.name, f"never {self.rule.failures} failed health checks of one service in a row")
        seen = f"{self.failed} of {self.checks} health checks failed"
        if self.call is not None:
            return bad(base, self.rule.do, self.call, seen)
        if not self.streaks:
            return replace(base, summary="no health document was checked")
        for name, gaps in self.gaps.items():
            if trouble := gaps.trouble(base):
                return replace(trouble, summary=f"{name}: {trouble.summary}", where=name)
        failing = [name for name, streak in self.streaks.items() if streak.in_a_row]
        if failing:
            return unknown(base, f"the last health check of {', '.join(failing)} failed")
        if self.checks < self.rule.failures * len(self.streaks):
            return unknown(base, f"only {self.checks} health checks were made of {len(self.streaks)} endpoints")
        return good(base, seen)


def _judged(trigger: HealthTrigger) -> Judgement:
    found = f"the health of {', '.join(trigger.fired)} failed {trigger.rule.failures} times in a row"
    if trigger.control is None:
        return Judgement(Call.ACT, found)
    if not trigger.control_seen:
        return Judgement(
            Call.HOLD, f"{found}, but the control was not measured: is it this deployment or what it depends on?"
        )
    if any(streak.in_a_row or streak.fired for streak in trigger.control.values()):
        return Judgement(Call.HOLD, f"{found}, but the previous deployment's health fails too")
    return Judgement(Call.ACT, f"{found}, and the previous deployment is healthy")


def _advanced(
    rule: Consecutive, streaks: Mapping[str, ConsecutiveFailures], checks: Checks
) -> dict[str, ConsecutiveFailures]:
    after = dict(streaks)
    for name, outcomes in checks.items():
        for passed in outcomes:
            after[name] = after.get(name, rule.start()).update(passed)
    return after


def _gap(checks: tuple[bool | None, ...]) -> Missing | None:
    return None if any(passed is not None for passed in checks) else _NOT_CHECKED
