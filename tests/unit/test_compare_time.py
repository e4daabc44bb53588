"""`postflight compare`: one deadline for all of its paths and pages."""

import pytest

from postflight.commands import compare


def test_a_path_that_cannot_be_decided_leaves_time_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 200.0, 210.0])
    monkeypatch.setattr(compare.time, "monotonic", lambda: next(clock))
    ends = compare.share_time(400.0, 3)
    assert next(ends) == 200.0  # a third of it, and all of that was needed
    assert next(ends) == 300.0
    assert list(ends) == [400.0]  # the second one was early
