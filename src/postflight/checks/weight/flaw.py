"""What a rule says about a page: one flaw for each file that is the cause, in words, with an amount to be judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from postflight.model import Quantity, Unit

MOST_TOLD = 5  # flaws in one sentence


@dataclass(frozen=True, slots=True)
class Flaw:
    """One file (or host, or route), what is wrong with it, and how much: a count, or bytes, as its rule says."""

    subject: str
    words: str
    amount: float = 1

    def __str__(self) -> str:
        """`/static/app.js: sent without compression (38 KB)`."""
        return f"{self.subject}: {self.words}"


def tell(flaws: Sequence[Flaw]) -> str:
    """Return the worst of them in one line; empty for none."""
    worst = sorted(flaws, key=lambda flaw: -flaw.amount)[:MOST_TOLD]
    more = len(flaws) - len(worst)
    return "; ".join(map(str, worst)) + (f"; and {more} more" if more else "")


def total(flaws: Sequence[Flaw]) -> float:
    """Return the sum of their amounts."""
    return sum(flaw.amount for flaw in flaws)


def size(number: float) -> str:
    """Return bytes as a person writes them: `38 KB`."""
    return str(Quantity(float(f"{number:.3g}"), Unit.BYTES))
