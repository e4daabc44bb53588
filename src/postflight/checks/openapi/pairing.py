"""Which alternative of `oneOf` or `anyOf` became which: by reference, title, likeness, type; then what is left."""

from collections.abc import Callable, Mapping

from postflight.checks.openapi.document import Node
from postflight.checks.openapi.likeness import alike


def pair_options(
    old: tuple[Node, ...], new: tuple[Node, ...]
) -> tuple[list[tuple[Node, Node]], list[Node], list[Node]]:
    """Return the pairs, those of the old that are gone, and those of the new that were added."""
    pairs: list[tuple[Node, Node]] = []
    gone, added = list(old), list(new)
    tests: tuple[Callable[[Node, Node], bool], ...] = (_same("$ref"), _same("title"), alike, _same("type"))
    for test in tests:
        for before in tuple(gone):
            after = next((one for one in added if test(before, one)), None)
            if after is not None:
                pairs.append((before, after))
                gone.remove(before)
                added.remove(after)
    if len(gone) == len(added) == 1:
        return [*pairs, (gone[0], added[0])], [], []
    return pairs, gone, added


def _same(keyword: str) -> Callable[[Node, Node], bool]:
    def test(one: Node, other: Node) -> bool:
        if not isinstance(one.value, Mapping) or not isinstance(other.value, Mapping):
            return False
        said = one.value.get(keyword)
        return isinstance(said, str) and said == other.value.get(keyword)

    return test
