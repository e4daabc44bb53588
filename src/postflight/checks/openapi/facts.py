"""What a branch says of numbers, texts, arrays or objects, with all its pieces taken together."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from postflight.checks.openapi.answers import Answer
from postflight.checks.openapi.branches import Branch
from postflight.checks.openapi.document import Json, Node
from postflight.checks.openapi.schema import Piece, Schema, TooComplex
from postflight.checks.openapi.texts import matches
from postflight.checks.openapi.validity import INT_RANGES, number


@dataclass(frozen=True, slots=True)
class Numbers:
    """An interval, and the steps of which every value is a multiple."""

    low: Fraction | None
    low_open: bool
    high: Fraction | None
    high_open: bool
    steps: frozenset[Fraction]
    formats: frozenset[str]

    @classmethod
    def of(cls, branch: Branch) -> "Numbers":
        """Gather the facts. Bounds of whole numbers are tightened to whole numbers."""
        lows = [(bound, False) for bound in _bounds(branch, "minimum")]
        lows += [(bound, True) for bound in _bounds(branch, "exclusiveMinimum")]
        highs = [(bound, False) for bound in _bounds(branch, "maximum")]
        highs += [(bound, True) for bound in _bounds(branch, "exclusiveMaximum")]
        formats = _texts(branch, "format")
        for name in formats & INT_RANGES.keys():
            lows.append((Fraction(-INT_RANGES[name]), False))
            highs.append((Fraction(INT_RANGES[name]), True))
        low, low_open = max(lows, default=(None, False))
        high, high_open = min(highs, key=lambda bound: (bound[0], not bound[1]), default=(None, False))
        steps = set(_bounds(branch, "multipleOf"))
        if branch.whole:
            steps.add(Fraction(1))
            if low is not None:
                low, low_open = Fraction(floor(low) + 1 if low_open else ceil(low)), False
            if high is not None:
                high, high_open = Fraction(ceil(high) - 1 if high_open else floor(high)), False
        return cls(low, low_open, high, high_open, frozenset(steps), formats)

    @property
    def empty(self) -> bool:
        """Whether no number is left."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))


@dataclass(frozen=True, slots=True)
class Texts:
    """Lengths, patterns and formats of texts; `most` is None without a limit."""

    least: int
    most: int | None
    patterns: frozenset[str]
    formats: frozenset[str]

    @classmethod
    def of(cls, branch: Branch) -> "Texts":
        """Gather the facts."""
        least, most = _counts(branch, "minLength", "maxLength")
        return cls(least, most, _texts(branch, "pattern"), _texts(branch, "format"))


@dataclass(frozen=True, slots=True)
class Arrays:
    """Counts, uniqueness and what holds at each index."""

    least: int
    most: int | None
    unique: bool
    prefix: int  # indices before the rest
    branch: Branch

    @classmethod
    def of(cls, branch: Branch) -> "Arrays":
        """Gather the facts."""
        least, most = _counts(branch, "minItems", "maxItems")
        unique = any(piece.keywords.get("uniqueItems") is True for piece in branch.pieces)
        prefix = max((len(piece.children("prefixItems")) for piece in branch.pieces), default=0)
        return cls(least, most, unique, prefix, branch)

    def at(self, index: int) -> Schema:
        """Return what holds at an index; all from `prefix` on are the same."""
        found = []
        for piece in self.branch.pieces:
            first = piece.children("prefixItems")
            node = first[index] if index < len(first) else piece.single("items")
            if node is not None:
                found.append(node)
        return self.branch.schema.at(found)


@dataclass(frozen=True, slots=True)
class Objects:
    """Names and counts of properties, and what holds for each name."""

    least: int
    most: int | None
    required: frozenset[str]  # without those that the sender does not own
    names: tuple[str, ...]  # declared ones
    patterns: tuple[str, ...]
    branch: Branch

    @classmethod
    def of(cls, branch: Branch) -> "Objects":
        """Gather the facts."""
        least, most = _counts(branch, "minProperties", "maxProperties")
        names = dict.fromkeys(name for piece in branch.pieces for name in piece.named("properties"))
        patterns = dict.fromkeys(name for piece in branch.pieces for name in piece.named("patternProperties"))
        asked = {str(name) for piece in branch.pieces for name in _list(piece.keywords.get("required"))}
        hidden = {name for name in asked if _hidden(branch, name)}
        return cls(least, most, frozenset(asked - hidden), tuple(names), tuple(patterns), branch)

    @property
    def open(self) -> bool:
        """Whether properties that are not declared may be there (`schema.Side` says when a sender sends them)."""
        said = any("additionalProperties" in piece.keywords for piece in self.branch.pieces)
        return said or not self.branch.schema.side.sends or not (self.names or self.patterns)

    def at(self, name: str) -> Schema:
        """Return what holds for a property's value; `never` when it cannot be there."""
        if _hidden(self.branch, name):
            schema = self.branch.schema
            return schema.never if schema.side.sends else schema.anything
        found: list[Node] = []
        declared = False
        for piece in self.branch.pieces:
            mine = _declared(piece, name)
            declared = declared or bool(mine)
            rest = piece.single("additionalProperties")
            found += mine or ([rest] if rest is not None else [])
        if not declared and not self.open:
            return self.branch.schema.never
        return self.branch.schema.at(found)

    def under(self, pattern: str) -> Schema:
        """Return what holds for names that match a pattern, as far as that pattern says it."""
        nodes = [piece.named("patternProperties").get(pattern) for piece in self.branch.pieces]
        return self.branch.schema.at(node for node in nodes if node is not None)

    @property
    def others(self) -> Schema:
        """Return what holds for names that are not declared."""
        if not self.open:
            return self.branch.schema.never
        rest = [piece.single("additionalProperties") for piece in self.branch.pieces]
        return self.branch.schema.at(node for node in rest if node is not None)


def _declared(piece: Piece, name: str) -> list[Node]:
    """Return what a piece declares for a name, by `properties` and `patternProperties`."""
    own = piece.named("properties").get(name)
    found = [own] if own is not None else []
    for pattern, node in piece.named("patternProperties").items():
        match = matches(pattern, name)
        if match is Answer.UNKNOWN:
            raise TooComplex(f"nobody can tell whether {name[:60]!r} matches {pattern[:60]!r}")
        if match is Answer.YES:
            found.append(node)
    return found


def _hidden(branch: Branch, name: str) -> bool:
    nodes = (piece.named("properties").get(name) for piece in branch.pieces)
    return any(branch.schema.at((node,)).hidden for node in nodes if node is not None)


def _bounds(branch: Branch, keyword: str) -> list[Fraction]:
    return [bound for piece in branch.pieces if (bound := number(piece.keywords.get(keyword))) is not None]


def _counts(branch: Branch, least: str, most: str) -> tuple[int, int | None]:
    highs = _bounds(branch, most)
    return int(max(_bounds(branch, least), default=Fraction(0))), int(min(highs)) if highs else None


def _texts(branch: Branch, keyword: str) -> frozenset[str]:
    return frozenset(said for piece in branch.pieces if isinstance(said := piece.keywords.get(keyword), str))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
