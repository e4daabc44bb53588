"""Compare the benchmarks of two checkouts in interleaved rounds, with a control: `scripts/bench_pairs.py OLD NEW`.

`pytest --benchmark-compare-fail` compares with what another hour stored, and calls two in five pairs of runs of
identical code slower. Here both checkouts run beside each other, and the old one twice, as `postflight compare` does
with two deployments, by the same statistics (stats/paired.py).

Each round starts a process for each of its figures: where the memory of one happens to lie makes it 5 to 10 % faster or
slower than the next one of the same code, for as long as it lives, so that many turns of two processes prove nothing.
They are warmed up, take turns in an order drawn anew, and the median of each one's turns counts.

Exits 0 when nothing is slower, 1 when something is, 2 when that could not be told of something.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Self

from benchmarks.operations import OPERATIONS
from postflight.stats.paired import Change, Comparison, Round, compare

TURN = 0.005  # seconds of one turn, about
TURNS = 9  # of each process in a round
WARM_UP = 4  # turns before them
FIRST_LOOK = 50  # rounds; each further look doubles them
STOP = 5.0  # seconds in which a side must have ended


class Side:
    """A checkout that runs one operation when it is told to."""

    def __init__(self, checkout: Path, name: str) -> None:
        paths = os.pathsep.join((str(checkout / "src"), str(checkout)))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.turns", name],
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def turn(self, times: int) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{times}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("one side ended by itself: its error is above")
        return float(answer)


def take_round(name: str, old: Path, new: Path, chance: random.Random) -> Round:
    """Return the median CPU seconds of a turn of each process: one for each figure of a round."""
    figures = [field.name for field in fields(Round)]
    with ExitStack() as stack:
        sides = {figure: stack.enter_context(Side(new if "new" in figure else old, name)) for figure in figures}
        times = max(1, round(TURN / min(sides["old"].turn(1) for _ in range(3))))
        took: dict[str, list[float]] = {figure: [] for figure in figures}
        order = list(figures)
        for _ in range(WARM_UP + TURNS):
            chance.shuffle(order)
            for figure in order:
                took[figure].append(sides[figure].turn(times))
    return Round(**{figure: statistics.median(turns[WARM_UP:]) for figure, turns in took.items()})


def compared(name: str, old: Path, new: Path, *, margin: float, alpha: float, rounds: int) -> Comparison:
    looks = [FIRST_LOOK]
    while looks[-1] * 2 <= rounds:
        looks.append(looks[-1] * 2)
    chance, taken = random.Random(name), []
    for look, count in enumerate(looks):
        taken += [take_round(name, old, new, chance) for _ in range(count - len(taken))]
        found = compare(taken, margin=margin, alpha=alpha / len(looks), seed=look)
        if found.answer is not Change.UNDECIDED:
            break
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", type=Path, help="a checkout")
    parser.add_argument("new", type=Path, help="another one")
    parser.add_argument("--only", nargs="*", choices=OPERATIONS, default=list(OPERATIONS))
    parser.add_argument("--margin", type=float, default=0.05, help="slower by less does not matter [0.05]")
    parser.add_argument("--alpha", type=float, default=0.01, help="wrong answers allowed, for all of them [0.01]")
    parser.add_argument("--rounds", type=int, default=200, help="at most [200]")
    chosen = parser.parse_args()
    answers = set()
    for name in chosen.only:
        started = time.perf_counter()
        found = compared(
            name, chosen.old.resolve(), chosen.new.resolve(),
            margin=chosen.margin, alpha=chosen.alpha / len(chosen.only), rounds=chosen.rounds,
        )  # fmt: skip
        answers.add(found.answer)
        took = time.perf_counter() - started
        told = f"new against old {found.change}; old against itself {found.control}"
        print(f"{name:<12} {found.answer.value:<11} {told}; {found.rounds} rounds, {took:.0f} s")
    return 1 if Change.SLOWER in answers else 2 if Change.UNDECIDED in answers else 0


if __name__ == "__main__":
    sys.exit(main())
