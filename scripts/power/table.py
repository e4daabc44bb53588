"""From pools to rows: how often each rule alarms on each size."""

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import permutations, product

from postflight.stats.paired import Round
from scripts.power import rules
from scripts.power.measurement import (
    BUSY_HANDLERS,
    BUSY_PAGES,
    CPU,
    EXACT,
    HANDLERS,
    LATE,
    TAILS,
    UNTHROTTLED,
    Condition,
    Measured,
)
from scripts.power.pages import Pool
from scripts.power.plants import HEALTHY, Plant
from scripts.power.rules import Pair, Rate

ROUNDS = 6  # of visits, four in each
REQUESTS = 400  # rounds of requests, four in each
SHARE = rules.ALPHA / 8  # as `postflight compare --page` has it: four figures, two looks
POWER = 0.9
QUIET, BUSY = "as it was", "2 more busy"
WORDS = {"cpu": "%", "delay": "ms", "inp": "%", "bytes": "%", "shift": "‰", "api": "%", "tail": "% in 1 of 10"}
Alarm = Callable[[random.Random], bool]


@dataclass
class Row:
    """One metric, one condition. Sizes are planted ones, in words; the first is identical code."""

    metric: str
    machine: str
    sample: str
    pool: str
    sizes: list[tuple[str, float, Rate, Rate | None]] = field(default_factory=list)  # words, change seen, ours, theirs
    limit: float = 0.0  # at which theirs has 1 % false alarms
    theirs_at_limit: list[Rate | None] = field(default_factory=list)

    @property
    def is_worse(self) -> bool:
        """Whether theirs, at its best limit, finds a size that ours does not find yet."""
        sizes = list(zip(self.sizes, self.theirs_at_limit, strict=False))[1:]
        return (
            bool(sizes)
            and self.theirs[0] == "+"
            and any(theirs is not None and theirs.share >= POWER > ours.share for (_, _, ours, _), theirs in sizes)
        )

    @property
    def ours(self) -> str:
        """The smallest size that our rule finds."""
        return self._smallest([rate for _, _, rate, _ in self.sizes])

    @property
    def theirs(self) -> str:
        """The smallest size that theirs finds at the limit where it has 1 % false alarms."""
        return self._smallest(self.theirs_at_limit)

    def _smallest(self, rates: Sequence[Rate | None]) -> str:
        if not rates or rates[0] is None:
            return "-"
        if rates[0].share > rules.ALPHA:
            return "none: false alarms"
        for (words, *_), rate in list(zip(self.sizes, rates, strict=True))[1:]:
            if rate is not None and rate.share >= POWER:
                return words
        return f"more than {self.sizes[-1][0]}"


def rows(measured: Measured, experiments: int) -> list[Row]:
    """Return the table, metric by metric."""
    quiet, busy = measured.quiet.pages, measured.busy.pages
    timed = [
        ("thread CPU", "cpu", CPU, BUSY_PAGES[:1]),
        ("throttled LCP", "lcp", LATE, BUSY_PAGES[1:]),
        ("INP", "inp", LATE, BUSY_PAGES[1:]),
    ]
    made = [_exact(measured.exact, *what) for what in (("bytes", "bytes"), ("CLS", "cls"))]
    for name, metric, plants, some in timed:
        made.append(_pages(name, metric, QUIET, quiet, plants, experiments))
        made.append(_pages(name, metric, BUSY, busy, some, experiments))
    made.append(_pages("unthrottled LCP", "lcp", QUIET, measured.unthrottled, UNTHROTTLED, experiments))
    for machine, condition, handlers in (
        (QUIET, measured.quiet, HANDLERS),
        (BUSY, measured.busy, BUSY_HANDLERS),
    ):
        made.append(_requests(machine, condition, handlers, experiments))
        if machine == QUIET:
            made.append(_tails(condition, experiments))
        else:
            made.append(_tails(condition, experiments, ()))
    return made


def host_changed(measured: Measured, experiments: int) -> list[tuple[str, float]]:
    """Return how often a baseline stored on a quiet machine alarms on identical code on a busy one, by metric."""
    found = []
    for name, metric in (("bytes", "bytes"), ("thread CPU", "cpu"), ("throttled LCP", "lcp"), ("INP", "inp")):
        old, new = _pairs(measured.quiet.pages, metric), _pairs(measured.busy.pages, metric)
        found.append((name, rules.count(rules.means(old, new, ROUNDS, rules.THEIR_LIMIT), experiments).share))
    old_runs, new_runs = measured.quiet.benchmarks[HEALTHY], measured.busy.benchmarks[HEALTHY]
    pairs = list(product(old_runs, new_runs))
    alarms = sum(new > old * (1 + rules.THEIR_LIMIT) for old, new in pairs)
    return [*found, ("API latency, pytest-benchmark", alarms / len(pairs))]


def _pairs(pool: Pool, metric: str, plant: Plant | None = None) -> list[Pair]:
    """Return the metric of each cycle's two visits: of the control, or of a variant at the new server."""
    if plant is None:
        return [(first[metric], second[metric]) for first, second in pool.control]
    return [(cycle[plant][0][metric], cycle[plant][1][metric]) for cycle in pool.cycles]


def _exact(pool: Pool, name: str, metric: str) -> Row:
    row = Row(name, "any", "1 visit each", f"{len(pool.cycles) * 2} visits a size")
    old = _pairs(pool, metric)
    for plant in (HEALTHY, *EXACT):
        new = _pairs(pool, metric, plant)
        ours = rules.count(rules.exact(old, new), 100)
        theirs = rules.count(rules.means(old, new, 1, rules.THEIR_LIMIT), 100)
        row.sizes.append((_words(plant, {"cls": "shift"}.get(metric, "bytes")), _seen(old, new), ours, theirs))
    row.limit, row.theirs_at_limit = rules.THEIR_LIMIT, [theirs for _, _, _, theirs in row.sizes]
    return row


def _pages(name: str, metric: str, machine: str, pool: Pool, plants: Sequence[Plant], experiments: int) -> Row:
    row = Row(
        name, machine, f"{ROUNDS} rounds, {ROUNDS * 4 * pool.seconds:.0f} s", f"{len(pool.cycles) * 2} visits a size"
    )
    old = _pairs(pool, metric)
    field_name = {"lcp": "delay"}.get(metric, metric)
    same = _pairs(pool, metric, HEALTHY)
    row.limit = rules.calibrated(old, same, ROUNDS, 5 * experiments)
    for plant in (HEALTHY, *plants):
        new = _pairs(pool, metric, plant)
        row.sizes.append(
            (
                _words(plant, field_name),
                _seen(old, new),
                rules.count(rules.few(old, new, ROUNDS, SHARE), experiments),
                rules.count(rules.means(old, new, ROUNDS, rules.THEIR_LIMIT), experiments),
            )
        )
        row.theirs_at_limit.append(rules.count(rules.means(old, new, ROUNDS, row.limit), experiments, seed=3))
    return row


def _requests(machine: str, condition: Condition, plants: Sequence[Plant], experiments: int) -> Row:
    rounds, runs = condition.handlers, condition.benchmarks
    pool = f"{len(rounds[HEALTHY])} rounds, {len(runs[HEALTHY])} runs of pytest-benchmark"
    row = Row("API latency", machine, f"{REQUESTS} rounds", pool)
    healthy = runs[HEALTHY]
    changes = sorted(new / old - 1 for old, new in permutations(healthy, 2))
    row.limit = max(rules.THEIR_LIMIT, changes[-1])
    for plant in (HEALTHY, *plants):
        pairs = list(permutations(healthy, 2) if plant is HEALTHY else product(healthy, runs[plant]))
        taken = rounds[plant]
        seen = statistics.median((one.new * one.anew / one.old / one.again) ** 0.5 for one in taken) - 1
        row.sizes.append(
            (
                _words(plant, "api"),
                seen,
                rules.count(rules.many(taken, REQUESTS), _fewer(experiments, plant)),
                _alarms(pairs, rules.THEIR_LIMIT),
            )
        )
        row.theirs_at_limit.append(_alarms(pairs, row.limit))
    return row


def _tails(condition: Condition, experiments: int, plants: Sequence[Plant] = TAILS) -> Row:
    machine = QUIET if plants else BUSY
    rounds = condition.handlers
    row = Row("API p95", machine, f"{REQUESTS} rounds", f"{len(rounds[HEALTHY])} rounds")
    for plant in (HEALTHY, *plants):
        p95 = [sorted(value for one in rounds[plant] for value in side(one)) for side in (_old, _new)]
        seen = p95[1][int(0.95 * len(p95[1]))] / p95[0][int(0.95 * len(p95[0]))] - 1
        row.sizes.append(
            (
                _words(plant, "tail"),
                seen,
                rules.count(rules.tail(rounds[plant], REQUESTS), _fewer(experiments, plant)),
                None,
            )
        )
    return row


def _alarms(pairs: Sequence[tuple[float, float]], limit: float) -> Rate:
    return Rate(sum(new > old * (1 + limit) for old, new in pairs), len(pairs))


def _old(one: Round) -> tuple[float, float]:
    return one.old, one.again


def _new(one: Round) -> tuple[float, float]:
    return one.new, one.anew


def _seen(old: Sequence[Pair], new: Sequence[Pair]) -> float:
    """Return by which share the median of the new is above that of the old; a difference where the old is 0."""
    before, after = (statistics.median(value for pair in side for value in pair) for side in (old, new))
    return after / before - 1 if before else after


def _words(plant: Plant, name: str) -> str:
    size = getattr(plant, name)
    return f"+{size} {WORDS[name]}" if size else "identical"


def _fewer(experiments: int, plant: Plant) -> int:
    """Return how many bootstraps are worth their time: false alarms are the rarer thing to be known."""
    return experiments if plant is HEALTHY else experiments // 4
