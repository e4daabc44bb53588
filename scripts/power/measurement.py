"""What one run of `make power` measures, in this order, and how long it takes."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from postflight.stats.paired import Round
from scripts.power import api, lighthouse, machine, pages
from scripts.power.plants import HEALTHY, Plant
from scripts.power.server import serving

CPU = tuple(Plant(cpu=size) for size in (10, 20, 50))
LATE = (Plant(delay=50, inp=25), Plant(delay=100, inp=50), Plant(delay=200, inp=100))
EXACT = (Plant(bytes=1, shift=20), Plant(bytes=10, shift=100))
UNTHROTTLED = (Plant(delay=20), Plant(delay=100))
BUSY_PAGES = (Plant(cpu=20), Plant(delay=100, inp=50))
HANDLERS = tuple(Plant(api=size) for size in (5, 10, 20, 50))
TAILS = (Plant(tail=100),)
BUSY_HANDLERS = (Plant(api=10), Plant(api=50))
SCORED = (Plant(cpu=50), Plant(cpu=200), Plant(delay=1000), Plant(bytes=10))
PROCESSES = 2  # that keep the machine busy


@dataclass
class Condition:
    """What was measured while the machine was quiet, or kept busy."""

    pages: pages.Pool
    handlers: Mapping[Plant, Sequence[Round]]
    benchmarks: Mapping[Plant, Sequence[float]]  # means of pytest-benchmark's runs, in seconds
    load: tuple[float, float]  # before and after


@dataclass
class Measured:
    """Everything that the table is made from."""

    quiet: Condition
    busy: Condition
    exact: pages.Pool
    unthrottled: pages.Pool
    scores: Mapping[Plant, Sequence[float]] = field(default_factory=dict)  # of Lighthouse
    no_scores: str = ""  # why there are none
    agreed: tuple[int, int] = (0, 0)  # pytest-benchmark's exit codes that say what its means say, of so many
    when: datetime = field(default_factory=lambda: datetime.now(UTC))
    minutes: float = 0.0


def measure(scale: float, *, with_lighthouse: bool, tell: Callable[[str], None]) -> Measured:
    """Measure everything; `scale` 1 takes about 11 minutes."""
    started = time.monotonic()

    def timed(name: str, began: float) -> None:
        tell(f"{name}: {time.monotonic() - began:.0f} s, load {machine.load():.1f}")

    def many(number: int) -> int:
        return max(2, round(number * scale))

    with serving() as old, serving() as new, pages.browser() as browser:
        origins = (old, new)

        def condition(
            name: str, plants: Sequence[Plant], cycles: int, seconds: float, handlers: Sequence[Plant], runs: int
        ) -> Condition:
            before, began = machine.load(), time.monotonic()
            pool = pages.take(browser, origins, plants, many(cycles), seconds)
            timed(f"pages, {name}", began)
            began = time.monotonic()
            rounds = {plant: api.take_rounds(old, new, plant, max(400, many(600))) for plant in (HEALTHY, *handlers)}
            timed(f"requests, {name}", began)
            began = time.monotonic()
            means = _benchmarks(new, [HEALTHY, *(plant for plant in handlers if not plant.tail)], many(runs))
            timed(f"pytest-benchmark, {name}", began)
            return Condition(pool, rounds, means, (before, machine.load()))

        quiet = condition("quiet", (*CPU, *LATE), 8, 240, (*HANDLERS, *TAILS), 8)
        with machine.busy(PROCESSES):
            busy = condition("busy", BUSY_PAGES, 7, 130, BUSY_HANDLERS, 8)
        began = time.monotonic()
        exact = pages.take(browser, origins, EXACT, 1, 30)
        unthrottled = pages.take(browser, origins, UNTHROTTLED, many(5), 60, pages.UNTHROTTLED)
        agreed = _agreement(new)
        timed("counts, unthrottled, exit codes", began)
        measured = Measured(quiet, busy, exact, unthrottled, agreed=agreed)
        if with_lighthouse:
            began = time.monotonic()
            try:
                measured.scores = _scores(new, many(2))
            except lighthouse.Missing as missing:
                measured.no_scores = str(missing)
            timed("Lighthouse", began)
        else:
            measured.no_scores = "left out by --quick"
    measured.minutes = (time.monotonic() - started) / 60
    return measured


def _benchmarks(origin: str, plants: Sequence[Plant], runs: int) -> dict[Plant, list[float]]:
    found: dict[Plant, list[float]] = {plant: [] for plant in plants}
    for _ in range(runs):
        saved, _code = api.benchmark(origin, plants)
        for plant, mean in zip(plants, api.means(saved), strict=True):
            found[plant].append(mean)
        shutil.rmtree(saved.parent)
    return found


def _agreement(origin: str) -> tuple[int, int]:
    """Return how often pytest-benchmark's own exit code is what its limit says of its means."""
    stored, _ = api.benchmark(origin, [HEALTHY])
    agreed = 0
    for _ in range(3):
        again, code = api.benchmark(origin, [HEALTHY], baseline=stored)
        agreed += (code != 0) == (api.means(again)[0] > 1.05 * api.means(stored)[0])
        shutil.rmtree(again.parent)
    shutil.rmtree(stored.parent)
    return agreed, 3


def _scores(origin: str, runs: int) -> dict[Plant, list[float]]:
    command = lighthouse.install()
    found: dict[Plant, list[float]] = {plant: [] for plant in (HEALTHY, *SCORED)}
    for _ in range(runs):
        for plant in (HEALTHY, *SCORED):
            found[plant].append(lighthouse.score(command, origin + plant.path + "/"))
        found[HEALTHY].append(lighthouse.score(command, origin + HEALTHY.path + "/"))
    return found
