"""One cause is one finding, whichever checks met it; and nothing worse is hidden behind it."""

from collections.abc import Callable

from tests.conftest import Result

RunSuite = Callable[..., Result]

SUITE = """
from postflight.errors import UnexpectedAnswer

def fail(*causes, on_breach=None):
    error = UnexpectedAnswer(f"broken: {', '.join(causes)}")
    error.causes = causes
    error.on_breach = on_breach
    raise error
"""


def test_a_cause_is_told_once(run_suite: RunSuite, site: str) -> None:
    source = (
        SUITE
        + """
def test_first(): fail("header")
def test_same(): fail("header")
def test_more(): fail("header", "body")
def test_none(): raise UnexpectedAnswer("without a cause")
def test_none_again(): raise UnexpectedAnswer("without a cause")
"""
    )
    result = run_suite(source, "--base-url", site)
    statuses = result.statuses()
    assert "test_same" not in statuses, result.output
    assert {name for name, status in statuses.items() if status == "bad"} == {
        "test_first", "test_more", "test_none", "test_none_again",
    }  # fmt: skip
    first = result.finding("test_first")
    assert "1 more checks met the same" in first["summary"]
    assert "test_same" in first["details"]
    assert result.decision == "hold"  # the address is unknown; nothing was lost


def test_a_cause_that_asks_for_less_hides_nothing(run_suite: RunSuite, site: str) -> None:
    source = (
        SUITE
        + """
from postflight.model import OnBreach

def test_warning(): fail("header", on_breach=OnBreach.WARN)
def test_breach(): fail("header")
"""
    )
    result = run_suite(source, "--base-url", site)
    assert result.statuses()["test_breach"] == "bad", result.output
    assert result.decision == "hold"


def test_a_flaky_finding_hides_no_lasting_one(run_suite: RunSuite, site: str) -> None:
    source = (
        SUITE
        + """
tries = []

def test_flaky():
    tries.append(1)
    if len(tries) == 1:
        fail("header")

def test_lasting(): fail("header")
"""
    )
    statuses = run_suite(source, "--base-url", site).statuses()
    assert (statuses["test_flaky"], statuses["test_lasting"]) == ("flaky", "bad")
