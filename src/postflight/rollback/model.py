"""The nouns of a rollback, and the one interface of all ways to act."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from postflight.config.rollback import Part, Severity
from postflight.errors import PostflightError
from postflight.stats.rules import Do


class Refused(PostflightError):
    """The action was not done, for certain: nobody was asked, or the provider said no. It may be tried again."""


class Unclear(PostflightError):
    """Nobody knows whether the action was done: no answer came, or one that says nothing. Never just repeat it."""


class Standing(StrEnum):
    """What the provider says when it is asked where a rollback stands."""

    BEFORE = "before"  # the release that was judged is live, and no rollback was received
    UNDER_WAY = "under way"  # the rollback was received and is not done yet
    AFTER = "after"  # the earlier release is live
    ELSEWHERE = "elsewhere"  # neither of them is live: somebody has switched to another one since
    UNKNOWN = "unknown"  # it cannot tell


@dataclass(frozen=True, slots=True)
class Case:
    """Which release is rolled back, and why. Texts may come from the target: no markup, and no secrets any more.

    `since` is ISO 8601 in UTC. `release` is the id of the release that was judged, by which it is rolled back once;
    `serves` is what it calls itself where the deployment says which release serves, empty where it does not say.
    """

    platform: str
    environment: str
    base_url: str
    release: str
    run_id: str
    trigger: str
    do: Do
    severity: Severity
    since: str
    reasons: tuple[str, ...]
    serves: str = ""
    part: Part = Part.FULL


@dataclass(frozen=True, slots=True)
class Move:
    """What an action is going to do: in words that say all of it, without secrets; and from which id to which.

    `before` and `after` are the provider's own ids (a deployment, an image), empty where it has none.
    """

    says: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What the configuration says of any action.

    `name` is what it acts on and how, for example `vercel velocity`: two actions with one name are the same action.
    `pause` is in seconds, before the next step.
    """

    name: str
    part: Part = Part.FULL
    pause: float = 0.0


class Action(Protocol):
    """One way to act. `repeats`: doing it twice is the same as doing it once."""

    about: About
    repeats: bool

    def plan(self, case: Case) -> Move:
        """Find what it goes back to. Only reads. Raises `Refused` when there is nothing, or it cannot be found."""

    def do(self, case: Case, move: Move, key: str) -> str:
        """Do it, and return the provider's own evidence that it was accepted. `key` is the same whenever it is sent.

        Raises `Refused` or `Unclear`.
        """

    def standing(self, case: Case, move: Move, key: str) -> Standing:
        """Ask the provider where it stands. Only reads, raises nothing."""


class Stage(StrEnum):
    """How far one action came. `intent` is on the disk before anything is sent."""

    INTENT = "intent"
    SENT = "sent"  # on the disk right before it is sent: from here on it may have been done
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one action: its last stage, and the evidence for it in words."""

    action: str
    stage: Stage
    says: str
    evidence: str = ""
    by: str = ""  # the run that did it, when it was another one
