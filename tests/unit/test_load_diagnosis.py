"""What a run looks like, in words: each shape is told from the others, and a healthy run is not talked about."""

from collections.abc import Callable

import pytest

from postflight.load.judging.chart import Point
from postflight.load.judging.diagnosis import Part, diagnose

Curve = Callable[[int], float]  # of the second


def run(
    p50: Curve, *, p99: Curve | None = None, due: Curve | None = None, failed: Curve = lambda _: 0.0, seconds: int = 10
) -> list[Point]:
    return [
        Point(at, due(at) if due else 20.0, 100.0, failed(at), p50(at), p50(at) * 2, p99(at) if p99 else p50(at) * 3)
        for at in range(seconds)
    ]


def quick(_at: int) -> float:
    return 0.005


@pytest.mark.parametrize(
    ("points", "says"),
    [
        (
            run(quick, p99=lambda at: 1.5 if at in (4, 5) else 0.02),
            "stood still once, for about 1.5 s from second 4 on",
        ),
        (run(lambda at: 0.01 + 0.2 * at), "gets slower from second to second: p50 10 ms at first, 1.81 s after 9 s"),
        (run(lambda at: 1.0 + at % 2 / 10), "slow nearly all the time: p50 1.05 s"),
        (run(lambda at: 1.0 if at > 4 else 0.01, due=lambda at: 4.0 * at), "slow above about 16 arrivals/s: p50 1 s"),
        (
            run(quick, failed=lambda at: 50 if at > 4 else 0, due=lambda at: 4.0 * at),
            "fails above about 16 arrivals/s: 50%",
        ),
        (run(lambda at: 0.01 + 0.2 * at, due=lambda at: 4.0 * at), "gets slower from second to second"),
    ],
)
def test_what_stands_out_is_said(points: list[Point], says: str) -> None:
    [said] = diagnose(points, [])
    assert said.startswith(says)


@pytest.mark.parametrize(
    "points",
    [
        run(quick),
        run(lambda at: 0.002 * (at + 1)),  # slower, and still quick
        run(lambda at: 0.01 + 0.08 * (at % 2)),
        run(quick, due=lambda at: 4.0 * at),
        run(lambda _: 3.0, seconds=3),  # too short to say anything of
        [],
    ],
)
def test_nothing_is_said_of_what_does_not_stand_out(points: list[Point]) -> None:
    assert diagnose(points, [Part("GET /", 5, 0.01), Part("GET /a", 5, 0.03)]) == ()


def test_the_one_slow_part_is_named() -> None:
    parts = [Part("GET /", 60, 0.01), Part("GET /hero.svg", 60, 3.0), Part("GET /a.css", 60, 0.02)]
    assert diagnose([], parts) == ("only GET /hero.svg is slow: p95 3 s of 60 requests, all others at most 20 ms",)
    assert diagnose([], parts[:1]) == ()
    assert diagnose([], [Part("GET /", 60, 2.0), Part("GET /a", 60, 3.0)]) == ()
