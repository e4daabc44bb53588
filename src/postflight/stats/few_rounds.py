"""Is the new deployment slower than the old one? From 3 to 40 rounds, where each costs seconds: visits of a page.

A bootstrap of so few rounds claims more than it knows. What is known for certain is the lot: each round measures
the old deployment and the new one twice each, *in an order drawn anew*. If they are the same, which two of the four are
called new is chance, 1 in 6 in every round, whatever the noise is like. So the probability of a result is counted, not
modelled: the share of all 6^n ways to have drawn the names in which the "new" ones come out as high as they did. That
holds without a normal distribution, without symmetry, and with neighbours that are alike.

What is counted is the sum of aligned ranks: each value's distance from the median of its round, ranked among all. One
visit in ten that takes thrice as long then costs one rank, where it would drown a mean.

"Slower by more than the margin" asks the same of new / (1 + margin). Three rounds are the fewest that can speak at 1 %.
The control asks it of each side and itself, where names are 1 in 2; it speaks at 1 % from four rounds on.

Sources: Fisher, "The Design of Experiments" (1935), ch. 3, for counting over the lots; Hodges, Lehmann, "Rank methods
for combination of independent experiments in analysis of variance" (1962), for aligned ranks.
"""

import math
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from postflight.stats.paired import Change, Interval, Round

MOST_ROUNDS = 60  # beyond, `paired` decides as well and knows about drift
STEPS = 20  # of a bisection: bounds are exact to a millionth of the differences' range


@dataclass(frozen=True, slots=True)
class FewComparison:
    """What few rounds say. Bounds that the rounds cannot give (too few for the control) are 0 and infinity."""

    rounds: int
    margin: float
    alpha: float
    change: Interval  # new against old
    control: Interval  # each side against itself
    slower: float  # chance of rounds that look so slow when new is slower by the margin only
    not_slower: float  # chance of rounds that look so fast when new is slower by the margin

    @property
    def is_quiet(self) -> bool:
        """Whether the instrument sees no difference where there is none."""
        return self.control.is_none(self.margin)

    @property
    def answer(self) -> Change:
        """The answer; undecided as long as the control forbids one."""
        if not self.is_quiet:
            return Change.UNDECIDED
        if self.slower <= self.alpha:
            return Change.SLOWER
        return Change.NOT_SLOWER if self.not_slower <= self.alpha else Change.UNDECIDED


def fewest_rounds(alpha: float) -> int:
    """Return how many rounds it takes to say anything with at most `alpha` wrong answers: 3 for 1 %.

    Raises `ValueError` for an alpha that is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, not {alpha:g}")
    count = 1
    while 6**-count > alpha:
        count += 1
    return count


def compare(rounds: Sequence[Round], *, margin: float, alpha: float) -> FewComparison:
    """Return what the rounds say. `slower` and `not slower` are each wrong with a probability of at most `alpha`.

    Whoever looks n times at growing data, or at n figures, hands in alpha/n. Raises `ValueError` for too few or too
    many rounds, a value that is not above 0, or a margin or alpha that is none.
    """
    fewest = fewest_rounds(alpha)
    if not fewest <= len(rounds) <= MOST_ROUNDS:
        raise ValueError(f"{len(rounds)} rounds: at alpha {alpha:g} it takes {fewest} to {MOST_ROUNDS}")
    if not margin > 0:
        raise ValueError(f"the margin must be above 0, not {margin:g}")
    if not all(min(each.old, each.new, each.again, each.anew) > 0 for each in rounds):
        raise ValueError("every value must be above 0")
    sides = [tuple(math.log(value) for value in (each.new, each.anew, each.old, each.again)) for each in rounds]
    twice = [pair for row in sides for pair in ((row[1], row[0]), (row[3], row[2]))]
    at_margin = _shifted(sides, math.log1p(margin))
    return FewComparison(
        len(rounds),
        margin,
        alpha,
        _interval(sides, alpha),
        _interval(twice, alpha),
        chance_as_high(at_margin),
        chance_as_high(_mirrored(at_margin)),
    )


def chance_as_high(rows: Sequence[Sequence[float]]) -> float:
    """Return how likely a half of each row, drawn blindly, is as high as its first half, by sums of aligned ranks.

    Rows have the same, even length. Exact: it counts all choices. How many of them have the sum s is digit s of one
    whole number, in a base that no count reaches: to add a row is to shift and add, at the speed of C.
    """
    half = len(rows[0]) // 2
    choices: int = math.comb(2 * half, half) ** len(rows)
    digit = choices.bit_length() + 1
    ranked = _aligned_ranks(rows)
    ways = 1
    for ranks in ranked:
        ways = sum(ways << digit * sum(chosen) for chosen in combinations(ranks, half))
    seen = sum(sum(ranks[:half]) for ranks in ranked)
    as_high = (ways >> digit * seen) % ((1 << digit) - 1)  # the sum of the digits from `seen` on, as for nines
    return as_high / choices


def _aligned_ranks(rows: Sequence[Sequence[float]]) -> list[list[int]]:
    """Return twice the mid-rank of each value's distance from the median of its row: whole numbers, also with ties."""
    # rounded, so that what is equal but for the last bit ties
    aligned = [[round(value - statistics.median(row), 12) for value in row] for row in rows]
    ordered = sorted(value for row in aligned for value in row)
    return [[bisect_left(ordered, value) + bisect_right(ordered, value) for value in row] for row in aligned]


def _interval(named: Sequence[Sequence[float]], alpha: float) -> Interval:
    """Return the ratios of first half to second half that the rows do not rule out, each bound at `alpha`."""
    half = len(named[0]) // 2
    differences = [first - second for row in named for first in row[:half] for second in row[half:]]
    lowest, highest = min(differences) - 1e-9, max(differences) + 1e-9
    middle = statistics.median(statistics.fmean(row[:half]) - statistics.fmean(row[half:]) for row in named)
    mirrored = _mirrored(named)
    return Interval(
        math.exp(_bound(named, lowest, highest, alpha)),
        math.exp(middle),
        math.exp(-_bound(mirrored, -highest, -lowest, alpha)),
    )


def _bound(named: Sequence[Sequence[float]], low: float, high: float, alpha: float) -> float:
    """Return the largest shift of the first half that is ruled out from below; minus infinity if none is."""
    if chance_as_high(_shifted(named, low)) > alpha:
        return -math.inf
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if chance_as_high(_shifted(named, middle)) <= alpha else (low, middle)
    return low


def _shifted(named: Sequence[Sequence[float]], shift: float) -> list[tuple[float, ...]]:
    half = len(named[0]) // 2
    return [(*(value - shift for value in row[:half]), *row[half:]) for row in named]


def _mirrored(named: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    return [tuple(-value for value in row) for row in named]
