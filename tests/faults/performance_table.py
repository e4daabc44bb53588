"""Which fault of performance, weight, latency and accessibility turns which checks red, and how its cause is named.

Complete: no other check of stage performance may fail. Each part of the stage has a table of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """One fault, the checks (functions) that must fail, and words that the finding must say: the true cause."""

    fault: str
    fails: tuple[str, ...]
    says: tuple[str, ...]
    arguments: tuple[str, ...] = ()  # how the reference platform is started


TABLE: tuple[Planted, ...] = ()
