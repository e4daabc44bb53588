"""`postflight compare --page`: the pages of two deployments, visit by visit, in interleaved rounds.

What is compared is what noise reaches least: bytes and requests exactly, the main thread's CPU time, and LCP on a slow
network. Few rounds are affordable, a visit takes seconds; `stats.few_rounds` says what they show.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.find import find_browser
from postflight.browser.page_figures import PageFigures, measure
from postflight.browser.spki import launch_arguments
from postflight.browser.vitals.profiles import MOBILE
from postflight.errors import CannotMeasure, DeploymentFault
from postflight.model import Deployment, Measurement, Status, Unit
from postflight.probes.meaning import explain_browser
from postflight.probes.rounds import TURNS
from postflight.stats.few_rounds import FewComparison, compare, fewest_rounds
from postflight.stats.paired import Change, Round

LOOKS = (6, 12)  # rounds after which it is asked whether they suffice
LEAST = 1e-6  # seconds: what is 0 cannot be a ratio


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a page. A count is compared exactly where it is the same in every visit of a side."""

    name: str
    words: str
    unit: Unit
    read: Callable[[PageFigures], float]
    counted: bool = False


FIGURES = (
    Figure("bytes", "bytes", Unit.BYTES, lambda page: page.bytes, counted=True),
    Figure("requests", "requests", Unit.COUNT, lambda page: page.requests, counted=True),
    Figure("cpu", "main thread's CPU", Unit.SECONDS, lambda page: page.vitals.work.thread),
    Figure("lcp", "LCP on a slow network", Unit.SECONDS, lambda page: page.lcp),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the rounds show of one figure."""

    status: Status
    words: str
    measurement: Measurement


@contextmanager
def opened_browser(deployments: Sequence[Deployment]) -> Iterator[tuple[Browser, str]]:
    """Start a browser that trusts what the deployments trust, until the block ends; and say which it is."""
    found = find_browser()
    trusted = [argument.partition("=") for each in deployments for argument in launch_arguments(each)]
    joined = [f"{trusted[0][0]}={','.join(keys for _, _, keys in trusted)}"] if trusted else []  # the last one counts
    args = [*found.args, *joined]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**found.launch_options | {"args": args})
        try:
            yield browser, f"{found.kind} {found.version}"
        finally:
            browser.close()


def compare_page(
    browser: Browser, old_url: str, new_url: str, *, margin: float, alpha: float, until: float, chance: random.Random
) -> list[Shown]:
    """Visit both until each figure is decided, the most rounds are taken, or the time is over (monotonic seconds).

    `alpha` is for all figures together. Raises `CannotMeasure` when the old page fails or too few rounds could be
    taken, and `DeploymentFault` when the new one fails where the old one does not.
    """
    each = alpha / len(FIGURES) / len(LOOKS)
    fewest = fewest_rounds(each)
    looks = {max(fewest, look) for look in LOOKS}
    rounds: list[dict[str, PageFigures]] = []
    _visit_both(browser, old_url, new_url, chance)  # unmeasured: a fresh process looks slower than it is
    for count in range(1, max(looks) + 1):
        if time.monotonic() > until:
            break
        rounds.append(_visit_both(browser, old_url, new_url, chance))
        if count in looks:
            shown = [_judge(figure, rounds, margin, each) for figure in FIGURES]
            if all(one.status is not Status.UNKNOWN for one in shown):
                return shown
    if len(rounds) < fewest:
        raise CannotMeasure(f"{len(rounds)} rounds of visits are too few, {fewest} are needed: --deadline")
    return [_judge(figure, rounds, margin, each) for figure in FIGURES]


def _visit_both(browser: Browser, old_url: str, new_url: str, chance: random.Random) -> dict[str, PageFigures]:
    order = list(TURNS)
    chance.shuffle(order)
    return {
        turn: _visit_new(browser, new_url, old_url) if turn in {"new", "anew"} else _visit_old(browser, old_url)
        for turn in order
    }


def _visit_old(browser: Browser, url: str) -> PageFigures:
    try:
        return _visit(browser, url)
    except DeploymentFault as error:
        raise CannotMeasure(f"the old page is no measure: {error}", where=url) from error


def _visit_new(browser: Browser, url: str, old_url: str) -> PageFigures:
    try:
        return _visit(browser, url)
    except DeploymentFault:
        _visit_old(browser, old_url)  # where that fails too, it is our network, or what both need
    return _visit(browser, url)


def _visit(browser: Browser, url: str) -> PageFigures:
    try:
        found = measure(browser, url, MOBILE)
    except PlaywrightError as error:
        raise explain_browser(error.message, url) from error
    if urlsplit(found.url).netloc != urlsplit(url).netloc:
        raise CannotMeasure(f"{url} leads to {found.url}, which would be compared in its place: give that", where=url)
    return found


def _judge(figure: Figure, rounds: Sequence[dict[str, PageFigures]], margin: float, alpha: float) -> Shown:
    old, new, again, anew = ([figure.read(each[turn]) for each in rounds] for turn in TURNS)
    if figure.counted and len({*old, *again}) == len({*new, *anew}) == 1:
        return _judge_exactly(figure, old[0], new[0], margin)
    values = [Round(*(max(LEAST, value) for value in taken)) for taken in zip(old, new, again, anew, strict=True)]
    found = compare(values, margin=margin, alpha=alpha)
    met = {Change.SLOWER: False, Change.NOT_SLOWER: True}.get(found.answer)
    status = {Change.SLOWER: Status.BAD, Change.NOT_SLOWER: Status.GOOD}.get(found.answer, Status.UNKNOWN)
    return Shown(
        status,
        f"{figure.words} {_answer(found)} {found.change} in {found.rounds} rounds",
        Measurement(f"page.{figure.name}.ratio", (found.change.middle,), Unit.RATIO, limit=_limit(margin), met=met),
    )


def _judge_exactly(figure: Figure, old: float, new: float, margin: float) -> Shown:
    met = new <= old * (1 + margin)
    change = "the same" if new == old else f"{new - old:+,.0f} ({(new / old - 1) * 100:+.2f} %)" if old else "new"
    return Shown(
        Status.GOOD if met else Status.BAD,
        f"{figure.words} {change}, exactly",
        Measurement(f"page.{figure.name}", (new,), figure.unit, limit=f"{_limit(margin)} than {old:,.0f}", met=met),
    )


def _answer(found: FewComparison) -> str:
    if not found.is_quiet:
        return f"undecided, this runner is too noisy (a side against itself {found.control}):"
    return {Change.SLOWER: "worse", Change.NOT_SLOWER: "not worse", Change.UNDECIDED: "undecided"}[found.answer]


def _limit(margin: float) -> str:
    return f"at most {margin * 100:g} % more"
