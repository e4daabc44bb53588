"""Errors that come rarely: how often to ask to see them, and what was seen."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from postflight.checks.invariants.exchange import Exchange, Violation


def calls_needed(rate: float, confidence: float) -> int:
    """Return how many independent calls show a fault of this rate at least once, with this probability.

    n = ln(1 - confidence) / ln(1 - rate): 1 % at 99 % needs 459.
    """
    return math.ceil(math.log(1 - confidence) / math.log(1 - rate))


def be_alike(answers: Sequence[Exchange]) -> Iterator[Violation]:
    """Demand that the same question, asked often of what does not change, has one answer: that of most times."""
    most = Counter((one.status, one.response.body) for one in answers).most_common(1)[0][0]
    usual = next(one for one in answers if (one.status, one.response.body) == most)
    crashed = [one for one in answers if one.status >= 500]
    if crashed:
        cause = f"{usual.name} answered {crashed[0].status} to {len(crashed)} of {len(answers)} equal requests"
        yield Violation("rare-error", cause, crashed[0], "no error")
    others = [one for one in answers if one.status < 500 and (one.status, one.response.body) != most]
    if others:
        cause = f"{usual.name} gave another answer to {len(others)} of {len(answers)} equal requests"
        yield Violation("rare-difference", cause, others[0], usual.seen)
