"""From the words of `budgets.yaml` to the plan of a watch."""

import json
from pathlib import Path

import jsonschema
import pytest

from postflight.commands.config import schema_text
from postflight.config.budgets import load_budgets
from postflight.errors import ConfigError
from postflight.stats.rules import Consecutive, Do, ErrorRate, Gauge, Manual, ResponseTime
from postflight.watch.plan import plan_watch

ROOT = Path(__file__).parents[2]
WORDS = """\
version: 1
platforms:
  any:
    triggers:
      error_rate: {above: 5 %, within: 5 min, do: immediate_rollback}
      health: {failures: 3 in a row, do: failover}
      manual: {critical_bug: immediate_rollback}
  velocity:
    triggers:
      error_rate: {above: 1 %, within: 2 min, do: hold}
      response_time: {p95: 5 s, within: 10 min, do: staged_rollback}
      active_previews: {at_least: 20 sessions, for: 2 min, do: hold}
      logged_errors: {at_least: 0.1 /s, for: 5 min, do: hold}
"""


def loaded(path: Path, text: str) -> tuple[object, ...]:
    path.write_text(text)
    return load_budgets(path).rules_of("velocity")


def test_the_plans_words_become_rules_and_a_platform_goes_before_any(tmp_path: Path) -> None:
    assert loaded(tmp_path / "budgets.yaml", WORDS) == (
        ErrorRate(0.01, 120.0, Do.HOLD),
        ResponseTime(5.0, 0.95, 600.0, Do.STAGED_ROLLBACK),
        Consecutive(3, Do.FAILOVER),
        Gauge(20.0, 120.0, do=Do.HOLD, name="active_previews"),
        Gauge(0.1, 300.0, do=Do.HOLD, name="logged_errors"),
        Manual("critical_bug", Do.IMMEDIATE_ROLLBACK),
    )
    assert load_budgets(tmp_path / "budgets.yaml").rules_of("generic") == (
        ErrorRate(),
        Consecutive(),
        Manual("critical_bug"),
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("above: 1 %", "above: 0.01", "10: platforms.velocity.triggers.error_rate.above: 0.01 is a bare number"),
        ("above: 1 %", "above: 100 %", "100 % cannot be both kept and broken"),
        ("above: 1 %", "above: 5 min", "a quantity of another kind; expected one like '5 %'"),
        ("above: 1 %, ", "", "error_rate.above: this key is missing"),
        ("above: 1 %", "abov: 1 %", "unknown key; did you mean 'above'?"),
        ("within: 2 min", "within: 0 s", "is no limit here"),
        ("do: hold}\n      response", "do: roll_back}\n      response", "'roll_back' is not one of immediate_rollback"),
        ("p95: 5 s", "p95: 5 s, p99: 9 s", "write exactly one of p50, p90, p95 and p99"),
        ("p95: 5 s, ", "", "write exactly one of p50, p90, p95 and p99"),
        ("3 in a row", "three in a row", "expected a count like '3 in a row'"),
        ("3 in a row", "0 in a row", "expected a count like '3 in a row'"),
        ("20 sessions, for:", "20 sessions, fro:", "unknown key; did you mean 'for'?"),
        ("0.1 /s", "0.1 %", "expected one like '0.1 /s'"),
        ("critical_bug:", "Critical bug:", "does not match"),
        ("      health:", "      helth:", "unknown key; did you mean 'health'?"),
    ],
)
def test_words_that_are_wrong(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in WORDS
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path / "budgets.yaml", WORDS.replace(old, new))
    assert words in str(error.value)


def test_the_schema_knows_the_words() -> None:
    from postflight.config.yaml_source import parse_yaml
    from tests.unit.test_config_command import as_json

    jsonschema.validate(as_json(parse_yaml(WORDS.encode(), "budgets.yaml").values), json.loads(schema_text("budgets")))


RULES = (ErrorRate(), ResponseTime(), Consecutive(), Gauge(hold_for=120), Gauge(0.1, 300, name="logged_errors"))


def test_each_signal_has_a_test_of_its_own_and_all_share_alpha() -> None:
    plan, left_out = plan_watch(RULES, ("probes", "prometheus", "error_table"), alpha=0.01, duration=1800, block=10)
    assert [rule.name for rule in plan.rules] == [
        "error_rate.probes",
        "error_rate.prometheus",
        "response_time.probes",
        "response_time.prometheus",
        "health",
        "active_previews",
        "logged_errors",
    ]
    assert plan.alpha_each == 0.01 / 4
    assert left_out == ()


def test_what_nothing_measures_is_left_out_and_said() -> None:
    plan, left_out = plan_watch(RULES, ("probes", "error_table"), alpha=0.01, duration=200, block=10)
    assert [rule.name for rule in plan.rules] == ["error_rate.probes", "response_time.probes", "health"]
    assert {each.name: each.why for each in left_out} == {
        "active_previews": "nothing measures it: give --prometheus",
        "logged_errors": "it takes 300 s, longer than this watch of 200 s",
    }


@pytest.mark.parametrize(
    ("duration", "block", "words"),
    [(1800, 200, "use shorter blocks"), (10, 30, "a block lasts more than 0 s"), (10, 10, "use shorter blocks")],
)
def test_a_plan_that_cannot_decide_in_time_is_refused(duration: float, block: float, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        plan_watch(RULES, ("probes",), alpha=0.01, duration=duration, block=block)


def test_a_watch_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to watch"):
        plan_watch([Manual("critical_bug")], ("probes",), alpha=0.01, duration=1800, block=10)


@pytest.mark.parametrize(("duration", "every"), [(300, 30), (1800, 60)])
def test_the_plans_of_velro_can_be_kept(duration: float, every: float) -> None:
    rules = load_budgets(ROOT / "budgets.yaml").rules_of("velro")
    plan_watch(rules, ("probes",), alpha=0.01, duration=duration, block=every)


def test_locust_feeds_errors_only() -> None:
    """It tells no histogram of response times."""
    rules = (ErrorRate(), ResponseTime())
    plan, left_out = plan_watch(rules, ("probes", "locust"), alpha=0.01, duration=60.0, block=5.0)
    assert [rule.name for rule in plan.rules] == ["error_rate.probes", "error_rate.locust", "response_time.probes"]
    assert left_out == ()
