"""What changed at one place, keyword by keyword: types, values, bounds, demands, defaults, the discriminator."""

from collections.abc import Iterator, Mapping

from postflight.checks.openapi.catalog import BOUNDS, DEMANDS, kebab
from postflight.checks.openapi.change import Change, Kind
from postflight.checks.openapi.document import Node
from postflight.checks.openapi.judgement import Effect, Judge, Step, listed, shown
from postflight.checks.openapi.likeness import alike
from postflight.checks.openapi.validity import canonical, number
from postflight.checks.openapi.view import with_integers

_CONTENT = ("contentEncoding", "contentMediaType", "contentSchema")


def find(step: Step, judge: Judge) -> Iterator[Change]:
    """Compare all keywords but those that hold further schemas of properties, elements and alternatives."""
    yield from _types(step, judge)
    yield from _annotations(step, judge)
    if step.comparable:
        for part in (_values, _bounds, _demands, _discriminator):
            yield from part(step, judge)


def _types(step: Step, judge: Judge) -> Iterator[Change]:
    old, new = step.old, step.new
    nodes = (old.fact("type"), new.fact("type"))
    if old.nullable != new.nullable and old.types and new.types:
        suffix, effect = ("became-nullable", Effect.WIDENS) if new.nullable else ("became-not-nullable", Effect.NARROWS)
        yield judge.judged(
            step, suffix, effect, nodes, "may be null now" if new.nullable else "may not be null any more"
        )
    before, after = with_integers(old.types), with_integers(new.types)
    if before == after:
        return
    suffix, effect = "type-changed", Effect.UNCLEAR
    if before < after:
        suffix, effect = "type-widened", Effect.WIDENS
    elif after < before:
        suffix, effect = "type-narrowed", Effect.NARROWS
    yield judge.judged(step, suffix, effect, nodes, f"type {listed(old.types)} → {listed(new.types)}")


def _values(step: Step, judge: Judge) -> Iterator[Change]:
    old, new = step.old.values, step.new.values
    nodes = (_first(old), _first(new))
    if old is None and new is not None:
        yield judge.judged(step, "became-enum", Effect.NARROWS, nodes, f"only {listed(new)} now")
    elif new is None and old is not None:
        yield judge.judged(step, "enum-removed", Effect.WIDENS, nodes, f"any value, no longer only {listed(old)}")
    elif old is not None and new is not None:
        if added := new.keys() - old.keys():
            yield judge.judged(step, "enum-value-added", Effect.WIDENS, nodes, f"new value {listed(added)}")
        if gone := old.keys() - new.keys():
            yield judge.judged(step, "enum-value-removed", Effect.NARROWS, nodes, f"value {listed(gone)} is gone")
    said = (step.old.fact("x-extensible-enum"), step.new.fact("x-extensible-enum"))
    lists = [set(map(canonical, one[0])) if one and isinstance(one[0], list) else set() for one in said]
    if said[1] is not None and (gone := lists[0] - lists[1]):
        floor = Kind.MAYBE if judge.subject.direction == "request" else Kind.COMPATIBLE
        yield judge.judged(
            step, "extensible-enum-value-removed", Effect.NONE, said, f"value {listed(gone)} is gone", floor
        )


def _bounds(step: Step, judge: Judge) -> Iterator[Change]:
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
        yield judge.judged(
            step, f"{kebab(keyword)}-{verb}", effect, (old, new), f"{keyword} {shown(old)} → {shown(new)}"
        )


def _demands(step: Step, judge: Judge) -> Iterator[Change]:
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
        said = f"{keyword} {shown(old)} → {shown(new)}"
        yield judge.judged(step, f"{kebab(keyword)}-{verb}", effect, (old, new), said, floor)


def _annotations(step: Step, judge: Judge) -> Iterator[Change]:
    old, new = step.old.fact("default"), step.new.fact("default")
    floor = Kind.MAYBE if judge.subject.direction == "request" else Kind.COMPATIBLE
    if old and new and canonical(old[0]) != canonical(new[0]):
        yield judge.judged(
            step, "default-changed", Effect.NONE, (old, new), f"default {shown(old)} → {shown(new)}", floor
        )
    elif new and not old:
        yield judge.judged(step, "default-added", Effect.NONE, (old, new), f"default {shown(new)} is new", floor)
    elif old and not new:
        yield judge.judged(step, "default-removed", Effect.NONE, (old, new), f"default {shown(old)} is gone", floor)
    flags = [bool(one and one[0]) for one in (step.old.fact("deprecated"), step.new.fact("deprecated"))]
    if flags[0] != flags[1] and step.path:
        suffix = "property-deprecated" if flags[1] else "property-reactivated"
        yield judge.judged(
            step, suffix, Effect.NONE, (None, None), "is deprecated now" if flags[1] else "is not deprecated any more"
        )


def _discriminator(step: Step, judge: Judge) -> Iterator[Change]:
    old, new = step.old.fact("discriminator"), step.new.fact("discriminator")
    if not old or not new:
        if old or new:
            suffix = "discriminator-added" if new else "discriminator-removed"
            floor = Kind.COMPATIBLE if new else Kind.MAYBE
            yield judge.judged(
                step, suffix, Effect.NONE, (old, new), f"the discriminator is {'new' if new else 'gone'}", floor
            )
        return
    names = [one[1].text("propertyName") for one in (old, new)]
    if names[0] != names[1]:
        said = f"the discriminator is {names[1]!r}, no longer {names[0]!r}"
        yield judge.judged(step, "discriminator-changed", Effect.NONE, (old, new), said, Kind.MAYBE)
    before, after = (
        {name: canonical(node.value) for name, node in one[1].fields("mapping").items()} for one in (old, new)
    )
    for suffix, found, floor in (
        ("added", after.keys() - before.keys(), Kind.COMPATIBLE),
        ("removed", before.keys() - after.keys(), Kind.MAYBE),
        ("changed", {name for name in before.keys() & after.keys() if before[name] != after[name]}, Kind.MAYBE),
    ):
        if found:
            said = f"the discriminator's mapping of {listed(found)} was {suffix}"
            yield judge.judged(step, f"discriminator-mapping-{suffix}", Effect.NONE, (old, new), said, floor)


def _alike(old: Node, new: Node) -> bool:
    return isinstance(old.value, Mapping) and isinstance(new.value, Mapping) and alike(old, new)


def _first(values: Mapping[str, Node] | None) -> Node | None:
    return next(iter(values.values()), None) if values else None
