"""Lasting shifts of a metric: found per target, told with the release that they began with, and rarely for nothing."""

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from postflight.commands.history import history
from postflight.history import Entry, History, Series
from postflight.history.analysis import SHIFT_ALPHA, compare_with_week_before, find_shifts
from postflight.model import Decision, Unit
from postflight.stats.change_point import last_change

NOW = 1_790_000_000.0


def runs(values: Iterable[float], *, environment: str = "staging", metric: str = "page.load") -> list[Entry]:
    """Runs an hour apart, each with one value; every run has a release of its own."""
    return [
        Entry(
            f"{environment}{number}", "gate", "velocity", environment, "http://x", True,
            NOW + number * 3600 - 60, NOW + number * 3600, Decision.PROMOTE, 0, release=f"v{number}",
            measured=(Series(metric, Unit.SECONDS, 1, value, value, value),),
        )
        for number, value in enumerate(values)
    ]  # fmt: skip


def test_a_shift_names_the_release_it_began_with() -> None:
    found = find_shifts(runs([1.2] * 20 + [1.5] * 9))
    assert [str(shift) for shift in found] == [
        "page.load has been 25 % higher since release v20 (1.2 s in 20 runs, then 1.5 s in 9)"
    ]


def test_targets_and_commands_are_looked_at_by_themselves() -> None:
    """Each is constant; all in one row, they would shift."""
    assert find_shifts([*runs([1.0] * 20), *runs([2.0] * 20, environment="production")]) == []


def test_a_small_shift_is_not_worth_a_line() -> None:
    assert find_shifts(runs([1.0] * 20 + [1.05] * 20)) == []


def test_runs_that_could_not_measure_say_nothing_neither_for_nor_against() -> None:
    """The runner's network was broken for nine runs: what they took is not the deployment's."""
    broken = [replace(run, decision=Decision.INVALID) for run in runs([1.2] * 20 + [9.0] * 9)[20:]]
    well = runs([1.2] * 20)
    assert find_shifts([*well, *broken]) == []
    assert compare_with_week_before(broken[-1], [*well, *broken]) == ()
    (change,) = compare_with_week_before(replace(broken[-1], decision=Decision.HOLD), [*well, *broken])
    assert (change.average, change.runs) == (pytest.approx(1.2), 20)


def test_what_is_nothing_most_of_the_time_before_and_after_is_no_shift() -> None:
    """Of 60 runs each, none and then 24 had one repeated request: shown by ranks, and a median of 0 is still 0."""
    values = [0.0] * 60 + [float(n % 5 < 2) for n in range(60)]
    assert last_change(values, SHIFT_ALPHA) is not None
    assert find_shifts(runs(values)) == []


def test_a_layout_that_moves_by_nothing_worth_a_word_is_no_shift() -> None:
    def scores(after: float) -> list[Entry]:
        return [
            replace(run, measured=tuple(replace(series, unit=Unit.SCORE) for series in run.measured))
            for run in runs([0.0] * 20 + [after] * 20)
        ]

    assert find_shifts(scores(0.0004)) == []
    assert [str(shift) for shift in find_shifts(scores(0.05))] == [
        "page.load has been above nothing since release v20 (0 in 20 runs, then 0.05 in 20)"
    ]


def test_thirty_metrics_without_a_shift_seldom_alarm() -> None:
    """100 histories of 40 runs with 30 metrics, 1 %: more than 4 with an alarm would happen once in 250."""
    dice, alarmed = random.Random(13), 0
    for _ in range(100):
        found = [
            Entry(
                str(number), "gate", "velocity", "staging", "http://x", True, NOW, NOW + number, Decision.PROMOTE, 0,
                measured=tuple(
                    Series(f"page.m{metric}", Unit.SECONDS, 1, value, value, value)
                    for metric in range(30) for value in [dice.lognormvariate(0, 0.3)]
                ),
            )
            for number in range(40)
        ]  # fmt: skip
        alarmed += bool(find_shifts(found))
    assert alarmed <= 4


def test_the_command_tells_of_shifts(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    with History.at(file) as opened:
        for entry in runs([1.2] * 20 + [1.5] * 9):
            opened.add(entry)

    def shown(*options: str) -> str:
        done = CliRunner().invoke(history, ["--history", str(file), "--since", "2026-01-01", *options])
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    words = "page.load has been 25 % higher since release v20 (1.2 s in 20 runs, then 1.5 s in 9)"
    assert f"shift: velocity/staging: {words}" in shown()
    assert words in shown("--metric", "page.load")
    assert '"runs_since": 9' in shown("--json")
