"""Visits of planted pages, in cycles: every variant twice, in an order drawn anew."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from playwright.sync_api import Browser, Page, sync_playwright

from postflight.browser.find import find_browser
from postflight.browser.page_figures import measure
from postflight.browser.vitals.profiles import MOBILE, Profile
from scripts.power.plants import HEALTHY, Plant

UNTHROTTLED = replace(MOBILE, name="unthrottled", latency=0.0, download=-1.0, upload=-1.0)
Figures = Mapping[str, float]  # of one visit, by metric
Cycle = Mapping[Plant, tuple[Figures, Figures]]


@dataclass(frozen=True, slots=True)
class Pool:
    """All cycles of visits under one condition. In each the healthy page is there four times: HEALTHY, and the control.

    `seconds` is what one visit took on average.
    """

    cycles: tuple[Cycle, ...]
    control: tuple[tuple[Figures, Figures], ...]
    seconds: float


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser that the product would start."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(**find_browser().launch_options)
        try:
            yield opened
        finally:
            opened.close()


def take(
    opened: Browser,
    origins: Sequence[str],
    plants: Sequence[Plant],
    cycles: int,
    seconds: float,
    profile: Profile = MOBILE,
) -> Pool:
    """Visit each variant twice a cycle, until there are so many cycles or the time is over, with two cycles at least.

    `origins` are two servers: of the healthy page, and of all that is new.
    """
    old, new = origins
    chance = random.Random(cycles)
    taken, control = [], []
    visits, until = 0, time.monotonic() + seconds
    began = until
    for number in range(cycles + 1):
        if number > 2 and time.monotonic() > until:
            break
        # the healthy page from the new server is the identical code that must not alarm
        asked = [(HEALTHY, old), (HEALTHY, old), *((plant, new) for plant in (HEALTHY, *plants) for _ in range(2))]
        chance.shuffle(asked)
        seen: dict[tuple[Plant, str], list[Figures]] = {}
        for plant, origin in asked:
            seen.setdefault((plant, origin), []).append(_visit(opened, origin + plant.path + "/", profile))
        if not number:  # the first cycle warms both servers and the browser
            began = time.monotonic()
            continue
        visits += len(asked)
        control.append((seen[HEALTHY, old][0], seen[HEALTHY, old][1]))
        taken.append({plant: (seen[plant, new][0], seen[plant, new][1]) for plant in (HEALTHY, *plants)})
    return Pool(tuple(taken), tuple(control), (time.monotonic() - began) / max(1, visits))


def _visit(opened: Browser, url: str, profile: Profile) -> Figures:
    found = measure(opened, url, profile, interact=_click)
    vitals = found.vitals
    return {
        "bytes": found.bytes,
        "requests": found.requests,
        "cls": vitals.cls.score,
        "cpu": vitals.work.thread,
        "lcp": found.lcp,
        "inp": vitals.inp.seconds if vitals.inp else 0.0,
    }


def _click(page: Page) -> None:
    page.locator("#go").click()
