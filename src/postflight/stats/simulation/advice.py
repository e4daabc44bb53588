"""What a team must know before it trusts a rule: which of its own claims it cannot keep."""

from collections.abc import Sequence
from dataclasses import dataclass

from postflight.stats.floor import requests_needed
from postflight.stats.simulation.catalog import Setting
from postflight.stats.simulation.study import Result


@dataclass(frozen=True, slots=True)
class Claim:
    """The success rate (0.995) that the watch is to show, and at which confidence (0.99)."""

    success: float = 0.995
    confidence: float = 0.99


def claim_warnings(setting: Setting, claim: Claim) -> list[str]:
    """Return why the watch cannot show the claim, even without one failure, if it cannot."""
    requests = int(setting.rate * setting.duration)
    needed = requests_needed(claim.success, claim.confidence)
    if needed is None or requests < needed:
        text = f"{claim.success * 100:.6g} % success at {claim.confidence * 100:.4g} % confidence"
        return [f"{text} needs {needed} requests without a failure; this watch makes {requests}. Watch longer."]
    return []


def result_warnings(setting: Setting, results: Sequence[Result]) -> list[str]:
    """Return where a rule found bad traffic later than `within`, or rolled healthy traffic back too often."""
    warnings = []
    for result in results:
        if result.bad and result.p95 > setting.within:
            warnings.append(
                f"{result.arm}: {result.scenario} is not found within {setting.within:g} s in 95 % of all watches"
                f" ({result.fired * 100:.3g} % ever found, p95 {result.p95:g} s)"
            )
        if not result.bad and result.fired > setting.alpha:
            warnings.append(
                f"{result.arm}: {result.fired * 100:.3g} % of healthy watches are rolled back ({result.scenario}),"
                f" more than alpha = {setting.alpha * 100:.3g} %; its errors are not independent, so use longer blocks"
            )
    return warnings
