"""What is planted: one page and one API handler, and how much worse a variant of them is."""

import re
from dataclasses import dataclass

WORK = 80_000_000  # steps of the script's loop: about 0.08 s of a browser's main thread
HANDLER = 25_000_000  # steps of a click's handler
SCRIPT = 60_000  # bytes of the script's file
HERO = 0.25  # seconds until the hero image is answered
API = 4_500  # hashes of the API's handler: about 2 ms of a Python process
TAIL = 10  # one request in so many is a slow one, where there is a tail


@dataclass(frozen=True, slots=True)
class Plant:
    """How much worse than healthy: shares of work and bytes, seconds of delay, a layout shift's score times 1000.

    It is written into the path: `/cpu=20,delay=100/`, in per cent, milliseconds and thousandths.
    """

    cpu: int = 0  # % more CPU work of the page's script
    delay: int = 0  # ms until the hero's answer begins, on top
    bytes: int = 0  # % more bytes of the page's script
    inp: int = 0  # % more work in the click's handler
    shift: int = 0  # layout shift: a block of so many thousandths of the screen's height comes late
    api: int = 0  # % more work of the API's handler
    tail: int = 0  # % more work of the API's handler, in one request of ten

    @property
    def path(self) -> str:
        """The variant's prefix, `/` first and none at the end."""
        set_here = [f"{name}={getattr(self, name)}" for name in self.__slots__ if getattr(self, name)]
        return "/" + (",".join(set_here) or "healthy")


def parse(segment: str) -> Plant:
    """Return the plant of a path's first segment. Raises `TypeError` for a name that is none."""
    return Plant(**{name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", segment)})


HEALTHY = Plant()
