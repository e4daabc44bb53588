"""What a run has left is removed, and trouble with that takes nothing from what the run has measured."""

from typing import Self

import pytest

from postflight.errors import Unreachable
from postflight.load import cleanup
from postflight.model import Deployment, Status

DEPLOYMENT = Deployment("velocity", "staging", "http://127.0.0.1:9", known=True, adapter="platforms.velocity:Velocity")


class Cleaner:
    """Stands in for the client: each `run` ends as told."""

    ends: list[tuple[str, ...] | Exception]

    def __init__(self, *_: object) -> None: ...
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...
    def run(self, _flow: object, *, deadline: float) -> tuple[str, ...]:
        end = type(self).ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end


@pytest.fixture(autouse=True)
def cleaner(monkeypatch: pytest.MonkeyPatch) -> type[Cleaner]:
    monkeypatch.setattr(cleanup, "Client", Cleaner)
    return Cleaner


def test_what_was_left_is_told(cleaner: type[Cleaner]) -> None:
    cleaner.ends = [("postflight-r1-0-3",)]
    with cleanup.cleaned_up(DEPLOYMENT, "preview-start", "r1") as left:
        assert len(cleaner.ends) == 1, "not before the run has ended"
    assert (left.removed, left.findings()) == (("postflight-r1-0-3",), ())


def test_a_failure_is_tried_again(cleaner: type[Cleaner]) -> None:
    cleaner.ends = [Unreachable("reset"), ()]
    with cleanup.cleaned_up(DEPLOYMENT, "api", "r1") as left:
        pass
    assert left.findings() == ()


def test_a_failure_that_stays_is_a_finding_of_its_own(cleaner: type[Cleaner]) -> None:
    cleaner.ends = [Unreachable("reset")] * cleanup.TRIES
    with cleanup.cleaned_up(DEPLOYMENT, "api", "r1") as left:
        pass
    [finding] = left.findings()
    assert finding.status is Status.UNKNOWN
    assert "postflight cleanup --environment staging --run r1" in finding.summary


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_it_is_done_whatever_ends_the_run(error: type[BaseException], cleaner: type[Cleaner]) -> None:
    cleaner.ends = [()]
    with pytest.raises(error), cleanup.cleaned_up(DEPLOYMENT, "api", "r1"):
        raise error
    assert cleaner.ends == []


@pytest.mark.parametrize("profile", ["landing", "landing-warm", "sync"])
def test_where_nothing_is_created_nobody_signs_in(profile: str, cleaner: type[Cleaner]) -> None:
    cleaner.ends = []
    with cleanup.cleaned_up(DEPLOYMENT, profile, "r1"):
        pass
