"""Budgets: broken, kept, or too little evidence; a wrong unit is our fault, not the deployment's."""

from hypothesis import given
from hypothesis import strategies as st

from postflight.checks.budget import judge
from postflight.errors import BudgetBroken, ConfigError, NotEnoughEvidence
from postflight.model import Budget, Measurement, Quantity, Unit

TWO_SECONDS = Budget("edit.sync", "smoke", at_most=Quantity(2, Unit.SECONDS), source="budgets.yaml:7")


def test_within_and_at_the_limit_is_kept() -> None:
    for value in (0.1, 2.0):
        (judgement,) = judge(Measurement("edit.sync", (value,), Unit.SECONDS), [TWO_SECONDS])
        assert judgement.error is None
        assert (judgement.measurement.met, judgement.measurement.limit) == (True, "at most 2 s")


def test_the_worst_value_decides_and_the_message_names_the_place() -> None:
    (judgement,) = judge(Measurement("edit.sync", (0.1, 2.1), Unit.SECONDS), [TWO_SECONDS])
    assert isinstance(judgement.error, BudgetBroken)
    assert str(judgement.error) == "edit.sync was 2.1 s, allowed is at most 2 s (budgets.yaml:7)"
    assert judgement.measurement.met is False


def test_at_least_looks_at_the_smallest() -> None:
    budget = Budget("score", "performance", at_least=Quantity(0.9, Unit.RATIO))
    (judgement,) = judge(Measurement("score", (0.95, 0.89), Unit.RATIO), [budget])
    assert isinstance(judgement.error, BudgetBroken)


def test_too_few_samples_are_no_evidence_for_keeping_but_enough_for_breaking() -> None:
    budget = Budget("edit.sync", "smoke", at_most=Quantity(2, Unit.SECONDS), min_samples=3)
    (few,) = judge(Measurement("edit.sync", (0.1, 0.2), Unit.SECONDS), [budget])
    assert isinstance(few.error, NotEnoughEvidence)
    assert "1 more needed" in str(few.error)
    assert few.measurement.met is None
    (broken,) = judge(Measurement("edit.sync", (9.0,), Unit.SECONDS), [budget])
    assert isinstance(broken.error, BudgetBroken)


def test_a_wrong_unit_is_a_configuration_error() -> None:
    (judgement,) = judge(Measurement("edit.sync", (0.1,), Unit.BYTES), [TWO_SECONDS])
    assert isinstance(judgement.error, ConfigError)


def test_other_metrics_are_not_judged() -> None:
    assert judge(Measurement("page.load", (99.0,), Unit.SECONDS), [TWO_SECONDS]) == ()


LCP = Budget("mobile.lcp", "performance", at_most=Quantity(2.5, Unit.SECONDS), source="budgets.yaml:9")
OF_LANDING = Budget("landing.mobile.lcp", "performance", at_most=Quantity(1, Unit.SECONDS), source="budgets.yaml:10")


def lcp(low: float, middle: float, high: float) -> Measurement:
    return Measurement("landing.mobile.lcp", (middle,), Unit.SECONDS, interval=(low, high))


def test_a_limit_is_about_what_the_interval_estimates() -> None:
    assert judge(lcp(2.0, 2.2, 2.5), [LCP])[0].error is None
    assert isinstance(judge(lcp(2.6, 2.8, 3.0), [LCP])[0].error, BudgetBroken)


def test_an_interval_around_the_limit_claims_nothing() -> None:
    (judgement,) = judge(lcp(2.4, 2.45, 2.6), [LCP])
    assert isinstance(judgement.error, NotEnoughEvidence)
    assert "2.45 s (2.4 s to 2.6 s)" in str(judgement.error)
    assert judgement.measurement.met is None


def test_the_most_special_budget_wins() -> None:
    (judgement,) = judge(lcp(1.5, 1.6, 1.7), [LCP, OF_LANDING])
    assert judgement.budget is OF_LANDING
    assert judge(Measurement("mobile.lcp", (2.0,), Unit.SECONDS), [OF_LANDING]) == ()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=5), st.floats(0, 1e6))
def test_kept_exactly_when_every_value_keeps_it(values: list[float], limit: float) -> None:
    budget = Budget("m", "s", at_most=Quantity(limit, Unit.SECONDS))
    (judgement,) = judge(Measurement("m", tuple(values), Unit.SECONDS), [budget])
    assert (judgement.error is None) == all(value <= limit for value in values)
