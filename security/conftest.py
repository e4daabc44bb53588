"""What the checks of security share: the answers that all of them look at, and the tier that they are held against."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import pytest

from postflight.checks.headers.analysis import advise, examine
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.tiers import Judgement, Outcome, Tier, forecast, judge
from postflight.checks.tokens import without_secrets
from postflight.config import Budgets
from postflight.errors import UnexpectedAnswer
from postflight.flow import Request
from postflight.model import Deployment, Weakness
from postflight.probes.client import Client

from .surface import Seen, anywhere, assets, everywhere
from .velocity import routes

Hold = Callable[..., None]
Refuse = Callable[[Iterable[HeaderFinding], Seen], None]
NO_TIER = Tier("none", (), Severity.HIGH)
"""For a site that has promised nothing: what is sent must not be broken, what is missing counts when grave."""
_MOST_TOLD = 3  # weak points in a summary; results.sarif and verdict.json have all


@pytest.fixture(scope="session")
def surface(deployment: Deployment, run_id: str) -> tuple[Request, ...]:
    """Every kind of answer that the deployment is known to give, in every region."""
    known = routes.surface(run_id) if deployment.platform == "velocity" else ()
    return (*anywhere(deployment, run_id), *(one for route in known for one in everywhere(deployment, route)))


@pytest.fixture(scope="session")
def seen(api: Client, surface: tuple[Request, ...]) -> tuple[Seen, ...]:
    """The answers, and those of what the landing page loads."""
    answers = [Seen(request, api.send(request)) for request in surface]
    return (*answers, *(Seen(request, api.send(request)) for request in assets(answers[0].response)))


@pytest.fixture(scope="session")
def tier(deployment: Deployment, budgets: Budgets) -> Tier:
    """What the deployment has promised of its headers."""
    return budgets.header_tiers[deployment.tier] if deployment.tier else NO_TIER


@pytest.fixture(scope="session")
def judged(seen: tuple[Seen, ...], tier: Tier) -> tuple[Judgement, ...]:
    """Every finding about the answers, and what it means under the tier."""
    look = examine if tier.rules else advise
    return judge(tier, [one.answer for one in seen], datetime.now(UTC).date(), examine=look)


@pytest.fixture(scope="session")
def coming(seen: tuple[Seen, ...], deployment: Deployment, budgets: Budgets) -> tuple[Judgement, ...]:
    """What the next tier would still miss."""
    if not deployment.tier:
        return ()
    answers = [one.answer for one in seen]
    return forecast(budgets.header_tiers, deployment.tier, answers, datetime.now(UTC).date(), examine=examine)


@pytest.fixture
def hold(
    judged: tuple[Judgement, ...],
    coming: tuple[Judgement, ...],
    seen: tuple[Seen, ...],
    tier: Tier,
    weaknesses: list[Weakness],
) -> Hold:
    """A function that fails when the findings that `about` chooses fail the tier. The forecast is noted beside it."""

    def check(about: Callable[[HeaderFinding], bool]) -> None:
        broken = [one for one in judged if one.outcome is Outcome.FAILS and about(one.finding)]
        weaknesses.extend(_weakness(one) for one in broken)
        weaknesses.extend(_weakness(one, coming=True) for one in coming if about(one.finding))
        if broken:
            first = broken[0]
            curl = next((one.response.curl for one in seen if one.response.url == first.url), "")
            ended = f"; the waiver for it ended on {first.waiver.until}" if first.waiver else ""
            expected = f"tier {tier.name}" if tier.rules else "no grave weakness"
            raise _fault([one.finding for one in broken], expected, first.url, curl, ended)

    return check


@pytest.fixture
def refuse(tier: Tier, weaknesses: list[Weakness]) -> Refuse:
    """A function that fails when findings about one answer are as severe as the tier takes seriously."""

    def check(findings: Iterable[HeaderFinding], about: Seen) -> None:
        grave = [one for one in findings if one.severity.at_least(tier.fails_at)]
        weaknesses.extend(one.weakness(without_secrets(about.response.url)) for one in grave)
        if grave:
            raise _fault(grave, "no weakness", about.response.url, about.response.curl)

    return check


def _weakness(one: Judgement, *, coming: bool = False) -> Weakness:
    return one.finding.weakness(without_secrets(one.url), coming=coming)


def _fault(
    findings: Sequence[HeaderFinding], expected: str, where: str, curl: str, remark: str = ""
) -> UnexpectedAnswer:
    worst = findings[0]
    told = "; ".join(dict.fromkeys(f"{one.id} ({one.value or 'nothing sent'})" for one in findings[:_MOST_TOLD]))
    more = f", and {len(findings) - _MOST_TOLD} more in results.sarif" if len(findings) > _MOST_TOLD else ""
    return UnexpectedAnswer(
        f"{worst.header}: {worst.message} {worst.remedy}{remark}",
        expected=expected,
        seen=f"{told}{more}",
        where=without_secrets(where),
        curl=curl,
    )
