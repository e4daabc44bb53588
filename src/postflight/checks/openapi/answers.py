"""Three values: yes, no, and nobody can tell."""

from collections.abc import Iterable
from enum import Enum


class Answer(Enum):
    """What is known of a question. `UNKNOWN` is never taken for one of the others."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, known: bool) -> "Answer":  # noqa: FBT001 - a conversion
        """Turn a truth value into an answer."""
        return cls.YES if known else cls.NO

    def __bool__(self) -> bool:
        raise TypeError("an answer has three values: compare it with YES or NO")

    @property
    def opposite(self) -> "Answer":
        """The answer to the opposite question."""
        return {Answer.YES: Answer.NO, Answer.NO: Answer.YES}.get(self, Answer.UNKNOWN)


def every(answers: Iterable[Answer]) -> Answer:
    """NO as soon as one is NO; YES when all are YES."""
    result = Answer.YES
    for answer in answers:
        if answer is Answer.NO:
            return Answer.NO
        if answer is Answer.UNKNOWN:
            result = Answer.UNKNOWN
    return result


def count_yes(answers: Iterable[Answer]) -> tuple[int, int]:
    """Return how many are YES for certain, and how many may be."""
    certain = possible = 0
    for answer in answers:
        certain += answer is Answer.YES
        possible += answer is not Answer.NO
    return certain, possible


def some(answers: Iterable[Answer]) -> Answer:
    """YES as soon as one is YES; NO when all are NO."""
    return every(answer.opposite for answer in answers).opposite
