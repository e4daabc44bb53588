"""The document that the deployment serves is what was promised, and what old clients were written for."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from postflight.checks.openapi.change import Change, Kind
from postflight.checks.openapi.comparison import compare
from postflight.checks.openapi.document import Document
from postflight.contract.documents import operations
from postflight.errors import UnexpectedAnswer
from postflight.model import Deployment, Weakness
from postflight.pytest_plugin.fixtures import Exclude

pytestmark = [pytest.mark.contract, pytest.mark.covers("VEL-S2", "VEL-S3", "VEL-S4")]

_MOST_TOLD = 3  # changes in a summary; results.sarif has all
_NEW_ROUTES = frozenset({"operation-added", "path-added"})
_GONE_ROUTES = frozenset({"operation-removed", "path-removed"})


@pytest.fixture(scope="module")
def deployed(served: Callable[[], Document | None]) -> Document | None:
    """The document that the deployment serves."""
    return served()


@pytest.fixture
def changes(
    promised: Document, deployed: Document | None, deployment: Deployment, exclude: Exclude
) -> tuple[Change, ...]:
    """What is different in the deployed document."""
    path = deployment.contract.served_at
    if deployed is None:
        if any(one.label == f"GET {path}" for one in operations(promised)):
            message = f"{path} answers 404, and the promised document has it"
            raise UnexpectedAnswer(message, expected="200 and an OpenAPI document", seen="status 404", where=path)
        exclude(f"the deployment serves no document at {path} (`contract: {{served_at: ...}}` in deployments.yaml)")
    return compare(promised, deployed, datetime.now(UTC).date())


def test_deployed_document_breaks_nothing(
    changes: tuple[Change, ...], deployment: Deployment, weaknesses: list[Weakness]
) -> None:
    """The deployed document breaks no call that the promised one allows"""
    breaking = [one for one in changes if one.kind is Kind.BREAKING and one.id not in _GONE_ROUTES]
    _refuse(breaking, deployment.contract.served_at, weaknesses, "breaks clients of the promised one")


def test_no_documented_route_is_gone(
    changes: tuple[Change, ...], deployment: Deployment, weaknesses: list[Weakness]
) -> None:
    """Every promised operation is in the deployed document"""
    gone = [one for one in changes if one.id in _GONE_ROUTES]
    _refuse(gone, deployment.contract.served_at, weaknesses, "lacks what was promised")


def test_no_route_is_undocumented(
    changes: tuple[Change, ...], deployment: Deployment, weaknesses: list[Weakness]
) -> None:
    """The deployed document has no operation that nobody has promised"""
    new = [one for one in changes if one.id in _NEW_ROUTES]
    _refuse(new, deployment.contract.served_at, weaknesses, "has what nobody promised; write it down, or take it away")


def test_last_release_still_works(
    previous: Document | None, promised: Document, deployed: Document | None, exclude: Exclude,
    weaknesses: list[Weakness],
) -> None:  # fmt: skip
    """What the last release promised is still kept"""
    if previous is None:
        exclude("deployments.yaml names no document of the last release (`contract: {previous: ...}`)")
    now = deployed or promised
    changes = compare(previous, now, datetime.now(UTC).date())
    breaking = [one for one in changes if one.kind is Kind.BREAKING]
    _refuse(breaking, previous.name, weaknesses, "breaks clients of the last release")


def _refuse(changes: Sequence[Change], where: str, weaknesses: list[Weakness], what: str) -> None:
    weaknesses.extend(_weakness(one, where) for one in changes)
    if not changes:
        return
    told = "; ".join(_sentence(one) for one in changes[:_MOST_TOLD])
    more = f", and {len(changes) - _MOST_TOLD} more in results.sarif" if len(changes) > _MOST_TOLD else ""
    error = UnexpectedAnswer(
        f"the deployed document {what}: {told}{more}",
        expected="the promised document",
        seen=", ".join(dict.fromkeys(one.id for one in changes)),
        where=where,
        curl="",
    )
    error.causes = tuple(f"document|{one.id}|{one.place.old}|{one.place.new}" for one in changes)
    raise error


def _sentence(change: Change) -> str:
    at = f"{', '.join(change.operations[:2])}: " if change.operations else ""
    example = f" (for example {change.example})" if change.example else ""
    return f"{at}{change.message}{example}"


def _weakness(change: Change, where: str) -> Weakness:
    return Weakness(
        rule=f"contract-{change.id}",
        severity="high" if change.kind is Kind.BREAKING else "medium",
        subject=", ".join(change.operations[:3]) or "the whole document",
        value=change.example or change.place.new or change.place.old,
        message=_sentence(change),
        remedy=change.remedy,
        where=where,
    )
