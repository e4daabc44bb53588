"""How bad a change is: what it does on the face of it, held against the relation of the two schemas."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from postflight.checks.openapi.answers import Answer
from postflight.checks.openapi.catalog import BOUNDS, DEMANDS
from postflight.checks.openapi.change import Change, Kind, Place
from postflight.checks.openapi.document import Json, Node
from postflight.checks.openapi.examples import Example
from postflight.checks.openapi.relation import FITS, Relation, Relations
from postflight.checks.openapi.schema import Schema, Side
from postflight.checks.openapi.validity import canonical, valid
from postflight.checks.openapi.view import View, with_integers

LONGEST_EXAMPLE = 200  # characters
LONGEST_VALUE = 80
KINDS = {Answer.YES: Kind.COMPATIBLE, Answer.NO: Kind.BREAKING, Answer.UNKNOWN: Kind.MAYBE}
T = TypeVar("T")
Said = tuple[Json, Node] | Node | None  # what a document says somewhere


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
    path: str  # `.projects[].name`
    here: Relation  # of these two, and no worse than that of what contains them

    @property
    def comparable(self) -> bool:
        """Whether the two share a type; else there is no more to say than that."""
        return bool(with_integers(self.old.types) & with_integers(self.new.types)) or not (
            self.old.types and self.new.types
        )


@dataclass(frozen=True, slots=True)
class Judge:
    """Makes changes of one subject."""

    subject: Subject
    relations: Relations

    def relation(self, old: Schema, new: Schema) -> Relation:
        """Say whether all that the sending side may send fits the accepting one."""
        sent, accepted = self.ends(old, new)
        if self.subject.is_text and _takes_texts(sent, accepted):
            return FITS
        return self.relations.between(sent, accepted)

    def ends(self, old: T, new: T) -> tuple[T, T]:
        """Return who sends and who accepts."""
        return (old, new) if self.subject.direction == "request" else (new, old)

    def judged(
        self,
        step: Step,
        suffix: str,
        effect: Effect,
        at: tuple[Said, Said],
        message: str,
        floor: Kind = Kind.COMPATIBLE,
    ) -> Change:
        """Make a change: as bad as the relation here, unless its effect is harmless; never milder than `floor`."""
        harmless = Effect.WIDENS if self.subject.direction == "request" else Effect.NARROWS
        relation = FITS if effect in (Effect.NONE, harmless) else step.here
        if suffix.endswith("nullable") and relation.answer is Answer.NO:
            relation = self._by_null(step, relation)
        pointers = tuple(
            _pointer(said) or pointer_of(view.schema) for said, view in zip(at, (step.old, step.new), strict=True)
        )
        if suffix.endswith(("property-added", "branch-added")):
            pointers = ("", pointers[1])
        elif suffix.endswith(("property-removed", "branch-removed")):
            pointers = (pointers[0], "")
        where = f"{self.subject.name}, {step.path.lstrip('.')}" if step.path else self.subject.name
        kind = KINDS[relation.answer].at_worst(floor)
        return self.change(suffix, kind, (pointers[0], pointers[1]), f"{where}: {message}", relation)

    def change(self, suffix: str, kind: Kind, pointers: tuple[str, str], message: str, relation: Relation) -> Change:
        """Make a change of a kind that is known."""
        example = ""
        if kind is Kind.BREAKING and relation.example is not None:
            example = short(json.dumps(relation.example.value, ensure_ascii=False), LONGEST_EXAMPLE)
        id_ = f"{self.subject.direction}-{suffix}"
        return Change(id_, kind, Place(*pointers), message, (self.subject.operation,), example)

    def _by_null(self, step: Step, relation: Relation) -> Relation:
        """Let null be the example where it is one."""
        sent, accepted = self.ends(step.old.schema, step.new.schema)
        if valid(sent, None) is Answer.YES and valid(accepted, None) is Answer.NO:
            return Relation(Answer.NO, Example(None))
        return relation


def pointer_of(schema: Schema) -> str:
    """Return where a schema is, behind its `$ref`."""
    return schema.nodes[0].resolved().pointer if schema.nodes else ""


def _pointer(said: Said) -> str:
    node = said[1] if isinstance(said, tuple) else said
    return node.pointer if node else ""


def shown(said: tuple[Json, Node] | None) -> str:
    """Return what was said, as short JSON."""
    return short(canonical(said[0])) if said else "nothing"


def short(text: str, longest: int = LONGEST_VALUE) -> str:
    """Cut a text that a document chose."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def listed(values: Iterable[str]) -> str:
    """Return texts in order, with commas."""
    return short(", ".join(sorted(values))) or "nothing"


def _takes_texts(sent: Schema, accepted: Schema) -> bool:
    """Whether a plain string accepts this on the wire of a parameter: every plain value is a text there."""
    demands = {keyword for piece in accepted.pieces for keyword in piece.keywords} & {
        *BOUNDS, *DEMANDS, "enum", "const", "oneOf", "anyOf",
    }  # fmt: skip
    return (
        "string" in View(accepted).types
        and not demands
        and View(sent).types <= {"string", "number", "integer", "boolean"}
    )
