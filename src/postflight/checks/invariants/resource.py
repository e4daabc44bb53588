"""What is said of a resource in a few lines, because no OpenAPI document says it: which operations are its life."""

from dataclasses import dataclass

from postflight.checks.invariants.exchange import Object


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object. Operations are named by operationId; an empty one means that there is none.

    What the document does say (paths, defaults, what a list can be sorted by) is read there, and not repeated here.
    """

    name: str  # "project"
    items: str  # the field of a list's answer that holds the page
    list: str
    create: str = ""
    read: str = ""
    change: str = ""  # part of it: PATCH
    write: str = ""  # all of it, new or not: PUT
    delete: str = ""
    id: str = "id"  # the field that names an object
    texts: tuple[str, ...] = ()  # fields that hold what people write
    created: str = "createdAt"
    changed: str = "updatedAt"
    limit: str = ""  # parameters of the list; empty: it has none
    offset: str = ""
    total: str = ""  # the field that counts the whole list
    sort: str = ""
    order: str = ""
    search: str = ""  # the parameter that looks for a part of the field `searched`
    searched: str = ""

    def id_of(self, found: Object) -> str:
        """Return the id of an object."""
        return str(found.get(self.id, ""))
