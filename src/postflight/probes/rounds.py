"""Rounds of requests to two deployments, side by side: what `stats.paired` compares."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

import httpx

from postflight.errors import CannotMeasure, DeploymentFault, NotEnoughEvidence
from postflight.flow import Request, Response
from postflight.probes.addresses import origin
from postflight.probes.client import Client
from postflight.probes.pace import require_answer
from postflight.stats.paired import Round

LEAST = 1e-6  # seconds: what a clock of this kind can tell from nothing
TURNS = ("old", "new", "again", "anew")


@dataclass(slots=True)
class Sides:
    """The two deployments. `pause` is the least time between two requests, in seconds: 0 where load is allowed.

    One failure of the new deployment, in all, is taken for the network's when both answer at once afterwards.
    """

    old: Client
    new: Client
    pause: float = 0.0
    _has_failed: bool = field(default=False, init=False)

    def warm_up(self, path: str, requests: int, until: float) -> None:
        """Send so many requests to each side, unmeasured: a fresh process looks slower than it is.

        Raises `CannotMeasure` when the time is over before (`until`: monotonic seconds), and what `rounds` raises.
        """
        for sent in range(requests):
            if time.monotonic() > until:
                raise CannotMeasure(f"only {sent} requests to each side to warm them up in this time: --deadline")
            self._ask_old(path)
            self._ask_new(path)

    def rounds(self, path: str, chance: random.Random) -> Iterator[Round]:
        """Yield rounds without end, each in an order of its own, so that no side is always the first, or asked less.

        Raises `CannotMeasure` when the old deployment fails: there is nothing to compare with. Raises
        `DeploymentFault` when the new one fails where the old one answers, or answers with another status, and
        `NotEnoughEvidence` when we asked too often, or their answers are not of one kind.
        """
        while True:
            order = list(TURNS)
            chance.shuffle(order)
            taken = {turn: self._ask_new(path) if turn in {"new", "anew"} else self._ask_old(path) for turn in order}
            _require_alike(taken["old"], taken["new"])
            _require_alike(taken["again"], taken["anew"])
            yield Round(*(max(LEAST, taken[turn].seconds) for turn in TURNS))

    def _ask_old(self, path: str) -> Response:
        try:
            return self._ask(self.old, path)
        except DeploymentFault as error:
            raise CannotMeasure(
                f"the old deployment is no measure: {error}", seen=error.facts.seen, where=error.facts.where
            ) from error

    def _ask_new(self, path: str) -> Response:
        try:
            return self._ask(self.new, path)
        except DeploymentFault:
            self._ask_old(path)  # where that fails too, it is our network, or what both need
            if self._has_failed:
                raise
            self._has_failed = True
            return self._ask(self.new, path)

    def _ask(self, client: Client, path: str) -> Response:
        time.sleep(self.pause)
        return require_answer(client.send(Request("GET", "web", path)))


def _require_alike(old: Response, new: Response) -> None:
    """Require answers that may be compared. An empty page is quick, and so is somebody else's."""
    if new.status != old.status:
        raise new.unexpected(f"status {old.status}, as {old.url} does", f"status {new.status}")
    for answer in (old, new):
        onward = urljoin(answer.url, answer.header("location") or "")
        if onward and answer.status >= 300 and origin(httpx.URL(onward)) != origin(httpx.URL(answer.url)):
            raise NotEnoughEvidence(f"{answer.url} only leads to {onward}: compare that", where=answer.url)
    kinds = [(answer.header("content-type") or "").partition(";")[0].strip().lower() for answer in (old, new)]
    if kinds[0] != kinds[1] or (old.body and not new.body):
        said = [
            f"{kind or 'no type'}, {len(answer.body)} bytes" for kind, answer in zip(kinds, (old, new), strict=True)
        ]
        raise NotEnoughEvidence(
            f"{new.url} answers with something else ({said[1]}) than {old.url} ({said[0]}), so their times say nothing",
            expected=said[0],
            seen=said[1],
            where=new.url,
        )
