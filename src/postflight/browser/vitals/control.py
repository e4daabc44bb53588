"""A page of our own with fixed work, between the visits: it tells how much longer all takes than it has to.

The work costs its CPU time, and on a quiet machine nothing else. So its duration divided by the least CPU time that it
ever took in this run says by how much the runner stretches what happens in it, without a number from another day or
another machine. The page is filled from here: it needs no network, and no deployment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.browser.responsive import PageHangs, until_responsive
from postflight.errors import CannotMeasure

CONTENT = f"<!doctype html><title>control</title><main>{'<p>one <b>two</b></p>' * 200}</main>"
WORK = """() => {
  const start = performance.now();
  const main = document.querySelector('main');
  let sum = 0;
  for (let round = 0; round < 20; round += 1) {
    for (let i = 0; i < 400000; i += 1) sum = (sum * 31 + i) % 65521;
    main.style.width = `${300 + round}px`;
    sum += main.offsetHeight;
  }
  return [performance.now() - start, sum];
}"""
DEADLINE = 20_000.0  # milliseconds
NOISY = 1.25  # a stretch of more is worth a word
LOOKS = 5  # pulses of which the middle one tells how a runner is that a page has just been given up on
OVERLOADED = 4.0  # with a stretch of more a missed deadline says nothing about the page


@dataclass(frozen=True, slots=True)
class Pulse:
    """The fixed work, done once: how long it took, and what it cost the main thread. Seconds."""

    wall: float
    thread: float


def stretch(pulses: list[Pulse], least: float) -> float:
    """Return by how much the runner stretched the work of these pulses, 1 at the least. `least`: its CPU seconds."""
    if not pulses or least <= 0:
        return 1.0
    return max(1.0, median(pulse.wall for pulse in pulses) / least)


class Control:
    """The control page of one browser. Use it in a `with`."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.least = float("inf")  # CPU seconds of the work

    def __enter__(self) -> Self:
        self._context = self._browser.new_context()
        self._page = self._context.new_page()
        self._page.set_default_timeout(DEADLINE)
        self._page.set_content(CONTENT)
        self._session = self._context.new_cdp_session(self._page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        for _ in range(3):  # until it is compiled
            self._work()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.close()

    def pulse(self) -> Pulse:
        """Do the work once."""
        pulse = self._work()
        self.least = min(self.least, pulse.thread)
        return pulse

    @contextmanager
    def vouching(self) -> Iterator[None]:
        """Blame a page for a deadline that it missed only where our own page keeps up on this runner.

        Raises `CannotMeasure` in place of the block's `PageHangs` or Playwright's `TimeoutError` where it does not.
        """
        try:
            yield
        except (PageHangs, PlaywrightTimeout) as error:
            if trouble := self._trouble():
                first = str(error).partition("\n")[0]
                raise CannotMeasure(
                    f"The runner, not the page, may be too slow: {trouble}; the page: {first}"
                ) from error
            raise

    def _trouble(self) -> str:
        """Say what is wrong with the browser on this runner, as our own page shows it; empty: nothing."""
        try:
            until_responsive(self._page)
            found = stretch([self.pulse() for _ in range(LOOKS)], self.least)
        except PlaywrightError as gone:
            return f"our own page does not answer in this browser ({gone.message.partition(chr(10))[0]})"
        return f"work of our own page took {found:.1f} times as long as it had to" if found > OVERLOADED else ""

    def _work(self) -> Pulse:
        before = self._thread_seconds()
        wall, _ = self._page.evaluate(WORK)
        return Pulse(wall / 1000, self._thread_seconds() - before)

    def _thread_seconds(self) -> float:
        told = self._session.send("Performance.getMetrics")["metrics"]
        return next(float(entry["value"]) for entry in told if entry["name"] == "TaskDuration")
