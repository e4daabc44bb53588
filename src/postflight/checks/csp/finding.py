"""What the evaluator finds, and how it knows that it is real: a weakness names something that would get through."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from postflight.checks.csp.policy import Policy


class Severity(StrEnum):
    """How bad, in the order of listing. SARIF: error, warning, note, none."""

    HIGH = "high"  # an attacker who can inject markup runs script, or somebody believes in a policy that is not there
    MEDIUM = "medium"  # helps an attacker, leaks data, or is a mistake that browsers pass over in silence
    LOW = "low"  # weaker than it could be
    INFO = "info"  # good to know

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return tuple(Severity).index(self)


@dataclass(frozen=True, slots=True)
class CspFinding:
    """One finding. `id` is stable; `directive` and `value` are as written in the policy, empty where there is none."""

    id: str
    severity: Severity
    directive: str
    value: str
    message: str
    remedy: str


Witness = Callable[[Sequence[Policy]], bool]
"""Whether something bad (an inline script, a foreign host) still gets through all these enforced policies."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """A finding about one policy that is only true while no other policy stops what its witness tries."""

    finding: CspFinding
    witness: Witness | None = None  # None: true whatever the other policies say


@dataclass(frozen=True, slots=True)
class Subject:
    """The policy under judgement, and the origin whose page it protects."""

    policy: Policy
    self_origin: str


Rule = Callable[[Subject], Iterator[Weakness]]
