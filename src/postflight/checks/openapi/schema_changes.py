"""The walker of schemas: names what changed, keyword by keyword; `relation` says whether it matters.

A change that only widens what the accepting side takes is compatible. Any other is as bad as the relation of the two
schemas at its place, and never worse than that of the places around it: what moved from one alternative to another
breaks nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from postflight.checks.openapi import keyword_changes
from postflight.checks.openapi.answers import Answer
from postflight.checks.openapi.catalog import kebab
from postflight.checks.openapi.change import Change, Kind, worst
from postflight.checks.openapi.document import Node
from postflight.checks.openapi.judgement import KINDS, Effect, Judge, Step, Subject, pointer_of, short
from postflight.checks.openapi.likeness import alike
from postflight.checks.openapi.pairing import pair_options
from postflight.checks.openapi.relation import Relation, Relations
from postflight.checks.openapi.schema import Schema, TooComplex
from postflight.checks.openapi.validity import canonical
from postflight.checks.openapi.view import views

DEEPEST = 40  # properties within properties
_MOST_PLACES = 5_000  # in one body
_MOST_POSITIONS = 50  # elements of `prefixItems` that are compared one by one


@dataclass(slots=True)
class SchemaWalker:
    """Compares the schemas of one comparison; a pair that many operations share is walked once."""

    relations: Relations
    known: dict[tuple[str, bool, Schema, Schema], tuple[Change, ...]] = field(default_factory=dict)

    def compare(self, subject: Subject, old: Node | None, new: Node | None) -> tuple[Change, ...]:
        """Return the changes; None for a schema that is not there and so allows everything."""
        sides = subject.sides
        pair = [Schema((node,) if node else (), side) for node, side in zip((old, new), sides, strict=True)]
        key = (subject.direction, subject.is_text, pair[0], pair[1])
        if key not in self.known:
            self.known[key] = tuple(_Walk(Judge(subject, self.relations)).run(*pair))
        return tuple(replace(change, operations=(subject.operation,)) for change in self.known[key])


@dataclass(slots=True)
class _Walk:
    judge: Judge
    seen: set[tuple[Schema, Schema]] = field(default_factory=set)

    def run(self, old: Schema, new: Schema) -> Iterator[Change]:
        """Name the changes. When none of them says as much as the relation of the whole does, that is said, too."""
        whole = self.judge.relation(old, new)
        try:
            changes = list(self.walk(old, new, "", whole))
        except TooComplex:
            changes = []
        yield from changes
        kind = KINDS[whole.answer]
        if worst(changes).rank > kind.rank:
            suffix, verb = ("does-not-fit", "does") if kind is Kind.BREAKING else ("cannot-tell", "may")
            message = f"{self.judge.subject.name}: something that was valid {verb} not fit any more"
            yield self.judge.change(suffix, kind, (pointer_of(old), pointer_of(new)), message, whole)

    def walk(self, old: Schema, new: Schema, path: str, around: Relation) -> Iterator[Change]:
        """Compare two schemas and all within them. `around` is the relation of what contains them."""
        if (old, new) in self.seen or path.count(".") + path.count("[") > DEEPEST or not (old.nodes or new.nodes):
            return
        self.seen.add((old, new))
        if len(self.seen) > _MOST_PLACES:
            raise TooComplex("too many schemas in one body")
        if len(old.nodes) == len(new.nodes) == 1 and alike(old.nodes[0], new.nodes[0], in_words=True):
            return
        step = Step(*views(old, new), path, self.judge.relation(old, new).capped(around))
        yield from keyword_changes.find(step, self.judge)
        if not step.comparable:
            return
        for part in (self.unions, self.properties, self.patterned, self.undeclared, self.elements):
            yield from part(step)

    def patterned(self, step: Step) -> Iterator[Change]:
        old, new = step.old.objects, step.new.objects
        for pattern in dict.fromkeys((*old.patterns, *new.patterns)):
            before, after = old.under(pattern), new.under(pattern)
            if before.nodes and after.nodes:
                yield from self.walk(before, after, f"{step.path}./{pattern[:80]}/", step.here)
                continue
            suffix, effect = (
                ("pattern-property-removed", Effect.WIDENS)
                if before.nodes
                else ("pattern-property-added", Effect.NARROWS)
            )
            said = f"properties named like {pattern[:80]}"
            yield self.judge.judged(step, suffix, effect, (_first(before), _first(after)), said)

    def unions(self, step: Step) -> Iterator[Change]:
        for keyword in ("oneOf", "anyOf"):
            old, new = step.old.options(keyword), step.new.options(keyword)
            if not old and not new:
                continue
            if not old or not new:
                verb, effect = ("set", Effect.NARROWS) if new else ("unset", Effect.WIDENS)
                said = f"{keyword} is {'new' if new else 'gone'}"
                yield self.judge.judged(
                    step, f"{kebab(keyword)}-{verb}", effect, (old[0] if old else None, new[0] if new else None), said
                )
                continue
            pairs, gone, added = pair_options(old, new)
            for before, after in pairs:
                path = f"{step.path}<{_title(after)}>"
                yield from self.walk(step.old.schema.at((before,)), step.new.schema.at((after,)), path, step.here)
            for node in gone:
                said = f"the alternative {_title(node)} is gone"
                yield self.judge.judged(step, f"{kebab(keyword)}-branch-removed", Effect.NARROWS, (node, None), said)
            for node in added:
                said = f"the alternative {_title(node)} is new"
                yield self.judge.judged(step, f"{kebab(keyword)}-branch-added", Effect.WIDENS, (None, node), said)

    def properties(self, step: Step) -> Iterator[Change]:
        old, new = step.old, step.new
        for name in dict.fromkeys((*old.objects.names, *new.objects.names)):
            before, after = old.property(name), new.property(name)
            inner = replace(step, path=f"{step.path}.{name}", here=self.of_property(step, name).capped(step.here))
            nodes = (_first(before), _first(after))
            if not before.nodes:
                required = name in new.asked and not after.hidden
                suffix = "required-property-added" if required else "optional-property-added"
                yield self.judge.judged(
                    inner, suffix, Effect.UNCLEAR, nodes, "is new" + (" and required" if required else "")
                )
            elif not after.nodes:
                floor = Kind.COMPATIBLE if before.hidden else Kind.MAYBE
                yield self.judge.judged(inner, "property-removed", Effect.UNCLEAR, nodes, "is gone", floor)
            else:
                yield from self.property(step, inner, name, before, after)

    def property(self, step: Step, inner: Step, name: str, before: Schema, after: Schema) -> Iterator[Change]:
        """Compare a property that both have."""
        nodes = (before.nodes[0], after.nodes[0])
        for keyword, suffix in (("readOnly", "read-only"), ("writeOnly", "write-only")):
            was, now = (any(piece.keywords.get(keyword) is True for piece in one.pieces) for one in (before, after))
            if was != now:
                hides = keyword == before.side.hides
                floor = Kind.MAYBE if hides and now and self.judge.subject.direction == "request" else Kind.COMPATIBLE
                verb = "became" if now else "became-not"
                said = f"is {keyword} {'now' if now else 'no longer'}"
                yield self.judge.judged(
                    inner, f"property-{verb}-{suffix}", Effect.UNCLEAR if hides else Effect.NONE, nodes, said, floor
                )
        if before.hidden and after.hidden:
            return
        if (name in step.old.asked) != (name in step.new.asked) and not (before.hidden or after.hidden):
            now = name in step.new.asked
            suffix, effect = (
                ("property-became-required", Effect.NARROWS) if now else ("property-became-optional", Effect.WIDENS)
            )
            at_parent = replace(inner, here=step.here)
            yield self.judge.judged(at_parent, suffix, effect, nodes, "is required now" if now else "is optional now")
        if not before.hidden and not after.hidden:
            yield from self.walk(before, after, inner.path, step.here)

    def of_property(self, step: Step, name: str) -> Relation:
        """Say whether one property alone, and its absence, still fit."""
        old, new = step.old.objects, step.new.objects
        sent, accepted = (old, new) if self.judge.subject.direction == "request" else (new, old)
        if name in accepted.required and name not in sent.required:
            return Relation(Answer.NO, step.here.example)
        return self.judge.relation(old.at(name), new.at(name))

    def undeclared(self, step: Step) -> Iterator[Change]:
        old, new = step.old.fact("additionalProperties"), step.new.fact("additionalProperties")
        before, after = (one[0] if one else True for one in (old, new))
        if canonical(before) == canonical(after):
            return
        if isinstance(before, Mapping) and isinstance(after, Mapping) and old and new:
            yield from self.walk(
                step.old.schema.at((old[1],)), step.new.schema.at((new[1],)), f"{step.path}.*", step.here
            )
            return
        suffix, effect = "restricted", Effect.NARROWS
        if after is False:
            suffix = "closed"
        elif before is False:
            suffix, effect = "opened", Effect.WIDENS
        elif after is True:
            suffix, effect = "relaxed", Effect.WIDENS
        yield self.judge.judged(
            step, f"additional-properties-{suffix}", effect, (old, new), f"properties that are not declared: {suffix}"
        )

    def elements(self, step: Step) -> Iterator[Change]:
        old, new = step.old.arrays, step.new.arrays
        if old.prefix != new.prefix:
            suffix = "prefix-items-added" if new.prefix > old.prefix else "prefix-items-removed"
            said = f"{old.prefix} described elements → {new.prefix}"
            yield self.judge.judged(
                step, suffix, Effect.UNCLEAR, (step.old.fact("prefixItems"), step.new.fact("prefixItems")), said
            )
        for index in range(min(max(old.prefix, new.prefix), _MOST_POSITIONS)):
            yield from self.walk(old.at(index), new.at(index), f"{step.path}[{index}]", step.here)
        rest = max(old.prefix, new.prefix)
        yield from self.walk(old.at(rest), new.at(rest), f"{step.path}[]", step.here)


def _first(schema: Schema) -> Node | None:
    return schema.nodes[0] if schema.nodes else None


def _title(node: Node) -> str:
    if isinstance(node.value, Mapping):
        reference, title = node.value.get("$ref"), node.value.get("title")
        if isinstance(reference, str):
            return short(reference.rpartition("/")[2])
        if isinstance(title, str):
            return short(title)
    return node.pointer.rpartition("/")[2]
