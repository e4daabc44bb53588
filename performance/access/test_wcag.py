"""P13-A1: WCAG 2.1 A and AA, as far as a machine can tell, by axe-core."""

from datetime import UTC, datetime

import pytest

from performance.access.conftest import EDITOR, PAGES, Visit
from performance.routes import Route
from postflight.browser.access.axe import SCHEMES, examine
from postflight.checks.access.axe import faults, waive, weak_points
from postflight.errors import PageTrouble
from postflight.model import Deployment, Weakness

pytestmark = [
    pytest.mark.performance,
    pytest.mark.covers("P13-A1"),
    pytest.mark.only_browser("chromium"),  # axe runs in an isolated world, by Chromium's protocol
]


@pytest.mark.parametrize("route", [*PAGES, EDITOR])
def test_page_meets_wcag(route: Route, visit: Visit, deployment: Deployment, weaknesses: list[Weakness]) -> None:
    """The page breaks no rule of WCAG 2.1 A or AA that axe-core can decide, in light and in dark colours"""
    seen = []
    for scheme in SCHEMES:
        page = visit(route, interact=True, color_scheme=scheme)  # as people come who have chosen it before
        seen.append(examine(page, scheme))
    broken, waived = waive(faults(seen), deployment.allowed_trouble, datetime.now(UTC).date())
    weaknesses += weak_points(seen, waived, page.url)
    if broken:
        raise PageTrouble(
            f"The page breaks {len(broken)} {'rule' if len(broken) == 1 else 'rules'} of WCAG 2.1: {broken[0]}",
            expected=f"no violation of WCAG 2.1 A or AA ({seen[0].engine}, {seen[0].rules} rules applied)",
            seen="\n".join(map(str, broken)),
            where=page.url,
        )
