"""How much of a script was executed: V8's nested ranges, against counting character by character."""

import random
from typing import Any

from postflight.browser.weight_content import _use


def functions(*ranges: tuple[int, int, int]) -> list[dict[str, Any]]:
    return [{"ranges": [{"startOffset": start, "endOffset": end, "count": count}]} for start, end, count in ranges]


def counted(ranges: list[tuple[int, int, int]]) -> int:
    """Character by character: the innermost range, which is the shortest that holds it, says how often it ran."""
    end = max(range_[1] for range_ in ranges)
    holding = ([r for r in ranges if r[0] <= place < r[1]] for place in range(end))
    return sum(1 for held in holding if held and min(held, key=lambda r: r[1] - r[0])[2] == 0)


def nested(drawn: random.Random, start: int, end: int, depth: int) -> list[tuple[int, int, int]]:
    found = [(start, end, drawn.choice((0, 1, 7)))]
    place = start + 1
    while depth and place + 4 < end - 1:
        until = drawn.randint(place + 2, end - 1)
        found += nested(drawn, place, until, depth - 1)
        place = until + drawn.randint(0, 3)
    return found


def test_ranges_count_as_their_innermost_says() -> None:
    assert _use("x", functions((0, 100, 1), (10, 30, 0))).unused == 20
    assert _use("x", functions((0, 100, 0), (10, 30, 1))).unused == 80
    assert _use("x", functions((0, 100, 1), (10, 50, 0), (20, 30, 1))).unused == 30
    assert _use("x", functions((0, 10, 0))).unused == 10
    assert _use("x", []).characters == 0


def test_any_nesting_counts_as_character_by_character() -> None:
    for seed in range(300):
        ranges = nested(random.Random(seed), 0, 60, 3)
        assert _use("x", functions(*ranges)).unused == counted(ranges), ranges
