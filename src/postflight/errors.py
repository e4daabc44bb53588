"""Errors, by the question they answer: the deployment is bad, or we could not tell. Never one class for both.

`DeploymentFault` and its kinds are findings about the deployment (bad). `CannotMeasure` and its kinds are about us
(invalid). `NotEnoughEvidence` is neither (unknown, so hold).
"""

from dataclasses import dataclass

from postflight.model import OnBreach


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person needs to see with an error. Every field may be empty; none holds a secret that was not redacted."""

    expected: str = ""
    seen: str = ""
    where: str = ""
    curl: str = ""


class PostflightError(Exception):
    """Base of all. `str(error)` is one sentence for a person; `facts` the rest."""

    on_breach: OnBreach | None = None  # what it asks for, where a budget says so; else the check's requirement decides
    causes: tuple[str, ...] = ()  # equal for equal causes: what several checks ran into is told by the first of them
    repeated: bool = False  # seen again and again within the check: running that once more would show nothing new

    def __init__(self, message: str, *, expected: str = "", seen: str = "", where: str = "", curl: str = "") -> None:
        super().__init__(message)
        self.facts = Facts(expected, seen, where, curl)


class DeploymentFault(PostflightError):
    """The deployment is bad: this was measured."""


class Unreachable(DeploymentFault):
    """Refused, reset, closed, garbage, endless, or no answer before the deadline, from a name that resolves."""


class UnexpectedAnswer(DeploymentFault):
    """It answered, but not what was promised."""


class BudgetBroken(DeploymentFault):
    """A measured value is outside its limit."""


class PageTrouble(DeploymentFault):
    """A page raised errors, lost requests or violated its policy while a test used it."""


class CannotMeasure(PostflightError):
    """The measurement is invalid: runner, browser, network or configuration. Says nothing about the deployment."""


class ConfigError(CannotMeasure):
    """Bad YAML, command line or environment. The message names the place and the remedy."""


class RunnerNetworkError(CannotMeasure):
    """A name that does not resolve, no route, a proxy's refusal, a failed control."""


class BrowserUnavailable(CannotMeasure):
    """No browser could be started here."""


class NotAllowed(CannotMeasure):
    """Somebody asked for what `deployments.yaml` does not allow here."""


class NotEnoughEvidence(PostflightError):
    """Measured, but too little for a claim; the message says what is missing."""
