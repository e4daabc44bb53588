"""What a report may tell besides its own run: what must be verified at all, and what earlier runs found. Plain data.

Whoever writes the report gives it: the report itself reads neither configuration nor history.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from postflight.checks.run_kind import RunKind
from postflight.model import Decision, Unit

MAX_PAST = 20  # runs that are drawn, this one among them


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier run of the same command against the same target. `finished` is ISO 8601 in UTC.

    `browser` and `host` are what it measured with, and `kinds` what each metric was taken with; empty where it did not
    say. Medians of another kind than this run's are not drawn beside it.
    """

    decision: Decision
    finished: str
    release: str = ""
    medians: Mapping[tuple[str, Unit], float] = field(default_factory=dict)  # of each metric, in its unit
    kinds: Mapping[tuple[str, Unit], RunKind] = field(default_factory=dict)
    browser: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Background:
    """`requirements`: id -> what must hold, of the platform. `past`: the latest runs before this one, oldest first."""

    requirements: Mapping[str, str] = field(default_factory=dict)
    past: tuple[Past, ...] = ()


NOTHING_KNOWN = Background()
