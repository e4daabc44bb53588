"""What a comparison says: frozen changes. One change in a shared schema is one change, with all its operations."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from postflight.checks.openapi.catalog import remedy_of


class Kind(StrEnum):
    """Whether a call that was valid still works."""

    BREAKING = "breaking"  # no: there is an example, or the place itself is gone
    MAYBE = "maybe"  # nobody can tell from the documents
    COMPATIBLE = "compatible"

    @property
    def rank(self) -> int:
        """0 for `breaking`; changes sort by it."""
        return list(Kind).index(self)

    def at_worst(self, other: "Kind") -> "Kind":
        """Return the worse of two."""
        return min(self, other, key=lambda kind: kind.rank)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change is: JSON pointers into both documents. An empty one: there is nothing in that document."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    id: str  # stable, kebab-case: `request-max-length-decreased`
    kind: Kind
    place: Place
    message: str  # one sentence for a person
    operations: tuple[str, ...] = ()  # `POST /api/projects`; none: the whole document
    example: str = ""  # JSON of a value that was fine and no longer is, bounded

    @property
    def remedy(self) -> str:
        """What to do, when it breaks; nothing for compatible changes."""
        return "" if self.kind is Kind.COMPATIBLE else remedy_of(self.id)

    def as_json(self) -> dict[str, str | list[str] | dict[str, str]]:
        """Return the change as `--json` prints it."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "operations": list(self.operations),
            "place": {"old": self.place.old, "new": self.place.new},
            "message": self.message,
            "remedy": self.remedy,
            "example": self.example,
        }


@dataclass(slots=True)
class Ledger:
    """Gathers changes."""

    found: dict[tuple[str, Place], Change] = field(default_factory=dict)

    def add(self, changes: Iterable[Change]) -> None:
        """Add changes; the same one in another operation adds that operation."""
        for change in changes:
            known = self.found.get((change.id, change.place))
            if known is None:
                self.found[change.id, change.place] = change
                continue
            worst = min(known, change, key=lambda one: one.kind.rank)
            operations = tuple(dict.fromkeys((*known.operations, *change.operations)))
            self.found[change.id, change.place] = replace(worst, operations=operations)

    def in_order(self) -> tuple[Change, ...]:
        """Return all changes, the worst first."""
        return tuple(
            sorted(self.found.values(), key=lambda one: (one.kind.rank, one.operations, one.place.old, one.id))
        )


def worst(changes: Iterable[Change]) -> Kind:
    """Return the worst kind; `compatible` for no change at all."""
    return min((one.kind for one in changes), key=lambda kind: kind.rank, default=Kind.COMPATIBLE)
