"""What the end of a test phase means: is the deployment bad, or could we not tell."""

from dataclasses import asdict, dataclass, field

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.errors import CannotMeasure, DeploymentFault, Facts, NotEnoughEvidence, PostflightError
from postflight.model import Status
from postflight.probes.meaning import explain, explain_browser

# a browser that died, was closed under us, or never started says nothing about the deployment
_BROWSER_GONE = (
    "has been closed",
    "Target crashed",
    "Page crashed",
    "browser has disconnected",
    "Executable doesn't exist",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one phase of one attempt says."""

    status: Status
    summary: str = ""
    facts: Facts = field(default_factory=Facts)

    def as_json(self) -> dict[str, str]:
        """Return plain strings: reports travel from xdist workers as such."""
        return {"status": self.status.value, "summary": self.summary, **asdict(self.facts)}


def outcome_of(error: BaseException, message: str, *, base_url: str) -> Outcome:
    """Judge the exception that ended a phase.

    Args:
        error: the exception.
        message: pytest's own words for it, where an assertion was rewritten.
        base_url: the deployment, for messages about lost connections.

    """
    match error:
        case BaseExceptionGroup() if len(error.exceptions) == 1:
            return outcome_of(error.exceptions[0], message, base_url=base_url)
        case PostflightError():
            return Outcome(_status(error), str(error), error.facts)
        case PlaywrightTimeout():
            return Outcome(Status.BAD, _first_line(error.message), Facts(where=base_url, seen=_log(error.message)))
        case PlaywrightError():
            return _of_playwright(error, base_url)
        case AssertionError() | pytest.fail.Exception():
            return Outcome(Status.BAD, _first_line(message), Facts(seen=_log(message), where=base_url))
        case _ if explained := explain(error, base_url):
            return Outcome(_status(explained), str(explained), explained.facts)
        case _:
            summary = f"the check itself crashed: {type(error).__name__}: {_first_line(str(error))}"
            return Outcome(Status.INVALID, summary)


def _status(error: PostflightError) -> Status:
    match error:
        case DeploymentFault():
            return Status.BAD
        case NotEnoughEvidence():
            return Status.UNKNOWN
        case CannotMeasure():
            return Status.INVALID
        case _:
            return Status.INVALID


def _of_playwright(error: PlaywrightError, base_url: str) -> Outcome:
    if any(words in error.message for words in _BROWSER_GONE):
        return Outcome(Status.INVALID, f"the browser is gone: {_first_line(error.message)}")
    if explained := explain_browser(error.message, base_url):
        return Outcome(_status(explained), str(explained), explained.facts)
    return Outcome(Status.INVALID, f"the browser could not do what the check asked: {_first_line(error.message)}")


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return lines[0][:500] if lines else "no message"


def _log(text: str) -> str:
    lines = [line.rstrip() for line in text.strip().splitlines()[1:] if line.strip()]
    return "\n".join(lines[:12])[:1500]
