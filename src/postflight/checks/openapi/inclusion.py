"""The prover: is every value that one side sends accepted by the other? It says yes only when that is certain.

Contravariance of inputs and covariance of outputs are one question here: who sends (`Side.sends`) is the old client in
a request and the new server in an answer. Schemas that contain themselves are handled as recursive types are (Amadio
and Cardelli, "Subtyping recursive types", 1993): what is being proved may be used, since values are finite.
"""

from dataclasses import dataclass, field

from postflight.checks.openapi.answers import Answer
from postflight.checks.openapi.branches import Branch, Demand, branches
from postflight.checks.openapi.facts import Arrays, Numbers, Objects, Texts
from postflight.checks.openapi.likeness import alike
from postflight.checks.openapi.schema import Schema, TooComplex
from postflight.checks.openapi.texts import format_within
from postflight.checks.openapi.validity import valid

MOST_STEPS = 20_000
_DEEPEST = 50  # of Python frames there are about nine for each


@dataclass(slots=True)
class Prover:
    """Proves inclusions, and remembers them. Raises `TooComplex` when it takes too many steps."""

    assumed: dict[tuple[Schema, Schema], None] = field(default_factory=dict)
    failed: set[tuple[Schema, Schema]] = field(default_factory=set)
    steps: int = 0
    depth: int = 0

    def included(self, sent: Schema, accepted: Schema) -> bool:
        """Whether it is certain that every value of `sent` is valid for `accepted`."""
        pair = (sent, accepted)
        if pair in self.assumed or not accepted.pieces:
            return True
        if pair in self.failed:
            return False
        self.count()
        if len(sent.nodes) == len(accepted.nodes) == 1 and alike(sent.nodes[0], accepted.nodes[0]):
            return True
        before = len(self.assumed)
        self.assumed[pair] = None
        self.depth += 1
        try:
            proved = all(self._branch_included(one, accepted) for one in branches(sent))
        finally:
            self.depth -= 1
        if not proved:
            for later in list(self.assumed)[before:]:  # what was proved with a wrong assumption is not proved
                del self.assumed[later]
            self.failed.add(pair)
        return proved

    def impossible(self, schema: Schema, deeper: int = 8) -> bool:
        """Whether it is certain that no value is valid."""
        self.count()
        return deeper > 0 and all(self._empty(one, deeper - 1) for one in branches(schema))

    def count(self, more: int = 1) -> None:
        """Count steps."""
        self.steps += more
        if self.steps > MOST_STEPS or self.depth > _DEEPEST:
            raise TooComplex("too many steps")

    def _branch_included(self, sent: Branch, accepted: Schema) -> bool:
        self.count()
        values = sent.values()
        if values is not None and all(valid(accepted, one) is Answer.YES for one in values):
            return True
        if any(self._within(sent, one) for one in branches(accepted) if one.type == sent.type):
            return True
        return self._empty(sent, 8)

    def _empty(self, branch: Branch, deeper: int) -> bool:
        if branch.values() == []:
            return True
        if branch.type == "number":
            return Numbers.of(branch).empty
        if branch.type == "string":
            texts = Texts.of(branch)
            return texts.most is not None and texts.least > texts.most
        if branch.type == "array":
            arrays = Arrays.of(branch)
            return arrays.most is not None and arrays.least > arrays.most
        if branch.type == "object":
            objects = Objects.of(branch)
            if objects.most is not None and max(objects.least, len(objects.required)) > objects.most:
                return True
            return any(self.impossible(objects.at(name), deeper) for name in objects.required)
        return False

    def _within(self, sent: Branch, accepted: Branch) -> bool:
        """Whether one branch is within another of its type."""
        if any(piece.values is not None for piece in accepted.pieces):
            return False  # lists were tried before
        if not all(self._demanded(demand, sent) for demand in accepted.demands):
            return False
        if sent.type == "number":
            return _numbers_within(Numbers.of(sent), Numbers.of(accepted))
        if sent.type == "string":
            return _texts_within(Texts.of(sent), Texts.of(accepted))
        if sent.type == "array":
            return self._arrays_within(Arrays.of(sent), Arrays.of(accepted))
        return sent.type != "object" or self._objects_within(Objects.of(sent), Objects.of(accepted))

    def _demanded(self, demand: Demand, sent: Branch) -> bool:
        """Whether a branch that sends meets a demand that is not taken apart."""
        if any(demand.same_as(mine) for mine in sent.demands):
            return True
        excluded = demand.negated()
        if excluded is None:
            return False
        if all(one.type != sent.type for one in branches(excluded)):
            return True
        mine = (other.negated() for other in sent.demands)
        return any(other is not None and self.included(excluded, other) for other in mine)

    def _arrays_within(self, sent: Arrays, accepted: Arrays) -> bool:
        if not _counts_within((sent.least, sent.most), (accepted.least, accepted.most)):
            return False
        if accepted.unique and not sent.unique and (sent.most is None or sent.most > 1):
            return False
        positions = max(sent.prefix, accepted.prefix) + 1
        if sent.most is not None:
            positions = min(positions, sent.most)
        return all(self.included(sent.at(index), accepted.at(index)) for index in range(positions))

    def _objects_within(self, sent: Objects, accepted: Objects) -> bool:
        if not accepted.required <= sent.required:
            return False
        most = sent.most
        if most is None and not sent.open and not sent.patterns:
            most = len(sent.names)
        if not _counts_within((max(sent.least, len(sent.required)), most), (accepted.least, accepted.most)):
            return False
        names = dict.fromkeys((*sent.names, *accepted.names, *sent.required))
        if not all(self.included(sent.at(name), accepted.at(name)) for name in names):
            return False
        return self._undeclared_within(sent, accepted)

    def _undeclared_within(self, sent: Objects, accepted: Objects) -> bool:
        """Judge names that are not declared, by what they may match: a pattern, several, or none."""
        for pattern in (None, *sent.patterns):
            mine = sent.others if pattern is None else sent.under(pattern)
            for other in (None, *accepted.patterns):
                if other is None and pattern is not None and pattern in accepted.patterns:
                    continue  # these names match the same pattern there
                if other is not None and pattern is None and other in sent.patterns:
                    continue  # these names match none of the sender's patterns
                theirs = accepted.others if other is None else accepted.under(other)
                if other is not None and other in sent.patterns and pattern != other:
                    mine_there = sent.under(other)  # a name that matches it has this as well
                    if self.included(mine_there, theirs):
                        continue
                if not self.included(mine, theirs):
                    return False
        return True


def _counts_within(sent: tuple[int, int | None], accepted: tuple[int, int | None]) -> bool:
    return sent[0] >= accepted[0] and (accepted[1] is None or (sent[1] is not None and sent[1] <= accepted[1]))


def _numbers_within(sent: Numbers, accepted: Numbers) -> bool:
    if accepted.low is not None and (sent.low is None or (sent.low, sent.low_open) < (accepted.low, accepted.low_open)):
        return False
    if accepted.high is not None and (
        sent.high is None or (sent.high, not sent.high_open) > (accepted.high, not accepted.high_open)
    ):
        return False
    return all(any(mine % step == 0 for mine in sent.steps) for step in accepted.steps)


def _texts_within(sent: Texts, accepted: Texts) -> bool:
    return (
        _counts_within((sent.least, sent.most), (accepted.least, accepted.most))
        and accepted.patterns <= sent.patterns
        and all(
            format_within("password", outer) or any(format_within(inner, outer) for inner in sent.formats)
            for outer in accepted.formats
        )
    )
