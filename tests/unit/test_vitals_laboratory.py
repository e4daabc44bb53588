"""Pages are visited once for all checks that ask, also those that cannot be visited."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from performance.routes import LANDING
from performance.vitals import laboratory
from performance.vitals.laboratory import Laboratory
from postflight.browser.responsive import PageHangs
from postflight.browser.vitals.control import Pulse
from postflight.browser.vitals.profiles import DESKTOP, MOBILE
from postflight.errors import CannotMeasure, DeploymentFault


def working(monkeypatch: pytest.MonkeyPatch, error: Exception) -> tuple[Laboratory, list[str]]:
    """A laboratory whose visits end with this error, and the addresses that were visited."""
    visited: list[str] = []

    def visit(_browser: object, url: str, *_: object, **__: object) -> Any:
        visited.append(url)
        raise error

    monkeypatch.setattr(laboratory, "visit", visit)
    control: Any = SimpleNamespace(pulse=lambda: Pulse(0.04, 0.04), least=0.04, vouching=nullcontext)
    deployment: Any = SimpleNamespace(base_url="https://site.test")
    browser: Any = None
    return Laboratory(browser, control, deployment, [], lambda _: {}), visited


@pytest.mark.parametrize("error", [PageHangs("The page hangs"), CannotMeasure("no paint")])
def test_a_page_that_fails_is_visited_once_an_attempt_for_each_visitor(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    found, visited = working(monkeypatch, error)
    for _ in range(4):  # its checks
        for profile in (MOBILE, DESKTOP):
            for attempt in (1, 2):
                with pytest.raises(type(error)):
                    found.series(LANDING, profile, attempt)
    assert len(visited) == 4


def test_what_several_checks_of_a_page_met_has_one_cause_and_what_could_not_be_measured_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hangs, unmeasured = PageHangs("The page hangs"), CannotMeasure("no paint")
    for error in (hangs, unmeasured):
        with pytest.raises(type(error)):
            working(monkeypatch, error)[0].series(LANDING, MOBILE, 1)
    assert isinstance(hangs, DeploymentFault)
    assert hangs.causes == ("landing for mobile: The page hangs",)
    assert unmeasured.causes == ()
