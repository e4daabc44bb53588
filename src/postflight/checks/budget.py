"""Hold a measurement against its budget. Pure: what follows from a broken one is the verdict's business."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import median

from postflight.errors import BudgetBroken, ConfigError, NotEnoughEvidence, PostflightError
from postflight.model import Budget, Measurement, Quantity


@dataclass(frozen=True, slots=True)
class Judgement:
    """A measurement, the budget it was held against, and what is wrong (None: within its limit)."""

    measurement: Measurement
    budget: Budget
    error: PostflightError | None


def judge(measurement: Measurement, budgets: Iterable[Budget]) -> tuple[Judgement, ...]:
    """Hold one measurement against the budget of its metric: the one with the most special name that fits it.

    Every value must keep the limit: a budget on single values is about the worst of them. Where the measurement has an
    interval, the limit is about what it estimates, and nothing is claimed unless all of it is on one side.
    Fewer samples than `min_samples` are no evidence for keeping it, though a value outside is enough for breaking it.
    """
    judgements = tuple(_hold(measurement, budget) for budget in _fitting(measurement.metric, budgets))
    for judgement in judgements:
        if judgement.error is not None:
            judgement.error.on_breach = judgement.budget.on_breach
    return judgements


def find_untold(
    metric: str, budgets: Iterable[Budget], *, where: str, cause: str, repeated: bool
) -> list[NotEnoughEvidence]:
    """Return what is to be said of a metric's limits when it was looked for and is not there: they are not kept."""
    found = []
    for budget in _fitting(metric, budgets):
        message = f"{metric} is not there: no claim about {budget.limit} ({budget.source}): {cause}"
        unknown = NotEnoughEvidence(message, expected=budget.limit, seen="no value", where=where)
        unknown.on_breach, unknown.repeated = budget.on_breach, repeated
        found.append(unknown)
    return found


def _fitting(metric: str, budgets: Iterable[Budget]) -> list[Budget]:
    """Return the budgets of the most special name that is about a metric."""
    fitting = [budget for budget in budgets if fits(metric, budget.metric)]
    longest = max((len(budget.metric) for budget in fitting), default=0)
    return [budget for budget in fitting if len(budget.metric) == longest]


def fits(metric: str, budget: str) -> bool:
    """Whether a budget of this name is about this metric: `mobile.lcp` is about `landing.mobile.lcp` too."""
    return metric == budget or metric.endswith(f".{budget}")


def _hold(measurement: Measurement, budget: Budget) -> Judgement:
    limit = budget.at_most or budget.at_least
    if limit is None or limit.unit is not measurement.unit:
        unit = "no limit" if limit is None else f"a limit in {limit.unit.value}"
        message = f"{budget.source}: {budget.metric} is measured in {measurement.unit.value}, but has {unit}"
        return Judgement(measurement, budget, ConfigError(message))
    met, shown = _met(measurement, budget, limit.value)
    held = replace(measurement, limit=budget.limit, met=met, bound=limit.value)
    samples = len(measurement.values)
    cause = f": {measurement.cause}" if measurement.cause else ""
    if met is False:
        message = f"{measurement.metric} was {shown}, allowed is {budget.limit} ({budget.source}){cause}"
        broken = BudgetBroken(message, expected=budget.limit, seen=shown, where=measurement.where)
        return Judgement(held, budget, broken)
    if met is None:
        message = f"{measurement.metric} is {shown}: no claim about {budget.limit} ({budget.source}){cause}"
        unknown = NotEnoughEvidence(message, expected=budget.limit, seen=shown, where=measurement.where)
        return Judgement(held, budget, unknown)
    if samples < budget.min_samples:
        more = budget.min_samples - samples
        message = f"{measurement.metric}: {samples} samples, {more} more needed for a claim ({budget.source})"
        return Judgement(replace(held, met=None), budget, NotEnoughEvidence(message))
    return Judgement(held, budget, None)


def _met(measurement: Measurement, budget: Budget, limit: float) -> tuple[bool | None, str]:
    """Return whether the limit is kept (None: the interval holds it, so nothing is claimed), and what was seen."""
    if measurement.interval is None:
        if budget.at_most is not None:
            return measurement.worst.value <= limit, str(measurement.worst)
        return measurement.least.value >= limit, str(measurement.least)
    low, high = measurement.interval
    middle, unit = median(measurement.values), measurement.unit
    shown = f"{Quantity(middle, unit)} ({Quantity(low, unit)} to {Quantity(high, unit)})"
    kept, broken = (high <= limit, low > limit) if budget.at_most is not None else (low >= limit, high < limit)
    return True if kept else False if broken else None, shown
