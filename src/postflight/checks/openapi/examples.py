"""The refuter: looks for a value that one side may send and the other does not accept.

It tries values at the edges of what both sides say, and puts the examples that it finds for a property or an element
into an otherwise valid whole. What it returns was checked by `validity.valid`, so it is never wrong; it may find none
where there is one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from math import ceil, floor, lcm

from postflight.checks.openapi.answers import Answer
from postflight.checks.openapi.branches import Branch, branches
from postflight.checks.openapi.document import Json
from postflight.checks.openapi.facts import Arrays, Numbers, Objects, Texts
from postflight.checks.openapi.inclusion import Prover
from postflight.checks.openapi.schema import Schema
from postflight.checks.openapi.texts import STOCK, matches
from postflight.checks.openapi.validity import canonical, number, valid

MOST_TRIED = 400  # values of one schema
_DEEPEST = 24
MOST_WEIGHT = 20_000  # values within one value
_LONGEST_TEXT = 2_000_000
_MOST_ITEMS = 1_000
_UNDECLARED = "x-undeclared"  # the name of a property that nobody declares


@dataclass(frozen=True, slots=True)
class Example:
    """A value; a class of its own because null is a value, too."""

    value: Json


@dataclass(slots=True)
class Refuter:
    """Finds examples, and remembers them. Raises `TooComplex` when it takes too many steps."""

    prover: Prover
    found: dict[tuple[Schema, Schema], Example | None] = field(default_factory=dict)

    def refute(self, sent: Schema, accepted: Schema, depth: int = 0) -> Example | None:
        """Return a value that is certainly valid for `sent` and certainly not for `accepted`."""
        pair = (sent, accepted)
        if pair not in self.found:
            self.found[pair] = None  # a schema within itself: look elsewhere
            if self.prover.included(sent, accepted):
                return None
            for value in islice(self._values(sent, accepted, depth), MOST_TRIED):
                if self._is_valid(sent, value) and valid(accepted, value) is Answer.NO:
                    self.found[pair] = Example(value)
                    break
        return self.found[pair]

    def _is_valid(self, schema: Schema, value: Json) -> bool:
        """Whether a value is certainly valid; one that is too large to judge is not."""
        weight = _weight(value)
        self.prover.count(1 + weight // 4)
        return weight <= MOST_WEIGHT and valid(schema, value) is Answer.YES

    def any_value(self, schema: Schema, depth: int) -> Example | None:
        """Return one valid value."""
        nothing = schema.never
        return self.refute(schema, nothing, depth)

    def _values(self, sent: Schema, accepted: Schema, depth: int) -> Iterator[Json]:
        if depth > _DEEPEST:
            return
        yield from _said(sent)
        theirs = branches(accepted)
        for branch in branches(sent):
            values = branch.values()
            others = [one for one in theirs if one.type == branch.type]
            if values is not None:
                yield from values
            elif branch.type == "number":
                yield from _numbers(branch, others)
            elif branch.type == "string":
                yield from _texts(branch, others)
            elif branch.type == "array":
                yield from self._arrays(Arrays.of(branch), [Arrays.of(one) for one in others], depth + 1)
            elif branch.type == "object":
                yield from self._objects(Objects.of(branch), [Objects.of(one) for one in others], depth + 1)

    def _arrays(self, sent: Arrays, others: list[Arrays], depth: int) -> Iterator[Json]:
        edges = {0, 1, 2, sent.least, sent.prefix, sent.prefix + 1}
        edges |= {
            count + more for one in others for count in (one.least, one.most or 0, one.prefix) for more in (-1, 0, 1)
        }
        counts = [
            n for n in sorted(edges) if sent.least <= n <= min(_MOST_ITEMS, n if sent.most is None else sent.most)
        ]
        pool: dict[int, list[Json]] = {}
        for count in counts:
            whole = self._whole(sent, count, pool, depth)
            if whole is None:
                continue
            yield whole
            for one in others:
                yield from self._with_element(sent, one, whole, depth)

    def _whole(self, sent: Arrays, count: int, pool: dict[int, list[Json]], depth: int) -> list[Json] | None:
        """Return a list of `count` elements, or None. `pool` keeps values for each position."""
        whole: list[Json] = []
        used: set[str] = set()
        weight = 0
        for index in range(count):
            place = min(index, sent.prefix)
            if place not in pool:
                pool[place] = self._several(sent.at(place), depth)
            fitting = (Example(one) for one in pool[place] if not sent.unique or canonical(one) not in used)
            element = next(fitting, None)
            weight += _weight(element.value) if element else 0
            if element is None or weight > MOST_WEIGHT:
                return None
            if sent.unique:
                used.add(canonical(element.value))
            whole.append(element.value)
        return whole

    def _with_element(self, sent: Arrays, accepted: Arrays, whole: list[Json], depth: int) -> Iterator[Json]:
        for index in range(min(len(whole), max(sent.prefix, accepted.prefix) + 1)):
            example = self.refute(sent.at(index), accepted.at(index), depth)
            if example is not None:
                yield [*whole[:index], example.value, *whole[index + 1 :]]

    def _several(self, schema: Schema, depth: int) -> list[Json]:
        """Return some different valid values."""
        good = (one for one in islice(self._values(schema, schema, depth), MOST_TRIED) if self._is_valid(schema, one))
        distinct: dict[str, Json] = {}
        for one in good:
            distinct.setdefault(canonical(one), one)
            if len(distinct) >= 12:
                break
        return list(distinct.values())

    def _objects(self, sent: Objects, others: list[Objects], depth: int) -> Iterator[Json]:
        least: dict[str, Json] = {}
        for name in sent.required:
            example = self.any_value(sent.at(name), depth)
            if example is None:
                return
            least[name] = example.value
        most = dict(least)
        for name in sent.names:
            if name not in most and (example := self.any_value(sent.at(name), depth)) is not None:
                most[name] = example.value
        yield least
        yield most
        names = dict.fromkeys((*sent.names, *(name for one in (sent, *others) for name in _names(one))))
        for name in names:
            yield from self._with_property(sent, others, name, (least, most), depth)
        for name in most.keys() - least.keys():
            yield {key: value for key, value in most.items() if key != name}
            yield {**least, name: most[name]}
        if sent.open and (extra := self.any_value(sent.others, depth)) is not None:
            for count in (
                {bound + 1 for one in others if (bound := one.most) is not None}
                | {one.least for one in others}
                | {sent.least}
            ):
                missing = range(max(0, min(count, _MOST_ITEMS) - len(least)))
                yield {**least, **{f"{_UNDECLARED}-{index}": extra.value for index in missing}}

    def _with_property(
        self, sent: Objects, others: list[Objects], name: str, wholes: tuple[dict[str, Json], ...], depth: int
    ) -> Iterator[Json]:
        mine = sent.at(name)
        examples = [self.refute(mine, one.at(name), depth) for one in others]
        if not others or name not in sent.names:
            examples.append(self.any_value(mine, depth))
        values = branches(mine)
        for branch in values:  # each listed value, so that each kind of a discriminated object is tried
            examples += [Example(one) for one in (branch.values() or [])]
        for example, whole in ((one, whole) for one in examples if one is not None for whole in wholes):
            yield {**whole, name: example.value}


def _weight(value: Json) -> int:
    """Return how many values there are in one: what it costs to judge it (at most one more than `MOST_WEIGHT`)."""
    count, todo = 0, [value]
    while todo and count <= MOST_WEIGHT:
        one = todo.pop()
        count += 1
        if isinstance(one, Mapping):
            todo += one.values()
        elif isinstance(one, list):
            todo += one
    return count


def _names(objects: Objects) -> Iterator[str]:
    """Yield names to try: declared ones, such as match a pattern, such as need others, and one that nobody declares."""
    yield from objects.names
    yield from objects.required
    for pattern in objects.patterns:
        plain = re.sub(r"\W", "", pattern)
        yield from (name for name in (plain, f"{plain}1", f"x{plain}") if matches(pattern, name) is Answer.YES)
    for piece in objects.branch.pieces:
        for keyword in ("dependentRequired", "dependentSchemas"):
            yield from piece.node.fields(keyword) if keyword in piece.keywords else ()
    yield from ("x", _UNDECLARED)


def _said(schema: Schema) -> Iterator[Json]:
    """Yield the examples and defaults that a document gives."""
    for piece in schema.pieces:
        for keyword in ("default", "example"):
            if keyword in piece.keywords:
                yield piece.keywords[keyword]
        listed = piece.keywords.get("examples")
        if isinstance(listed, list):
            yield from listed


def _numbers(sent: Branch, others: list[Branch]) -> Iterator[Json]:
    facts = [Numbers.of(one) for one in (sent, *others)]
    edges = {Fraction(0), Fraction(1), Fraction(1, 2)}
    for one in facts:
        edges |= {bound for bound in (one.low, one.high) if bound is not None} | one.steps
    near = {edge + more for edge in edges for more in (-1, Fraction(-1, 2), 0, Fraction(1, 2), 1)}
    steps = facts[0].steps
    if steps:
        common = (
            Fraction(lcm(*(one.numerator for one in steps)), 1)
            if all(one.denominator == 1 for one in steps)
            else max(steps)
        )
        near |= {
            common * (rounded(edge / common) + more)
            for edge in edges
            for rounded in (floor, ceil)
            for more in (-1, 0, 1)
        }
    for exact in sorted(near, key=abs):
        value: Json = int(exact) if exact.denominator == 1 else float(exact)
        if number(value) == exact:
            yield value


def _texts(sent: Branch, others: list[Branch]) -> Iterator[Json]:
    mine = Texts.of(sent)
    yield from STOCK
    lengths = {mine.least, mine.most or 0, mine.least + 1}
    for one in map(Texts.of, others):
        lengths |= {one.least - 1, one.least, one.most or 0, (one.most or 0) + 1}
    for length in sorted(lengths):
        if 0 < length <= _LONGEST_TEXT and mine.least <= length and (mine.most is None or length <= mine.most):
            yield from (letter * length for letter in "aA0_- " if length < 10_000 or letter == "a")
            if mine.formats:
                yield from _long_of_formats(length)


def _long_of_formats(length: int) -> Iterator[str]:
    """Yield texts of open-ended formats that have a length."""
    for start, end in (("https://e.xy/", ""), ("", "@e.xy"), ("/", "")):
        middle = length - len(start) - len(end)
        if middle > 0:
            yield start + "a" * middle + end
