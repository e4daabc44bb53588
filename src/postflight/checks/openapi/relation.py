"""Does everything that one side may send fit the other? Yes (proved), no (with an example), or nobody can tell."""

from dataclasses import dataclass, field

from postflight.checks.openapi.answers import Answer
from postflight.checks.openapi.examples import Example, Refuter
from postflight.checks.openapi.inclusion import Prover
from postflight.checks.openapi.schema import Schema, TooComplex


@dataclass(frozen=True, slots=True)
class Relation:
    """An answer, and for NO an example: a value that was valid for the sender and is not for who accepts."""

    answer: Answer
    example: Example | None = None

    def capped(self, wider: "Relation") -> "Relation":
        """Return what is left of this when a place that contains it has an answer: no more than that one says."""
        if wider.answer is Answer.YES or self.answer is Answer.YES:
            return Relation(Answer.YES)
        if wider.answer is Answer.UNKNOWN:
            return Relation(Answer.UNKNOWN)
        return self


MOST_STEPS = 500_000  # of one comparison
FITS = Relation(Answer.YES)


@dataclass(slots=True)
class Relations:
    """All relations of one comparison, each found out once. Steps are bounded; beyond, nobody can tell."""

    known: dict[tuple[Schema, Schema], Relation] = field(default_factory=dict)
    steps: int = 0

    def between(self, sent: Schema, accepted: Schema) -> Relation:
        """Find out whether all that is sent is accepted."""
        pair = (sent, accepted)
        if pair not in self.known:
            self.known[pair] = self._relate(sent, accepted)
        return self.known[pair]

    def _relate(self, sent: Schema, accepted: Schema) -> Relation:
        """Prove or refute."""
        if self.steps > MOST_STEPS:
            return Relation(Answer.UNKNOWN)
        prover = Prover()
        try:
            if prover.included(sent, accepted):
                return FITS
        except TooComplex:
            self.steps += prover.steps
            prover = Prover()  # what it was about to assume is not proved
        self.steps += prover.steps
        prover.steps = 0
        try:
            example = Refuter(prover).refute(sent, accepted)
        except TooComplex:
            example = None
        self.steps += prover.steps
        return Relation(Answer.NO, example) if example else Relation(Answer.UNKNOWN)


def relate(sent: Schema, accepted: Schema) -> Relation:
    """Find out whether all that is sent is accepted: a proof, an example against it, or neither."""
    return Relations().between(sent, accepted)
