"""Runs arms on traffic, many watches at once, and sums up: how late, how often found, how often wrong."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from postflight.stats.floor import largest_rate
from postflight.stats.simulation.arms import Arm, Times
from postflight.stats.simulation.traffic import Clock, Counts, Shares, Traffic, count_bad

CELLS = 24_000_000  # runs x ticks that are in memory at a time


@dataclass(frozen=True, slots=True)
class Scenario:
    """Traffic of a watch, and what is right: to fire (`bad`) or not to.

    With `before`, the watch begins with that traffic and turns to `traffic` at `at` plus up to `spread` seconds
    (random per run). The control arm always sees `control`, independently.
    """

    name: str
    traffic: Traffic
    bad: bool
    control: Traffic
    before: Traffic | None = None
    at: float = 0.0
    spread: float = 60.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one arm did in one scenario. Delays are seconds from the onset of the bad traffic.

    `fired` is the share of runs that fired after the onset: found if the traffic is bad, else false. `early` is the
    share that fired before it. `at_most` is the 95 % upper bound of `fired`, as the runs are finite. A run that never
    found it has an infinite delay, so `mean`, `median` and `p95` can be infinite.
    """

    arm: str
    scenario: str
    bad: bool
    runs: int
    fired: float
    early: float
    at_most: float
    mean: float
    median: float
    p95: float


def run(arms: Sequence[Arm], scenario: Scenario, clock: Clock, *, runs: int, seed: int) -> list[Result]:
    """Let every arm watch the same `runs` simulated watches. The same seed gives the same results."""
    at_once = max(1, CELLS // clock.ticks)
    fired: list[list[Times]] = [[] for _ in arms]
    onsets: list[Times] = []
    for batch, first in enumerate(range(0, runs, at_once)):
        size = min(at_once, runs - first)
        random = np.random.default_rng([seed, batch])
        onset = scenario.at + random.uniform(0, scenario.spread, size) if scenario.before else np.zeros(size)
        bad = count_bad(random, _shares(scenario, onset, random, clock), size, clock)
        control = _control(scenario, random, size, clock)
        onsets.append(onset)
        for arm, times in zip(arms, fired, strict=True):
            times.append(arm.fire_times(bad, control, clock))
    return [
        _sum_up(arm.name, scenario, np.concatenate(times), np.concatenate(onsets))
        for arm, times in zip(arms, fired, strict=True)
    ]


def _shares(scenario: Scenario, onset: Times, random: np.random.Generator, clock: Clock) -> Shares:
    after = scenario.traffic.shares(random, len(onset), clock)
    if scenario.before is None:
        return after
    before = scenario.before.shares(random, len(onset), clock)
    return np.where(np.arange(clock.ticks) * clock.tick >= onset[:, None], after, before)


def _control(scenario: Scenario, random: np.random.Generator, runs: int, clock: Clock) -> Counts:
    return count_bad(random, scenario.control.shares(random, runs, clock), runs, clock)


def _sum_up(arm: str, scenario: Scenario, times: Times, onsets: Times) -> Result:
    finite = np.isfinite(times)
    late = finite & (times > onsets)
    delays = (times - onsets)[late]
    hits = int(late.sum())
    return Result(
        arm=arm,
        scenario=scenario.name,
        bad=scenario.bad,
        runs=len(times),
        fired=hits / len(times),
        early=float((finite & ~late).mean()),
        at_most=largest_rate(len(times), hits, 0.95),
        mean=float(delays.mean()) if hits == len(times) else math.inf,
        median=_quantile(delays, len(times), 0.5),
        p95=_quantile(delays, len(times), 0.95),
    )


def _quantile(delays: Times, runs: int, quantile: float) -> float:
    """Return the quantile over all runs, those that never found it counted as infinite."""
    rank = math.ceil(quantile * runs)
    return float(np.sort(delays)[rank - 1]) if 0 < rank <= len(delays) else math.inf
