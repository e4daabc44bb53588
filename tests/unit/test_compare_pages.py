"""`postflight compare --page`: what it makes of visits, without a browser."""

import itertools
import random
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError

from postflight.commands import compare_pages
from postflight.commands.compare_pages import Shown, compare_page
from postflight.errors import BrowserUnavailable, CannotMeasure, DeploymentFault, RunnerNetworkError, UnexpectedAnswer
from postflight.model import Status

OLD, NEW = "http://old.test/", "http://new.test/"
Visit = Callable[[str], Any]


def page(*, size: int = 80_000, requests: int = 3, cpu: float = 0.2, lcp: float = 0.7, ended: str = "") -> Any:
    """What one visit tells, as far as it is compared; it ended where it was asked for, or elsewhere."""
    vitals = SimpleNamespace(work=SimpleNamespace(thread=cpu))
    return SimpleNamespace(bytes=size, requests=requests, lcp=lcp, vitals=vitals, url=ended)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Shown]]:
    """Compare with visits of our own making, and return what is shown of each figure."""

    def run(visit: Visit, *, seconds: float = 60.0) -> dict[str, Shown]:
        def measure(_browser: object, url: str, _profile: object) -> Any:
            seen = visit(url)
            seen.url = seen.url or url
            return seen

        monkeypatch.setattr(compare_pages, "measure", measure)
        shown = compare_page(
            None,  # type: ignore[arg-type]  # no browser is asked
            OLD,
            NEW,
            margin=0.05,
            alpha=0.01,
            until=time.monotonic() + seconds,
            chance=random.Random(1),
        )
        return {one.measurement.metric.split(".")[1]: one for one in shown}

    return run


def noisy(seed: int, new: Callable[[Callable[[], float]], Any]) -> Visit:
    """Visits with 3 % of noise; `new` makes those of the new deployment, from a source of noise."""
    dice = random.Random(seed)

    def noise() -> float:
        return dice.lognormvariate(0, 0.03)

    return lambda url: new(noise) if url == NEW else page(cpu=0.2 * noise(), lcp=0.7 * noise())


def test_the_same_page_is_not_worse(judge: Callable[..., dict[str, Shown]]) -> None:
    shown = judge(noisy(1, lambda noise: page(cpu=0.2 * noise(), lcp=0.7 * noise())))
    assert {name: one.status for name, one in shown.items()} == dict.fromkeys(
        ("bytes", "requests", "cpu", "lcp"), Status.GOOD
    )
    assert shown["bytes"].words == "bytes the same, exactly"


def test_each_figure_is_told_by_itself(judge: Callable[..., dict[str, Shown]]) -> None:
    shown = judge(noisy(2, lambda noise: page(size=90_000, requests=4, cpu=0.26 * noise(), lcp=0.7 * noise())))
    assert {name for name, one in shown.items() if one.status is Status.BAD} == {"bytes", "requests", "cpu"}
    assert shown["bytes"].words == "bytes +10,000 (+12.50 %), exactly"
    assert "main thread's CPU worse +3" in shown["cpu"].words


def test_growth_within_the_margin_is_told_and_let_through(judge: Callable[..., dict[str, Shown]]) -> None:
    shown = judge(lambda url: page(size=80_100 if url == NEW else 80_000))
    assert shown["bytes"].status is Status.GOOD
    assert shown["bytes"].words == "bytes +100 (+0.12 %), exactly"


def test_bytes_that_vary_from_visit_to_visit_are_compared_in_rounds(judge: Callable[..., dict[str, Shown]]) -> None:
    dice = random.Random(3)
    shown = judge(lambda url: page(size=(100_000 if url == NEW else 80_000) + dice.randrange(500)))
    assert shown["bytes"].status is Status.BAD
    assert "in 6 rounds" in shown["bytes"].words


def test_noise_without_a_difference_is_undecided_or_good_but_never_bad(
    judge: Callable[..., dict[str, Shown]],
) -> None:
    dice = random.Random(4)
    shown = judge(lambda _url: page(lcp=0.7 * dice.lognormvariate(0, 0.4)))
    assert shown["lcp"].status is Status.UNKNOWN
    assert "in 12 rounds" in shown["lcp"].words


def test_the_deadline_leaves_too_few_rounds(judge: Callable[..., dict[str, Shown]]) -> None:
    with pytest.raises(CannotMeasure, match="0 rounds of visits are too few, 4 are needed"):
        judge(lambda _url: page(), seconds=0.0)


@pytest.mark.parametrize("error", [UnexpectedAnswer("status 500"), PlaywrightError("net::ERR_CONNECTION_REFUSED")])
@pytest.mark.parametrize(("failing", "means"), [(OLD, CannotMeasure), (NEW, DeploymentFault)])
def test_a_page_that_fails(
    judge: Callable[..., dict[str, Shown]], error: Exception, failing: str, means: type[Exception]
) -> None:
    def visit(url: str) -> Any:
        if url == failing:
            raise error
        return page()

    with pytest.raises(means):
        judge(visit)


@pytest.mark.parametrize("words", ["Page.goto: Target page, context or browser has been closed", "Page crashed"])
def test_a_browser_that_goes_away_at_the_new_page_says_nothing_about_it(
    judge: Callable[..., dict[str, Shown]], words: str
) -> None:
    def visit(url: str) -> Any:
        if url == NEW:
            raise PlaywrightError(words)
        return page()

    with pytest.raises(CannotMeasure, match="the browser went away"):
        judge(visit)


def test_what_fails_at_both_pages_by_now_is_not_the_new_one(judge: Callable[..., dict[str, Shown]]) -> None:
    visits = itertools.count(1)

    def visit(url: str) -> Any:
        if next(visits) > 6:
            raise PlaywrightError(f"net::ERR_CONNECTION_RESET at {url}")
        return page()

    with pytest.raises(CannotMeasure, match="the old page is no measure"):
        judge(visit)


def test_a_visit_that_fails_once_is_made_again(judge: Callable[..., dict[str, Shown]]) -> None:
    visits = itertools.count(1)

    def visit(url: str) -> Any:
        if url == NEW and next(visits) == 5:
            raise PlaywrightError(f"net::ERR_CONNECTION_RESET at {url}")
        return page()

    assert judge(visit)["bytes"].status is Status.GOOD


@pytest.mark.parametrize("asked", [OLD, NEW])
def test_a_page_that_leads_to_another_deployment_is_not_compared(
    judge: Callable[..., dict[str, Shown]], asked: str
) -> None:
    with pytest.raises(CannotMeasure, match=r"leads to http://www\.test/"):
        judge(lambda url: page(ended="http://www.test/" if url == asked else url))


@pytest.mark.parametrize(
    ("said", "old_fails", "means"),
    [
        ("Target page, context or browser has been closed", False, BrowserUnavailable),
        ("net::ERR_NAME_NOT_RESOLVED", False, RunnerNetworkError),
        ("net::ERR_CONNECTION_RESET", True, CannotMeasure),  # for the old page just as well
        ("Timeout 20000ms exceeded", True, CannotMeasure),
    ],
)
def test_what_fails_on_our_side_is_not_the_new_pages(
    judge: Callable[..., dict[str, Shown]], said: str, old_fails: bool, means: type[Exception]
) -> None:
    failed: list[str] = []

    def visit(url: str) -> Any:
        if url == NEW or (failed and old_fails):
            failed.append(url)
            raise PlaywrightError(said)
        return page()

    with pytest.raises(means) as raised:
        judge(visit)
    assert not isinstance(raised.value, DeploymentFault)
