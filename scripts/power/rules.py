"""How often each rule alarms: experiments drawn anew from what was measured."""

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from postflight.stats import few_rounds, paired
from postflight.stats.floor import rate_interval
from postflight.stats.paired import Change, Round

MARGIN = 0.05
ALPHA = 0.01
LOOKS = 5  # of `postflight compare` at requests: after 100, 200 ... 1600 rounds
THEIR_LIMIT = 0.05  # --benchmark-compare-fail=mean:5%
CONFIDENCE = 0.95
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rate:
    """`alarms` of `experiments`."""

    alarms: int
    experiments: int

    @property
    def share(self) -> float:
        """Alarms per experiment."""
        return self.alarms / self.experiments

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's."""
        return rate_interval(self.experiments, self.alarms, CONFIDENCE)

    def __str__(self) -> str:
        """In words: `97 % (94 to 98.5)`."""
        low, high = self.interval
        return f"{self.share * 100:.3g} % ({low * 100:.2g} to {high * 100:.3g})"


def count(alarm: Callable[[random.Random], bool], experiments: int, seed: int = 1) -> Rate:
    """Return how many of so many experiments alarm."""
    chance = random.Random(seed)
    return Rate(sum(alarm(chance) for _ in range(experiments)), experiments)


def exact(old: Sequence[Pair], new: Sequence[Pair]) -> Callable[[random.Random], bool]:
    """Our rule for counts: one visit of each is enough, and any growth is an alarm."""
    before, after = [value for pair in old for value in pair], [value for pair in new for value in pair]
    return lambda chance: chance.choice(after) > chance.choice(before)


def few(old: Sequence[Pair], new: Sequence[Pair], rounds: int, alpha: float) -> Callable[[random.Random], bool]:
    """Our rule for pages: so many rounds, drawn with what was measured in the same cycle."""

    def alarm(chance: random.Random) -> bool:
        drawn = [chance.randrange(len(old)) for _ in range(rounds)]
        taken = [Round(old[at][0], new[at][0], old[at][1], new[at][1]) for at in drawn]
        return few_rounds.compare(taken, margin=MARGIN, alpha=alpha).answer is Change.SLOWER

    return alarm


def many(rounds: Sequence[Round], number: int, block: int = 50) -> Callable[[random.Random], bool]:
    """Our rule for requests: so many rounds, in blocks of neighbours."""

    def alarm(chance: random.Random) -> bool:
        taken = _blocks(rounds, number, block, chance)
        return paired.compare(taken, margin=MARGIN, alpha=ALPHA / LOOKS, seed=1).answer is Change.SLOWER

    return alarm


def tail(rounds: Sequence[Round], number: int, chunk: int = 40) -> Callable[[random.Random], bool]:
    """Our rule's test on p95: each chunk of neighbouring rounds gives one round of p95s."""

    def alarm(chance: random.Random) -> bool:
        taken = _blocks(rounds, number, chunk, chance)
        chunks = [taken[start : start + chunk] for start in range(0, number, chunk)]
        p95s = [Round(*(_p95(values) for values in zip(*map(_values, each), strict=True))) for each in chunks]
        return few_rounds.compare(p95s, margin=MARGIN, alpha=ALPHA).answer is Change.SLOWER

    return alarm


def means(old: Sequence[Pair], new: Sequence[Pair], rounds: int, limit: float) -> Callable[[random.Random], bool]:
    """Their rule on as many visits: the mean against a stored one, that is, one of other cycles."""
    return lambda chance: change_of_means(old, new, rounds, chance) > limit


def change_of_means(old: Sequence[Pair], new: Sequence[Pair], rounds: int, chance: random.Random) -> float:
    """Return by which share the mean of so many cycles of the new is above that of other cycles of the old."""
    before = statistics.fmean(value for _ in range(rounds) for value in chance.choice(old))
    after = statistics.fmean(value for _ in range(rounds) for value in chance.choice(new))
    return after / before - 1 if before else float(after > 0)


def calibrated(old: Sequence[Pair], new: Sequence[Pair], rounds: int, experiments: int) -> float:
    """Return the limit at which their rule has 1 % false alarms on this identical code, not below their 5 %."""
    chance = random.Random(2)
    changes = sorted(change_of_means(old, new, rounds, chance) for _ in range(experiments))
    return max(THEIR_LIMIT, changes[int(len(changes) * (1 - ALPHA))])


def _blocks(rounds: Sequence[Round], number: int, block: int, chance: random.Random) -> list[Round]:
    """Return so many rounds in blocks of neighbours, each block once: a block that came twice would confirm itself."""
    starts = chance.sample(range(0, len(rounds) - block + 1, block), number // block)
    return [one for start in starts for one in rounds[start : start + block]]


def _values(one: Round) -> tuple[float, float, float, float]:
    return one.old, one.new, one.again, one.anew


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
