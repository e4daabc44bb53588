"""What a check measured, in real runs: which error is told, what is not run again, and what is not there."""

from collections.abc import Callable

from tests.conftest import Result

RunSuite = Callable[..., Result]

LIMITED = """
version: 1
platforms: {any: {budgets: {smoke: {
  page.load: {at_most: 2 s, on_breach: hold},
  page.size: {at_most: 2 s, on_breach: rollback},
  page.tint: {at_most: 2 s, on_breach: warn},
}}}}
"""


def test_what_a_check_has_repeated_itself_is_not_run_again(run_suite: RunSuite, site: str) -> None:
    source = """
import pathlib
pytestmark = [pytest.mark.smoke, pytest.mark.measures("page.load", "page.size", "page.tint")]
note = pathlib.Path("attempts").open("a", buffering=1)
@pytest.fixture(scope="session")
def shared():
    yield
    note.write("end")
@pytest.fixture(autouse=True)
def one_good_value(measure, shared, request):
    note.write(request.node.name + " ")
    for name in ("page.load", "page.size", "page.tint"):
        measure(name, 0.1)
def test_repeated(measure): measure("page.load", 9.0, 9.0, repeated=True)
def test_once(measure): measure("page.load", 9.0)
def test_untold(measure): measure("page.tint", cause="none", repeated=True)
def test_unknown(measure): measure("page.load", 1.0, 3.0, interval=(1.0, 3.0), repeated=True)
def test_trouble(measure):
    measure("page.load", 9.0, repeated=True)
    assert False
def test_both(measure):
    measure("page.load", 9.0, repeated=True)
    measure("page.size", 9.0)
def test_rollback(measure): measure("page.size", 9.0, 9.0, repeated=True)
def test_good(measure): measure("page.load", 0.1, repeated=True)
"""
    result = run_suite(source, "--base-url", site, budgets=LIMITED)
    assert result.statuses() == {
        "preflight": "good", "test_repeated": "bad", "test_once": "bad", "test_untold": "unknown",
        "test_unknown": "unknown", "test_trouble": "bad", "test_both": "bad",
        "test_rollback": "bad", "test_good": "good",
    }, result.output  # fmt: skip
    again = ("test_unknown", "test_trouble", "test_both", "test_rollback")
    twice = [name for name in again for _ in range(2)]
    expected = ["test_repeated", "test_once", "test_once", "test_untold", *twice, "test_good", "end"]
    assert (result.reports.parent / "attempts").read_text().split() == expected


def test_a_broken_limit_is_told_before_one_that_is_not_known(run_suite: RunSuite, site: str) -> None:
    source = """
@pytest.mark.measures("page.load", "page.size", "page.tint")
def test_x(measure):
    measure("page.tint", 9.0)
    measure("page.size", 1.0, 3.0, interval=(1.0, 3.0))
    measure("page.load", 9.0)
@pytest.mark.measures("page.tint", "page.size")
def test_y(measure):
    measure("page.tint", 9.0)
    measure("page.size", 1.0, 3.0, interval=(1.0, 3.0))
"""
    result = run_suite(source, "--base-url", site, budgets=LIMITED)
    assert result.statuses() == {"preflight": "good", "test_x": "bad", "test_y": "unknown"}
    assert "page.load was 9 s" in result.finding("test_x")["summary"]
    assert result.finding("test_y")["on_breach"] == "rollback"


def test_what_was_looked_for_and_is_not_there_keeps_no_limit(run_suite: RunSuite, site: str) -> None:
    source = """
pytestmark = [pytest.mark.smoke, pytest.mark.measures("page.load", "page.size", "page.tint", "page.free")]
@pytest.fixture(autouse=True)
def the_others(measure, request):
    for name in {"page.load", "page.size", "page.tint", "page.free"} - {request.node.name.replace("test_", "page.")}:
        measure(name, 0.1)
def test_load(measure): measure("page.load", cause="the browser told of none")
def test_tint(measure): measure("page.tint", cause="the browser told of none")
def test_free(measure): measure("page.free", cause="the browser told of none")
def test_size(measure): measure("page.size")
"""
    result = run_suite(source, "--base-url", site, budgets=LIMITED)
    assert result.statuses() == {
        "preflight": "good", "test_load": "unknown", "test_tint": "unknown", "test_free": "good",
        "test_size": "invalid",
    }, result.output  # fmt: skip
    told = result.finding("test_load")
    assert (
        told["summary"]
        == "page.load is not there: no claim about at most 2 s (budgets.yaml:4): the browser told of none"
    )
    assert [result.finding(name)["on_breach"] for name in ("test_load", "test_tint")] == ["hold", "warn"]
