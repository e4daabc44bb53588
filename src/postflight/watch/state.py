"""What is known after each block of a watch. Frozen, no I/O: the same blocks give the same state, to the digit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from postflight.signals.reading import Reading
from postflight.stats.control import Judgement
from postflight.stats.rules import Consecutive, Do, Gauge, Manual, WatchPlan
from postflight.watch.gauge import GaugeTrigger
from postflight.watch.health import HealthTrigger
from postflight.watch.sequential import SequentialTrigger

Trigger = SequentialTrigger | HealthTrigger | GaugeTrigger


@dataclass(frozen=True, slots=True)
class Record:
    """One block as it goes into the ledger: its number (from 1), and its end in seconds since the watch began."""

    number: int
    end: float
    seen: Reading
    control: Reading | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """A trigger that has just made its call, in which block, and what it asks for. A call is final."""

    number: int
    trigger: str
    do: Do
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class WatchState:
    """All triggers of a plan, by name."""

    plan: WatchPlan
    triggers: Mapping[str, Trigger]
    blocks: int = 0
    calls: tuple[Called, ...] = ()

    @classmethod
    def start(cls, plan: WatchPlan, *, with_control: bool) -> "WatchState":
        """Return the state before the first block. Manual triggers are nobody's to measure."""
        triggers: dict[str, Trigger] = {}
        for rule in plan.rules:
            match rule:
                case Consecutive():
                    triggers[rule.name] = HealthTrigger.start(rule, with_control=with_control)
                case Gauge():
                    triggers[rule.name] = GaugeTrigger.start(rule)
                case Manual():
                    pass
                case _:
                    triggers[rule.name] = SequentialTrigger.start(plan, rule, with_control=with_control)
        return cls(plan, triggers)

    def update(self, record: Record) -> "WatchState":
        """Return the state after one more block. Raises `ValueError` for a block that is not the next one."""
        if record.number != self.blocks + 1:
            raise ValueError(f"block {record.number} does not follow block {self.blocks}")
        triggers = {name: _update(trigger, record) for name, trigger in self.triggers.items()}
        new = tuple(
            Called(record.number, name, trigger.rule.do, trigger.call)
            for name, trigger in triggers.items()
            if trigger.call is not None and self.triggers[name].call is None
        )
        return replace(self, triggers=triggers, blocks=record.number, calls=self.calls + new)

    @property
    def decided(self) -> bool:
        """Whether a trigger asks for what cannot wait: anything but a hold. Then the watch ends."""
        return any(trigger.must_act for trigger in self.triggers.values())

    @property
    def digits(self) -> dict[str, tuple[float, ...]]:
        """Every number that decides, by trigger: what a replay must reproduce."""
        return {name: trigger.digits for name, trigger in self.triggers.items()}


def _update(trigger: Trigger, record: Record) -> Trigger:
    if isinstance(trigger, GaugeTrigger):
        return trigger.update(record.end, record.seen)
    return trigger.update(record.seen, record.control)
