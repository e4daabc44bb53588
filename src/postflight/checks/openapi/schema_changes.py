"""The walker of schemas: names what changed, keyword by keyword; `relation` says whether it matters.

A change that only widens what the accepting side takes is compatible. Any other is as bad as the relation of the two schemas at its
place, and never worse than that of the places around it: what moved from one alternative to another breaks nothing.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from postflight.checks.openapi.answers import Answer
from postflight.checks.openapi.branches import alike
from postflight.checks.openapi.catalog import BOUNDS, DEMANDS, kebab
from postflight.checks.openapi.change import Change, Kind, Place, worst
from postflight.checks.openapi.document import Json, Node
from postflight.checks.openapi.pairing import pair_options
from postflight.checks.openapi.relation import FITS, Relation, Relations
from postflight.checks.openapi.schema import Schema, Side
from postflight.checks.openapi.validity import canonical, number
from postflight.checks.openapi.view import View

DEEPEST = 60
LONGEST_EXAMPLE = 200  # characters
LONGEST_VALUE = 80
_CONTENT = ("contentEncoding", "contentMediaType", "contentSchema")
_KINDS = {Answer.YES: Kind.COMPATIBLE, Answer.NO: Kind.BREAKING, Answer.UNKNOWN: Kind.MAYBE}


class Effect(Enum):
    """What a change does to the set of valid values, on the face of it."""

    NARROWS = "narrows"
    WIDENS = "widens"
    UNCLEAR = "unclear"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared: which way it goes over the wire, and how people call it."""

    direction: str  # "request": clients send it; "response": clients receive it
    name: str  # "the request body"
    operation: str
    is_text: bool = False  # a parameter: everything is a text on the wire, so a plain string takes every plain value

    @property
    def sides(self) -> tuple[Side, Side]:
        """The sides of the old and the new document."""
        hides = "readOnly" if self.direction == "request" else "writeOnly"
        return Side(hides, self.direction == "request"), Side(hides, self.direction == "response")


@dataclass(frozen=True, slots=True)
class Step:
    """Two schemas of one place, on the walk."""

    old: View
    new: View
    path: str
    cap: Relation
    here: Relation


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
            self.known[key] = tuple(_Walk(subject, self.relations).run(*pair))
        return tuple(replace(change, operations=(subject.operation,)) for change in self.known[key])


@dataclass(slots=True)
class _Walk:
    subject: Subject
    relations: Relations
    seen: set[tuple[Schema, Schema]] = field(default_factory=set)

    def run(self, old: Schema, new: Schema) -> Iterator[Change]:
        whole = self.relation(old, new)
        changes = list(self.walk(old, new, "", whole))
        yield from changes
        kind = _KINDS[whole.answer]
        if worst(changes).rank > kind.rank:
            suffix, said = ("does-not-fit", "does not fit any more") if kind is Kind.BREAKING else ("cannot-tell", "may not fit any more")
            yield self.change(suffix, kind, (_pointer(old), _pointer(new)), f"{self.subject.name}: what was valid {said}", whole)

    def relation(self, old: Schema, new: Schema) -> Relation:
        sent, accepted = (old, new) if self.subject.direction == "request" else (new, old)
        if self.subject.is_text and _takes_texts(sent, accepted):
            return FITS
        return self.relations.between(sent, accepted)

    def walk(self, old: Schema, new: Schema, path: str, cap: Relation) -> Iterator[Change]:
        """Compare two schemas and all within them."""
        if (old, new) in self.seen or path.count(".") + path.count("[") > DEEPEST:
            return
        self.seen.add((old, new))
        if not old.nodes and not new.nodes:
            return
        step = Step(View(old), View(new), path, cap, self.relation(old, new).capped(cap))
        yield from self.types(step)
        yield from self.values(step)
        yield from self.bounds(step)
        yield from self.demands(step)
        yield from self.annotations(step)
        yield from self.unions(step)
        yield from self.discriminator(step)
        yield from self.properties(step)
        yield from self.undeclared(step)
        yield from self.elements(step)

    def types(self, step: Step) -> Iterator[Change]:
        old, new = step.old, step.new
        nodes = (old.fact("type"), new.fact("type"))
        if old.nullable != new.nullable and old.types and new.types:
            suffix, effect = ("became-nullable", Effect.WIDENS) if new.nullable else ("became-not-nullable", Effect.NARROWS)
            yield self.judged(step, suffix, effect, nodes, "may be null now" if new.nullable else "may not be null any more")
        before, after = _with_integers(old.types), _with_integers(new.types)
        if before == after:
            return
        suffix, effect = "type-changed", Effect.UNCLEAR
        if before < after:
            suffix, effect = "type-widened", Effect.WIDENS
        elif after < before:
            suffix, effect = "type-narrowed", Effect.NARROWS
        yield self.judged(step, suffix, effect, nodes, f"type {_listed(old.types)} → {_listed(new.types)}")

    def values(self, step: Step) -> Iterator[Change]:
        old, new = step.old.values, step.new.values
        nodes = tuple(next(iter((one or {}).values()), None) for one in (old, new))
        if old is None and new is not None:
            yield self.judged(step, "became-enum", Effect.NARROWS, nodes, f"only {_listed(new)} now")
        elif new is None and old is not None:
            yield self.judged(step, "enum-removed", Effect.WIDENS, nodes, f"any value, no longer only {_listed(old)}")
        elif old is not None and new is not None:
            if added := new.keys() - old.keys():
                yield self.judged(step, "enum-value-added", Effect.WIDENS, nodes, f"new value {_listed(added)}")
            if gone := old.keys() - new.keys():
                yield self.judged(step, "enum-value-removed", Effect.NARROWS, nodes, f"value {_listed(gone)} is gone")
        said = [view.fact("x-extensible-enum") for view in (step.old, step.new)]
        lists = [set(map(canonical, one[0])) if one and isinstance(one[0], list) else set() for one in said]
        if said[1] is not None and (gone := lists[0] - lists[1]):
            floor = Kind.MAYBE if self.subject.direction == "request" else Kind.COMPATIBLE
            yield self.judged(step, "extensible-enum-value-removed", Effect.NONE, said, f"value {_listed(gone)} is gone", floor)

    def bounds(self, step: Step) -> Iterator[Change]:
        for keyword, lower in BOUNDS.items():
            old, new = step.old.fact(keyword), step.new.fact(keyword)
            before, after = (number(one[0]) if one else None for one in (old, new))
            if before == after:
                continue
            if before is None or after is None:
                verb, effect = ("set", Effect.NARROWS) if before is None else ("unset", Effect.WIDENS)
            else:
                verb = "increased" if after > before else "decreased"
                effect = Effect.NARROWS if (after > before) == lower else Effect.WIDENS
            yield self.judged(step, f"{kebab(keyword)}-{verb}", effect, (old, new), f"{keyword} {_said(old)} → {_said(new)}")

    def demands(self, step: Step) -> Iterator[Change]:
        for keyword in DEMANDS:
            old, new = step.old.fact(keyword), step.new.fact(keyword)
            if keyword == "uniqueItems":
                old, new = (one if one and one[0] is True else None for one in (old, new))
            if old and new and (canonical(old[0]) == canonical(new[0]) or _alike(old[1], new[1])):
                continue
            if old is None and new is None:
                continue
            verb, effect = "changed", Effect.UNCLEAR
            if old is None or new is None:
                verb, effect = ("set", Effect.NARROWS) if old is None else ("unset", Effect.WIDENS)
            floor = Kind.MAYBE if keyword in _CONTENT else Kind.COMPATIBLE
            said = f"{keyword} {_said(old)} → {_said(new)}"
            yield self.judged(step, f"{kebab(keyword)}-{verb}", effect, (old, new), said, floor)
        yield from self.patterned(step)

    def patterned(self, step: Step) -> Iterator[Change]:
        old, new = step.old.objects, step.new.objects
        for pattern in dict.fromkeys((*old.patterns, *new.patterns)):
            before, after = old.under(pattern), new.under(pattern)
            if before.nodes and after.nodes:
                yield from self.walk(before, after, f"{step.path}./{pattern[:LONGEST_VALUE]}/", step.here)
                continue
            suffix, effect = ("pattern-property-removed", Effect.WIDENS) if before.nodes else ("pattern-property-added", Effect.NARROWS)
            said = f"properties named like {pattern[:LONGEST_VALUE]}"
            yield self.judged(step, suffix, effect, (*before.nodes, *after.nodes)[:1], said)

    def annotations(self, step: Step) -> Iterator[Change]:
        old, new = step.old.fact("default"), step.new.fact("default")
        floor = Kind.MAYBE if self.subject.direction == "request" else Kind.COMPATIBLE
        if old and new and canonical(old[0]) != canonical(new[0]):
            yield self.judged(step, "default-changed", Effect.NONE, (old, new), f"default {_said(old)} → {_said(new)}", floor)
        elif new and not old:
            yield self.judged(step, "default-added", Effect.NONE, (old, new), f"default {_said(new)} is new", floor)
        elif old and not new:
            yield self.judged(step, "default-removed", Effect.NONE, (old, new), f"default {_said(old)} is gone", floor)
        flags = [bool(one and one[0]) for one in (step.old.fact("deprecated"), step.new.fact("deprecated"))]
        if flags[0] != flags[1] and step.path:
            suffix = "property-deprecated" if flags[1] else "property-reactivated"
            yield self.judged(step, suffix, Effect.NONE, (), "is deprecated now" if flags[1] else "is not deprecated any more")

    def unions(self, step: Step) -> Iterator[Change]:
        for keyword in ("oneOf", "anyOf"):
            old, new = step.old.options(keyword), step.new.options(keyword)
            if not old and not new:
                continue
            if not old or not new:
                verb, effect = ("set", Effect.NARROWS) if new else ("unset", Effect.WIDENS)
                said = f"{keyword} is {'new' if new else 'gone'}"
                yield self.judged(step, f"{kebab(keyword)}-{verb}", effect, (old[:1] or (None,)) + (new[:1] or (None,)), said)
                continue
            pairs, gone, added = pair_options(old, new)
            for before, after in pairs:
                path = f"{step.path}<{_title(after)}>"
                yield from self.walk(step.old.schema.at((before,)), step.new.schema.at((after,)), path, step.here)
            for node in gone:
                said = f"the alternative {_title(node)} is gone"
                yield self.judged(step, f"{kebab(keyword)}-branch-removed", Effect.NARROWS, (node, None), said)
            for node in added:
                said = f"the alternative {_title(node)} is new"
                yield self.judged(step, f"{kebab(keyword)}-branch-added", Effect.WIDENS, (None, node), said)

    def discriminator(self, step: Step) -> Iterator[Change]:
        old, new = step.old.fact("discriminator"), step.new.fact("discriminator")
        if not old or not new:
            if old or new:
                suffix = "discriminator-added" if new else "discriminator-removed"
                floor = Kind.COMPATIBLE if new else Kind.MAYBE
                yield self.judged(step, suffix, Effect.NONE, (old, new), f"the discriminator is {'new' if new else 'gone'}", floor)
            return
        names = [one[1].text("propertyName") for one in (old, new)]
        if names[0] != names[1]:
            said = f"the discriminator is {names[1]!r}, no longer {names[0]!r}"
            yield self.judged(step, "discriminator-changed", Effect.NONE, (old, new), said, Kind.MAYBE)
        before, after = (
            {name: canonical(node.value) for name, node in one[1].fields("mapping").items()} for one in (old, new)
        )
        for suffix, found, floor in (
            ("added", after.keys() - before.keys(), Kind.COMPATIBLE),
            ("removed", before.keys() - after.keys(), Kind.MAYBE),
            ("changed", {name for name in before.keys() & after.keys() if before[name] != after[name]}, Kind.MAYBE),
        ):
            if found:
                said = f"the discriminator's mapping of {_listed(found)} was {suffix}"
                yield self.judged(step, f"discriminator-mapping-{suffix}", Effect.NONE, (old, new), said, floor)

    def properties(self, step: Step) -> Iterator[Change]:
        old, new = step.old, step.new
        for name in dict.fromkeys((*old.objects.names, *new.objects.names)):
            before, after = old.property(name), new.property(name)
            inner = replace(step, path=f"{step.path}.{name}", here=self.of_property(step, name).capped(step.here))
            nodes = (before.nodes[0] if before.nodes else None, after.nodes[0] if after.nodes else None)
            if not before.nodes:
                required = name in new.asked and not after.hidden
                suffix = "required-property-added" if required else "optional-property-added"
                yield self.judged(inner, suffix, Effect.UNCLEAR, nodes, "is new" + (" and required" if required else ""))
            elif not after.nodes:
                floor = Kind.COMPATIBLE if before.hidden else Kind.MAYBE
                yield self.judged(inner, "property-removed", Effect.UNCLEAR, nodes, "is gone", floor)
            else:
                yield from self.property(step, inner, name, before, after)

    def property(self, step: Step, inner: Step, name: str, before: Schema, after: Schema) -> Iterator[Change]:
        """Compare a property that both have."""
        nodes = (before.nodes[0], after.nodes[0])
        for keyword, suffix in (("readOnly", "read-only"), ("writeOnly", "write-only")):
            was, now = (any(piece.keywords.get(keyword) is True for piece in one.pieces) for one in (before, after))
            if was != now:
                hides = keyword == before.side.hides
                floor = Kind.MAYBE if hides and now and self.subject.direction == "request" else Kind.COMPATIBLE
                verb = "became" if now else "became-not"
                said = f"is {keyword} {'now' if now else 'no longer'}"
                yield self.judged(inner, f"property-{verb}-{suffix}", Effect.UNCLEAR if hides else Effect.NONE, nodes, said, floor)
        if before.hidden and after.hidden:
            return
        if (name in step.old.asked) != (name in step.new.asked) and not (before.hidden or after.hidden):
            now = name in step.new.asked
            suffix, effect = ("property-became-required", Effect.NARROWS) if now else ("property-became-optional", Effect.WIDENS)
            at_parent = replace(inner, here=step.here)
            yield self.judged(at_parent, suffix, effect, nodes, "is required now" if now else "is optional now")
        if not before.hidden and not after.hidden:
            yield from self.walk(before, after, inner.path, step.here)

    def of_property(self, step: Step, name: str) -> Relation:
        """Say whether one property alone, and its absence, still fit."""
        old, new = step.old.objects, step.new.objects
        sent, accepted = (old, new) if self.subject.direction == "request" else (new, old)
        if name in accepted.required and name not in sent.required:
            return Relation(Answer.NO, step.here.example)
        return self.relation(old.at(name), new.at(name))

    def undeclared(self, step: Step) -> Iterator[Change]:
        old, new = step.old.fact("additionalProperties"), step.new.fact("additionalProperties")
        before, after = (one[0] if one else True for one in (old, new))
        if canonical(before) == canonical(after):
            return
        if isinstance(before, Mapping) and isinstance(after, Mapping) and old and new:
            yield from self.walk(step.old.schema.at((old[1],)), step.new.schema.at((new[1],)), f"{step.path}.*", step.here)
            return
        suffix, effect = "restricted", Effect.NARROWS
        if after is False:
            suffix = "closed"
        elif before is False:
            suffix, effect = "opened", Effect.WIDENS
        elif after is True:
            suffix, effect = "relaxed", Effect.WIDENS
        yield self.judged(step, f"additional-properties-{suffix}", effect, (old, new), f"properties that are not declared: {suffix}")

    def elements(self, step: Step) -> Iterator[Change]:
        old, new = step.old.arrays, step.new.arrays
        if old.prefix != new.prefix:
            suffix = "prefix-items-added" if new.prefix > old.prefix else "prefix-items-removed"
            said = f"{old.prefix} described elements → {new.prefix}"
            yield self.judged(step, suffix, Effect.UNCLEAR, (step.old.fact("prefixItems"), step.new.fact("prefixItems")), said)
        for index in range(min(max(old.prefix, new.prefix), 50)):
            yield from self.walk(old.at(index), new.at(index), f"{step.path}[{index}]", step.here)
        rest = max(old.prefix, new.prefix)
        yield from self.walk(old.at(rest), new.at(rest), f"{step.path}[]", step.here)

    def judged(
        self, step: Step, suffix: str, effect: Effect, said_at: object, said: str, floor: Kind = Kind.COMPATIBLE
    ) -> Change:
        """Make a change of what it does and of the relation here."""
        harmless = Effect.WIDENS if self.subject.direction == "request" else Effect.NARROWS
        relation = FITS if effect in (Effect.NONE, harmless) else step.here
        kind = _KINDS[relation.answer].at_worst(floor)
        old, new = _places(said_at)
        pointers = (old or _pointer(step.old.schema), new or _pointer(step.new.schema))
        if suffix.endswith(("property-added", "branch-added")):
            pointers = ("", pointers[1])
        elif suffix.endswith(("property-removed", "branch-removed")):
            pointers = (pointers[0], "")
        where = f"{self.subject.name}, {step.path.lstrip('.')}" if step.path else self.subject.name
        return self.change(suffix, kind, pointers, f"{where}: {said}", relation)

    def change(self, suffix: str, kind: Kind, pointers: tuple[str, str], message: str, relation: Relation) -> Change:
        example = ""
        if kind is Kind.BREAKING and relation.example is not None:
            example = json.dumps(relation.example.value, ensure_ascii=False)
            example = example if len(example) <= LONGEST_EXAMPLE else f"{example[: LONGEST_EXAMPLE - 1]}…"
        return Change(f"{self.subject.direction}-{suffix}", kind, Place(*pointers), message, (self.subject.operation,), example)


_Said = tuple[Json, Node] | Node | None


def _places(said_at: object) -> tuple[str, str]:
    """Return the pointers of what was said in the old and the new document."""
    if not isinstance(said_at, tuple | list) or len(said_at) != 2:
        return "", ""
    old, new = (one[1] if isinstance(one, tuple) else one for one in said_at)
    return (old.pointer if isinstance(old, Node) else "", new.pointer if isinstance(new, Node) else "")


def _pointer(schema: Schema) -> str:
    return schema.nodes[0].resolved().pointer if schema.nodes else ""


def _with_integers(types: frozenset[str]) -> frozenset[str]:
    return types | {"integer"} if "number" in types else types


def _takes_texts(sent: Schema, accepted: Schema) -> bool:
    """Whether a plain string accepts this on the wire of a parameter: every plain value is a text there."""
    demands = {keyword for piece in accepted.pieces for keyword in piece.keywords} & {
        *BOUNDS, *DEMANDS, "enum", "const", "oneOf", "anyOf",
    }  # fmt: skip
    return "string" in View(accepted).types and not demands and View(sent).types <= {"string", "number", "integer", "boolean"}


def _alike(old: Node, new: Node) -> bool:
    return isinstance(old.value, Mapping) and isinstance(new.value, Mapping) and alike(old, new)


def _said(one: tuple[Json, Node] | None) -> str:
    return _short(canonical(one[0])) if one else "–"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _listed(values: object) -> str:
    return _short(", ".join(sorted(map(str, values)))) or "nothing"  # type: ignore[call-overload]


def _title(node: Node) -> str:
    if isinstance(node.value, Mapping):
        reference, title = node.value.get("$ref"), node.value.get("title")
        if isinstance(reference, str):
            return _short(reference.rpartition("/")[2])
        if isinstance(title, str):
            return _short(title)
    return node.pointer.rpartition("/")[2]
