"""Since when something is broken: what people are told, and by what the release to blame is found."""

from datetime import UTC, datetime, timedelta

import pytest

from postflight.signals.reading import Missing, Reading
from postflight.stats.blocks import Block
from postflight.watch.onset import Onset
from postflight.watch.state import Record

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
GAP = Missing("no new sample")


def onset_of(*blocks: object, checks: tuple[bool | None, ...] = ()) -> Onset:
    onset = Onset(BEGAN, 2.0)
    for number, counted in enumerate(blocks, 1):
        reading = Reading(counted={"error_rate": counted}, checks={"web": checks} if checks else {}, gauges={})  # type: ignore[dict-item]
        onset.update(Record(number, number * 2.0, reading))
    return onset


GOOD, BAD, EMPTY = Block(10, 0), Block(10, 1), Block(0, 0)


@pytest.mark.parametrize(
    ("blocks", "seconds"),
    [
        ((), 0),
        ((GOOD, GOOD), 0),
        ((BAD,), 0),
        ((GOOD, BAD, BAD), 2),
        ((BAD, GOOD, BAD), 4),
        ((GOOD, BAD, GAP, BAD), 2),
        ((GOOD, BAD, EMPTY, BAD), 2),
    ],
)
def test_it_is_the_first_bad_block_after_the_last_good_one(blocks: tuple[object, ...], seconds: int) -> None:
    assert onset_of(*blocks).of("error_rate") == BEGAN + timedelta(seconds=seconds)


def test_health_is_followed_by_its_checks_and_what_nobody_knows_changes_nothing() -> None:
    onset = Onset(BEGAN, 1.0)
    for number, checks in enumerate([(True,), (True, False), (None,), (False,)], 1):
        onset.update(Record(number, float(number), Reading(counted={}, checks={"web": checks}, gauges={})))
    assert onset.of("health") == BEGAN + timedelta(seconds=1)
