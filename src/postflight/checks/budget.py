"""Hold a measurement against its budget. Pure: what follows from a broken one is the verdict's business."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from postflight.errors import BudgetBroken, ConfigError, NotEnoughEvidence, PostflightError
from postflight.model import Budget, Measurement


@dataclass(frozen=True, slots=True)
class Judgement:
    """A measurement, the budget it was held against, and what is wrong (None: within its limit)."""

    measurement: Measurement
    budget: Budget
    error: PostflightError | None


def judge(measurement: Measurement, budgets: Iterable[Budget]) -> tuple[Judgement, ...]:
    """Hold one measurement against every budget of its metric.

    Every value must keep the limit: a budget on single values is about the worst of them. Fewer samples than
    `min_samples` are no evidence for keeping it, though one value outside is evidence enough for breaking it.
    """
    judgements = tuple(_hold(measurement, budget) for budget in budgets if budget.metric == measurement.metric)
    for judgement in judgements:
        if judgement.error is not None:
            judgement.error.on_breach = judgement.budget.on_breach
    return judgements


def _hold(measurement: Measurement, budget: Budget) -> Judgement:
    limit = budget.at_most or budget.at_least
    if limit is None or limit.unit is not measurement.unit:
        unit = "no limit" if limit is None else f"a limit in {limit.unit.value}"
        message = f"{budget.source}: {budget.metric} is measured in {measurement.unit.value}, but has {unit}"
        return Judgement(measurement, budget, ConfigError(message))
    if budget.at_most is not None:
        met, shown = measurement.worst.value <= limit.value, measurement.worst
    else:
        met, shown = measurement.least.value >= limit.value, measurement.least
    held = replace(measurement, limit=budget.limit, met=met, bound=limit.value)
    samples = len(measurement.values)
    if not met:
        message = f"{budget.metric} was {shown}, allowed is {budget.limit} ({budget.source})"
        broken = BudgetBroken(message, expected=budget.limit, seen=str(shown), where=measurement.where)
        return Judgement(held, budget, broken)
    if samples < budget.min_samples:
        more = budget.min_samples - samples
        message = f"{budget.metric}: {samples} samples, {more} more needed for a claim ({budget.source})"
        return Judgement(replace(held, met=None), budget, NotEnoughEvidence(message))
    return Judgement(held, budget, None)
