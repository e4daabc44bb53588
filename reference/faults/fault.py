"""What a planted fault is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to be broken. `covers` holds the ids of the requirements that it breaks."""

    name: str
    breaks: str
    covers: tuple[str, ...]
