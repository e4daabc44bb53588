"""Rounds of requests to two deployments, side by side: what `stats.paired` compares."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from postflight.errors import CannotMeasure, DeploymentFault, UnexpectedAnswer
from postflight.flow import Request, Response, cut
from postflight.probes.client import Client
from postflight.stats.paired import Round

FAILED = 400  # from this status on an answer is no answer
LEAST = 1e-6  # seconds: what a clock of this kind can tell from nothing


@dataclass(frozen=True, slots=True)
class Sides:
    """The two deployments. `pause` is the least time between two requests, in seconds: 0 where load is allowed."""

    old: Client
    new: Client
    pause: float = 0.0

    def warm_up(self, path: str, requests: int) -> None:
        """Send so many requests to each side, unmeasured: a fresh process looks slower than it is."""
        for _ in range(requests):
            self._ask_old(path)
            self._ask_new(path)

    def rounds(self, path: str, chance: random.Random) -> Iterator[Round]:
        """Yield rounds without end, each in an order of its own, so that no side is always the first, or asked less.

        Raises `CannotMeasure` when the old deployment fails: there is nothing to compare with. Raises
        `DeploymentFault` when the new one fails where the old one answers, or answers with another status.
        """
        while True:
            order = ["old", "new", "again", "anew"]
            chance.shuffle(order)
            taken = {turn: self._ask_new(path) if turn in {"new", "anew"} else self._ask_old(path) for turn in order}
            old, new = taken["old"], taken["new"]
            if new.status != old.status:
                raise new.unexpected(f"status {old.status}, as {old.url} does", f"status {new.status}")
            yield Round(*(max(LEAST, taken[turn].seconds) for turn in ("old", "new", "again", "anew")))

    def _ask_old(self, path: str) -> Response:
        try:
            return _answered(self.old, path, self.pause)
        except DeploymentFault as error:
            raise CannotMeasure(
                f"the old deployment is no measure: {error}", seen=error.facts.seen, where=error.facts.where
            ) from error

    def _ask_new(self, path: str) -> Response:
        return _answered(self.new, path, self.pause)


def _answered(client: Client, path: str, pause: float) -> Response:
    time.sleep(pause)
    answer = client.send(Request("GET", "web", path))
    if answer.status >= FAILED:
        raise UnexpectedAnswer(
            f"{answer.url} answered with status {answer.status}",
            expected=f"a status below {FAILED}",
            seen=f"status {answer.status}: {cut(answer.text)!r}",
            where=answer.url,
            curl=answer.curl,
        )
    return answer
