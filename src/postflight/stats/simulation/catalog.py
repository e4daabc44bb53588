"""The traffic and the rules that `postflight simulate` puts side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postflight.stats import latencies, rates
from postflight.stats.eprocess import SequentialTest
from postflight.stats.rules import ErrorRate, WatchPlan
from postflight.stats.simulation.arms import Arm, BadIntervals, CappedBlocks, FixedWindow, MannWhitney, RateFor
from postflight.stats.simulation.study import Scenario
from postflight.stats.simulation.traffic import Clock, Clustered, Flapping, Outages, Steady, Traffic

BREAKS_AT = 600.0  # seconds into the watch, when traffic turns bad in mid-watch


@dataclass(frozen=True, slots=True)
class Setting:
    """What is simulated. Ratios are 0.05 for 5 %, times in seconds. Raises `ValueError` for what cannot be."""

    limit: float = 0.05
    alpha: float = 0.01  # of this trigger: the watch's, divided by the triggers that share it
    duration: float = 1800.0
    block: float = 10.0
    rate: float = 100.0  # requests per second
    healthy: float = 0.009  # share of bad requests of a healthy deployment
    severities: tuple[float, ...] = (0.06, 0.1, 0.3, 1.0)
    within: float = 300.0  # the longest a decision may take

    def __post_init__(self) -> None:
        if not 0 < self.healthy < self.limit < 1:
            raise ValueError(f"need 0 < healthy < limit < 1, not {self.healthy:g} and {self.limit:g}")
        if any(not self.limit < severity <= 1 for severity in self.severities):
            raise ValueError(f"bad traffic is above the limit of {self.limit * 100:g} %, and at most 100 %")

    @property
    def clock(self) -> Clock:
        """Ticks of a second, or shorter with shorter blocks, or longer with fewer than a request per second."""
        tick = max(min(1.0, self.block), 1 / self.rate)
        requests = round(self.rate * tick)
        if abs(requests - self.rate * tick) > 1e-6:
            raise ValueError(f"{self.rate:g} requests/s are no whole number in {tick:g} s")
        return Clock(round(self.duration / tick), tick, requests)

    def blocks(self, block: float) -> int:
        """Return how many blocks of `block` seconds are in the watch."""
        return max(1, round(self.duration / block))

    def rates_above(self, block: float) -> SequentialTest:
        """Return the test of error rates in blocks of this length."""
        return rates.above(self.limit, alpha=self.alpha, blocks=self.blocks(block))

    def bets_above(self, block: float) -> SequentialTest:
        """Return the test of slow answers in blocks of this length."""
        return latencies.above(self.limit, alpha=self.alpha, blocks=self.blocks(block))


def error_arms(setting: Setting, blocks: Sequence[float]) -> list[Arm]:
    """Return our rule with blocks of these lengths, and the rules that pipelines commonly use."""
    ours = [CappedBlocks(f"blocks of {block:g} s", setting.rates_above(block), block) for block in blocks]
    return [
        *ours,
        FixedWindow(setting.limit, setting.within),
        BadIntervals(setting.limit),
        RateFor(setting.limit),
        MannWhitney(setting.alpha),
    ]


def latency_arms(setting: Setting, blocks: Sequence[float], *, window: float = 600.0) -> list[Arm]:
    """Return the betting form, the likelihood ratio (to show why not) and the window (seconds), for slow answers."""
    bets = [CappedBlocks(f"bets, {block:g} s", setting.bets_above(block), block) for block in blocks]
    ratios = [CappedBlocks(f"ratios, {block:g} s", setting.rates_above(block), block) for block in blocks]
    return [*bets, *ratios, FixedWindow(setting.limit, window, name=f"{window / 60:g} min window")]


def healthy_errors(setting: Setting) -> list[Scenario]:
    """Return traffic within the limit: firing is wrong. The first ones are iid, as the error bound assumes."""
    mean, limit = setting.healthy, setting.limit
    models: dict[str, Traffic] = {
        f"iid, {_percent(mean)}": Steady(mean),
        f"iid, {_percent(0.8 * limit)}": Steady(0.8 * limit),
        f"iid, {_percent(limit)}: exactly the limit": Steady(limit),
        f"{_percent(mean)}, in outages of about 30 s": Outages.with_mean(mean, base=mean / 9, length=30),
        f"{_percent(mean)}, in bursts of about 1 s": Outages.with_mean(mean, base=mean / 2, length=1, severity=0.5),
    }
    return [Scenario(name, traffic, bad=False, control=traffic) for name, traffic in models.items()]


def bad_errors(setting: Setting) -> list[Scenario]:
    """Return traffic above the limit, from the first request, from mid-watch on, and flapping."""
    healthy = Steady(setting.healthy)
    start = [
        Scenario(f"{_percent(share)} from the start", Steady(share), bad=True, control=healthy)
        for share in setting.severities
    ]
    later = [
        Scenario(
            f"{_percent(share)} from mid-watch", Steady(share), bad=True, control=healthy, before=healthy, at=BREAKS_AT
        )
        for share in setting.severities
    ]
    worse = min(1.0, 6 * setting.limit)
    flapping = [
        Scenario(
            f"flapping: {_percent(worse)} for {on:g} s, good for {off:g} s",
            Flapping(worse, setting.healthy, on, off),
            bad=True,
            control=healthy,
        )
        for on, off in ((15, 15), (40, 80))
    ]
    return [*start, *later, *flapping]


def latency_scenarios(setting: Setting) -> list[Scenario]:
    """Return slow answers that cluster: within the limit, at it, and above it."""
    limit, healthy = setting.limit, Steady(setting.healthy)
    models: dict[str, tuple[Traffic, bool]] = {
        "iid, exactly the limit": (Steady(limit), False),
        **{
            f"clusters of {memory:g} s, {_percent(share)} slow": (Clustered(share, memory), share > limit)
            for share in (0.6 * limit, limit, 2 * limit, 10 * limit)
            for memory in (3.0, 10.0)
            if share <= 1 - limit
        },
        "all slow": (Steady(1.0), True),
    }
    return [Scenario(name, traffic, bad=bad, control=healthy) for name, (traffic, bad) in models.items()]


@dataclass(frozen=True, slots=True)
class Trial:
    """A trigger of a plan, the arms that are compared with it (its own first), and the traffic that they see."""

    name: str
    setting: Setting
    arms: Sequence[Arm]
    scenarios: Sequence[Scenario]


def error_trial(setting: Setting, name: str = "error_rate") -> Trial:
    """Return the trial of an error rate, with blocks of the setting."""
    return Trial(name, setting, error_arms(setting, [setting.block]), [*healthy_errors(setting), *bad_errors(setting)])


def trials_of(plan: WatchPlan, setting: Setting, severities: Sequence[float] = ()) -> list[Trial]:
    """Return a trial for each sequential trigger of a plan, with its limit and its share of alpha.

    Of `setting` only the traffic is taken: its rate, and the healthy share of bad requests.
    """
    trials = []
    for rule in plan.sequential:
        own = replace(
            setting, limit=rule.limit, alpha=plan.alpha_each, duration=plan.duration, block=plan.block,
            within=rule.within, severities=tuple(severities) or severities_of(rule.limit),
        )  # fmt: skip
        if isinstance(rule, ErrorRate):
            trials.append(error_trial(own, rule.name))
        else:
            arms = latency_arms(own, [own.block], window=own.within)
            trials.append(Trial(rule.name, own, arms, latency_scenarios(own)))
    return trials


def severities_of(limit: float) -> tuple[float, ...]:
    """Return shares of bad requests that a trigger with this limit should find: from a little above it to all."""
    return tuple(min(1.0, round(limit * times, 12)) for times in (1.2, 2, 6, 20))


def _percent(ratio: float) -> str:
    return f"{ratio * 100:.3g} %"
