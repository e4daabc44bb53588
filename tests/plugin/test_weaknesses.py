"""Weak points that a check tells of: on their way through workers into verdict.json, results.sarif and the forecast."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import Result

SOURCE = """
from postflight.errors import UnexpectedAnswer
from postflight.model import Weakness

def weak(rule, **more):
    return Weakness(rule, "high", "X-Frame-Options", "ALLOWALL", "Anybody frames it.", "DENY.", "https://x/", **more)

def test_bad(weaknesses):
    weaknesses.append(weak("xfo-allowall"))
    raise UnexpectedAnswer("no", expected="a", seen="b")

def test_good(weaknesses):
    weaknesses.append(weak("coop-missing", coming=True))

def test_many(weaknesses):
    weaknesses += [weak(f"rule-{number}", coming=True) for number in range(1000)]

def test_none(): pass
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_weaknesses_arrive(run_suite: Callable[..., Result], site: str, workers: tuple[str, ...]) -> None:
    result = run_suite(SOURCE, "--base-url", site, *workers)
    told = {name: [one["rule"] for one in result.finding(name)["weaknesses"]] for name in ("test_bad", "test_none")}
    assert told == {"test_bad": ["xfo-allowall"], "test_none": []}
    assert result.finding("test_good")["weaknesses"][0]["coming"] is True
    assert len(result.finding("test_many")["weaknesses"]) == 200, "bounded"
    (run,) = json.loads((result.reports / "results.sarif").read_text())["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["test_bad", "xfo-allowall"]
    assert {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]} == {
        "smoke/test_it.py"
    }
    assert result.statuses()["test_good"] == "good", "what is still to come decides nothing"
    assert "X-Frame-Options: coop-missing" in result.output
    assert "coop" in (result.reports / "summary.md").read_text()


def test_a_good_run_has_a_log_without_results(run_suite: Callable[..., Result], site: str) -> None:
    result = run_suite("def test_x(): pass", "--base-url", site)
    (run,) = json.loads((result.reports / "results.sarif").read_text())["runs"]
    assert run["results"] == []


def test_secrets_are_taken_out_of_weaknesses(run_suite: Callable[..., Result], site: str) -> None:
    source = """
from postflight.model import Weakness
def test_x(weaknesses, run):
    run.redactor.add("hunter2hunter2", "password")
    weaknesses.append(Weakness("r", "high", "s", "hunter2hunter2", "m hunter2hunter2"))
    assert False
"""
    result = run_suite(source, "--base-url", site)
    for name in ("results.sarif", "verdict.json", "summary.md"):
        assert "hunter2hunter2" not in (result.reports / name).read_text()
    assert result.finding("test_x")["weaknesses"][0]["value"] == "[secret password]"
