"""Media types: which of one document's are which of another's."""

from postflight.checks.openapi.document import Node


def name_of(said: str) -> str:
    """`Application/JSON; charset=utf-8` -> `application/json`."""
    return said.partition(";")[0].strip().lower()


def pair(old: dict[str, Node], new: dict[str, Node]) -> list[tuple[str, Node, Node | None]]:
    """Return each of the old with the one of the new that covers it: its name, a range (`text/*`, `*/*`), or None."""
    found = {name_of(name): node for name, node in new.items()}
    pairs = []
    for said, node in old.items():
        name = name_of(said)
        ranges = (name, f"{name.partition('/')[0]}/*", "*/*")
        pairs.append((said, node, next((found[one] for one in ranges if one in found), None)))
    return pairs


def added(old: dict[str, Node], new: dict[str, Node]) -> list[tuple[str, Node]]:
    """Return those of the new that none of the old covers."""
    return [(name, node) for name, node, match in pair(new, old) if match is None]
