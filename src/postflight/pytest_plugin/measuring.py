"""What a check has measured, and what its limits make of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from postflight.checks.budget import Judgement, find_untold, fits, judge
from postflight.errors import BudgetBroken, CannotMeasure, NotEnoughEvidence, PostflightError
from postflight.model import Budget, Measurement, OnBreach

_SEVERITY = [OnBreach.ROLLBACK, OnBreach.HOLD, OnBreach.WARN]


@dataclass(slots=True)
class Measured:
    """The measurements of one attempt of a check."""

    taken: list[Measurement]
    untold: dict[str, tuple[str, str]] = field(default_factory=dict)  # metric -> where it was looked for, and why not
    repeated: set[str] = field(default_factory=set)  # metrics that were measured anew several times

    def hold_against(self, budgets: Iterable[Budget], announced: Iterable[str]) -> None:
        """Hold all against its budgets: `taken` then tells its limits. Raises the error that asks for the most.

        Raises `CannotMeasure` when a metric was announced and not even looked for.
        """
        looked_for = [*(measurement.metric for measurement in self.taken), *self.untold]
        missing = [name for name in sorted(announced) if not any(fits(found, name) for found in looked_for)]
        if missing:
            raise CannotMeasure(f"announced but not measured: {', '.join(missing)}")
        limits = list(budgets)
        held = [judge(measurement, limits) for measurement in self.taken]
        self.taken[:] = [js[-1].measurement if js else m for js, m in zip(held, self.taken, strict=True)]
        errors = [self._error(judgement) for judgements in held for judgement in judgements]
        for metric, (where, cause) in self.untold.items():
            errors += find_untold(metric, limits, where=where, cause=cause, repeated=metric in self.repeated)
        wrong = [error for error in errors if error is not None]
        if wrong:
            raise min(wrong, key=_weight)

    def _error(self, judgement: Judgement) -> PostflightError | None:
        # a rollback is never asked for at first sight: a slow spell of seconds may cover all repetitions
        if isinstance(judgement.error, BudgetBroken) and judgement.budget.on_breach is not OnBreach.ROLLBACK:
            judgement.error.repeated = judgement.measurement.metric in self.repeated
        return judgement.error


def _weight(error: PostflightError) -> tuple[int, bool]:
    """Sort what asks for more first, and what is broken before what is not known: that asks for `hold` at the most."""
    asks = _SEVERITY.index(error.on_breach or OnBreach.HOLD)
    unknown = isinstance(error, NotEnoughEvidence)
    return max(asks, _SEVERITY.index(OnBreach.HOLD)) if unknown else asks, unknown
