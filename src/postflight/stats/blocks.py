"""The unit of evidence: a short stretch of the watch, and how many of its requests were bad."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """`bad` of `requests` in one stretch of time. No requests at all is a missing block: no evidence, never good.

    What "bad" is (an error, an answer slower than a limit, a deadline passed) is for the rule to say. Raises
    `ValueError` for counts that cannot be.
    """

    requests: int
    bad: int

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.requests:
            raise ValueError(f"a block has 0 <= bad <= requests, not {self.bad} bad of {self.requests}")

    def __add__(self, other: "Block") -> "Block":
        """Merge what two sources saw in the same stretch of time. In any order."""
        return Block(self.requests + other.requests, self.bad + other.bad)

    @property
    def missing(self) -> bool:
        """Whether nothing was measured."""
        return self.requests == 0

    @property
    def share(self) -> float:
        """Bad requests per request. Raises `ZeroDivisionError` for a missing block: it has none."""
        return self.bad / self.requests


MISSING = Block(0, 0)
