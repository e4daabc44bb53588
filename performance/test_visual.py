"""Pages look as they did: held against baselines that a person has reviewed, or against another deployment."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, StorageState
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.baselines import Baselines
from postflight.browser.pictures import sheet
from postflight.browser.visual import VIEWS, View, renderer_of, take
from postflight.checks.visual.change import Change, Shot, find_change
from postflight.config.urls import parse_address
from postflight.errors import CannotMeasure, ConfigError, DeploymentFault, NotEnoughEvidence, UnexpectedAnswer
from postflight.model import Deployment, Unit
from postflight.pytest_plugin.fixtures import Exclude, Keep, Measure
from postflight.pytest_plugin.state import AGAIN

from .routes import LANDING, ROUTES, Route

pytestmark = pytest.mark.performance

SHOWN = (pytest.param(LANDING, id=LANDING.name), *(given for given in ROUTES if given.values[0].name != LANDING.name))
ORPHANS = "orphans"
LATER = 3.0  # seconds after which a page that differs is looked at again: clocks, films and rotating news have moved on
COMMAND = "pytest performance/test_visual.py --update-baselines"


@pytest.fixture(scope="session")
def baselines(browser: Browser, deployment: Deployment, pytestconfig: pytest.Config) -> Baselines:
    root: Path = pytestconfig.getoption("--baselines") or pytestconfig.rootpath / "performance" / "baselines"
    site = re.sub(r"[^a-z0-9.-]", "-", urlsplit(deployment.base_url).netloc.rpartition("@")[2].lower())
    return Baselines(root, deployment.platform if deployment.known else site, renderer_of(browser))


@pytest.fixture(scope="session")
def written(pytestconfig: pytest.Config) -> dict[str, str] | None:
    """Return what this run writes, name -> in which words, or None when it writes no baselines.

    It is remembered because a second attempt would be held against what the first has written, and be content.
    """
    return {} if pytestconfig.getoption("--update-baselines") else None


@pytest.fixture(scope="session")
def other(pytestconfig: pytest.Config, written: dict[str, str] | None) -> str:
    """The deployment of `--visual-against`, or nothing."""
    given = pytestconfig.getoption("--visual-against")
    if not given:
        return ""
    if written is not None:
        raise ConfigError("--visual-against compares two deployments and knows no baselines: leave one of both out")
    try:
        address = parse_address(given)
    except ValueError as problem:
        raise ConfigError(f"--visual-against: {problem}", where="--visual-against") from None
    if address.userinfo:
        raise ConfigError("--visual-against takes an address without user and password", where="--visual-against")
    return address.url


@pytest.fixture
def photograph(new_context, request: pytest.FixtureRequest, browser_name: str):
    """Return a function that opens a page and returns how it looks. Its troubles are other checks' business."""

    def shoot(base_url: str, route: Route, view: View, later: float = 0.0) -> Shot:
        state: StorageState | None = request.getfixturevalue("signed_in") if route.role else None
        context = new_context(guarded=False, storage_state=state, **view.context_options(browser_name))
        page, url = context.new_page(), base_url + route.path
        shot = take(page, url, masks=route.masks, without=route.without, later=later)
        if route.role and not page.url.startswith(url):
            raise UnexpectedAnswer(
                f"{route.path} led who is signed in elsewhere", expected=url, seen=page.url, where=url
            )
        return shot

    return shoot


@pytest.mark.covers("VIB-V1")
@pytest.mark.measures("visual.changed")
@pytest.mark.parametrize("view", VIEWS, ids=str)
@pytest.mark.parametrize("route", SHOWN)
def test_page_looks_as_it_did(
    route: Route,
    view: View,
    photograph,
    baselines: Baselines,
    written: dict[str, str] | None,
    other: str,
    deployment: Deployment,
    measure: Measure,
    exclude: Exclude,
    keep: Keep,
    request: pytest.FixtureRequest,
) -> None:
    """The page looks as it did."""
    name, url = f"{route.name}.{view.name}", deployment.base_url + route.path
    if written is not None and name in written:
        raise nothing_compared(written[name], url)
    if other:
        request.node.stash[AGAIN] = ["--visual-against", other]
        if route.role:
            exclude("it is seen after signing in, and --visual-against sends no account to another address")
        old: Shot | None = look_at_other(photograph, other, route, view)
    else:
        old = read(baselines, name, written)
    if old is None and written is None:
        others = ", ".join(baselines.others()) or "none"
        exclude(f"{baselines.platform} has no baseline {name} by {baselines.renderer} (others: {others}); {COMMAND}")
    new = photograph(deployment.base_url, route, view)
    if new.is_blank and (old is None or old.is_blank):
        raise NotEnoughEvidence(
            f"{name} has one colour everywhere, so nothing can be seen to change: nothing is drawn, or masked is all",
            expected="a page with something on it",
            seen=f"{new.size} of one colour",
            where=url,
        )
    change = find_change(old, new) if old is not None else None
    if old is not None and change and change.words:
        keep(f"{name}.png", sheet(old, new, change))
        if written is None:
            require_steady(name, change, find_change(new, photograph(deployment.base_url, route, view, LATER)), url)
    if written is not None and (change is None or change.words):
        path = baselines.write(name, new)
        written[name] = f"changed baseline {path}: {change.words}" if change else f"new baseline {path}"
        raise nothing_compared(written[name], url)
    assert old is not None, "excluded or written above"
    assert change is not None
    if change.resized:
        words = f"{name}: {change.resized}: {change.words}"
        raise UnexpectedAnswer(words, expected=old.size, seen=new.size, where=url)
    measure(f"{name}.visual.changed", change.difference.share, unit=Unit.RATIO, where=url, cause=change.words)


@pytest.mark.covers("VIB-V1")
def test_every_baseline_has_a_page(
    baselines: Baselines, written: dict[str, str] | None, other: str, deployment: Deployment, exclude: Exclude
) -> None:
    """Every baseline is held against a page."""
    if other:
        exclude(f"the pages are held against {other}")
    if not baselines.folder.is_dir():
        if written is None and (others := ", ".join(baselines.others())):
            raise NotEnoughEvidence(
                f"{baselines.platform} has baselines by {others}, and none is held against a page here: pages are drawn"
                f" by {baselines.renderer}. If this is where they should be, {COMMAND}, and take the old ones away",
                expected=f"baselines by {baselines.renderer}",
                seen=others,
                where=str(baselines.folder),
            )
        exclude(f"{baselines.platform} has no baselines by {baselines.renderer}; {COMMAND}")
    orphans = baselines.orphans(f"{route}.{view}" for route in routes_of(deployment) for view in VIEWS)
    listed = ", ".join(path.name for path in orphans)
    if orphans and written is None:
        raise ConfigError(
            f"{baselines.folder} holds {listed}, which no page is held against: nobody would see it change. Give the"
            f" route its name back (performance/routes.py), or let {COMMAND} remove it"
        )
    for path in orphans:
        path.unlink()
    if written is not None and (orphans or ORPHANS in written):
        written.setdefault(ORPHANS, f"removed baselines that no page is held against: {listed}")
        raise nothing_compared(written[ORPHANS], str(baselines.folder))


def read(baselines: Baselines, name: str, written: dict[str, str] | None) -> Shot | None:
    """Return a baseline; one that cannot be read is none for a run that writes it anew."""
    try:
        return baselines.read(name)
    except CannotMeasure:
        if written is not None:
            return None
        raise


def look_at_other(photograph, base_url: str, route: Route, view: View) -> Shot:
    """Return how the other deployment looks. That it cannot be looked at is no fault of the one that is verified."""
    try:
        return photograph(base_url, route, view)
    except (PlaywrightError, DeploymentFault) as error:
        raise CannotMeasure(
            f"--visual-against {base_url}{route.path} has no picture to compare with: {str(error).splitlines()[0]}",
            expected="a page at the other deployment",
            seen=str(error)[:500],
            where=base_url,
        ) from error


def require_steady(name: str, change: Change, later: Change, url: str) -> None:
    """Raise `NotEnoughEvidence` if the page has changed again when it was visited once more: it does so by itself."""
    if later.words:
        raise NotEnoughEvidence(
            f"{name} differs ({change.words}), but from visit to visit, too: {later.words}. Mark what changes by itself"
            " with `data-visual-mask`, or name it in performance/routes.py",
            expected=f"the same picture {LATER:g} s later",
            seen=later.words,
            where=url,
        )


def nothing_compared(words: str, where: str) -> NotEnoughEvidence:
    """Return how a check ends that has written what it should compare with."""
    message = f"{words}. Nothing was verified: look at it, and commit it"
    return NotEnoughEvidence(message, expected="a baseline that somebody has reviewed", seen=words, where=where)


def routes_of(deployment: Deployment) -> list[str]:
    """Return the names of the pages that are looked at there."""
    return [
        given.values[0].name
        for given in SHOWN
        if all(deployment.platform in mark.args for mark in given.marks if mark.name == "platform")
    ]
