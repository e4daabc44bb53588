"""One flow that runs: a virtual user's visit. Its wishes are granted one after the other, as `probes.client` does it."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import httpx

from postflight.errors import CannotMeasure, DeploymentFault, NotEnoughEvidence, PostflightError, UnexpectedAnswer
from postflight.flow import Flow, Pause, Request, Task, Together, Wish
from postflight.load.cookies import Cookies
from postflight.load.exchange import Exchange
from postflight.load.message import Received
from postflight.load.parts import Parts
from postflight.probes.meaning import BodyTooLarge, DeadlinePassed, explain

if TYPE_CHECKING:
    from postflight.load.driver import Driver


class Stopped(BaseException):  # not an Exception: a flow that catches those must not go on
    """The run ends. Thrown into a flow, so that its `finally` removes what it created; it may send requests for that."""


class Ending(IntEnum):
    """Positions in `Flows.numbers`."""

    STARTED = 0
    MISSED = 1
    OK = 2
    FAILED = 3
    UNKNOWN = 4
    INVALID = 5
    STOPPED = 6


class Visit:
    """A flow that runs, and what one user's browser keeps. Owned by the loop's thread."""

    __slots__ = (
        "_driver", "_exchange", "_flow", "_parts", "_pause", "_task", "_token", "_told", "cookies", "name", "second",
    )  # fmt: skip

    def __init__(self, driver: "Driver", name: str, second: int) -> None:
        self._driver, self.name, self.second = driver, name, second
        self._exchange: Exchange | None = None
        self._parts: Parts | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._token = ""  # that its requests carried last
        self._told = False  # that the run ends
        self.cookies: Cookies | None = None

    def begin(self, make_flow: Callable[[int], Flow[Any]], number: int, intended: int) -> None:
        """Start the flow. Its first request counts from when it was intended."""
        try:
            self._flow = make_flow(number)
        except Exception as error:  # noqa: BLE001 - somebody else's code; a broken one voids the run, with its words
            self._over(Ending.INVALID, error)
            return
        self._go(self._flow.__next__, (), intended)

    # -- what an exchange tells

    def answer(self, exchange: Exchange, response: Received) -> None:
        """Hand an answer to the flow. What the flow says of it at once decides how the request is counted."""
        self._driver.exchanges.discard(exchange)
        self._exchange = None
        if response.sets_cookie:
            self.learn(response.url, response)
        if self._parts is not None:
            self._parts.answers[exchange] = response
            self._part_ended(self._parts, exchange)
            return
        rejected = self._go(self._flow.send, (response,), 0)
        self._note_answer(exchange, response, rejected=rejected)

    def _note_answer(self, exchange: Exchange, response: Received, *, rejected: bool) -> None:
        outcome = f"{response.status // 100}xx"
        if rejected and response.status < 500:
            outcome = "check"
        self._note(exchange, outcome, len(response.raw_body), exchange.ended)
        self._driver.recorder.clock(kernel=exchange.kernel)

    def learn(self, url: str, answer: Received) -> None:
        """Keep an answer's cookies."""
        if answer.sets_cookie:
            if self.cookies is None:
                self.cookies = Cookies()
            self.cookies.learn(url, answer)

    def fault(self, exchange: Exchange, error: BaseException) -> None:
        """Throw what the error means into the flow."""
        self._driver.exchanges.discard(exchange)
        self._exchange = None
        explained = explain(error, exchange.url)
        outcome = _outcome(error, explained)
        if not exchange.wish.expects_end:
            self._note(exchange, outcome, 0, time.monotonic_ns())
            self._say(_name(exchange.wish), outcome, str(explained))
        if self._parts is not None:
            self._parts.error = self._parts.error or explained
            self._part_ended(self._parts, exchange)
        else:
            self._go(self._flow.throw, (explained,), 0)

    def wrote(self, lag: int) -> None:
        """Note the lag."""
        self._driver.recorder.sent(lag)

    # -- the end of the run

    def stop(self, *, patient: bool) -> None:
        """Let the flow clean up: at once, or (patient) when the answer has come to what it has sent."""
        if self._told:
            return
        if patient and self._waits_for_an_answer:
            return  # at its next wish
        self._drop()
        self._told = True
        self._go(self._flow.throw, (Stopped(),), 0)

    def cut_off(self) -> None:
        """End the flow without another wish."""
        self._drop()
        with contextlib.suppress(Exception, Stopped):  # RuntimeError for one more wish, or whatever it makes of it
            self._flow.close()
        self._driver.ended(self, Ending.STOPPED)

    # -- its own business

    def _go(self, step: Callable[..., Any], values: tuple[Any, ...], intended: int) -> bool:
        """Let the flow go on until its next wish, and grant it. Return whether the flow raised a fault instead."""
        while True:
            try:
                wish = step(*values)
            except StopIteration:
                self._over(Ending.OK)
                return False
            except DeploymentFault as error:
                self._over(Ending.FAILED, error)
                return True
            except NotEnoughEvidence as error:
                self._over(Ending.UNKNOWN, error)
                return False
            except Stopped:
                self._over(Ending.STOPPED)
                return False
            except Exception as error:  # noqa: BLE001 - somebody else's code, as in `begin`
                self._over(Ending.INVALID, error)
                return False
            thrown: BaseException
            if self._driver.stopping and not self._told:
                self._told, thrown = True, Stopped()
            else:
                try:
                    self._grant(wish, intended)
                except Exception as error:  # noqa: BLE001 - an address or header that is none, or no wish at all
                    self._drop()
                    thrown = error
                else:
                    return False
            step, values = self._flow.throw, (thrown,)

    def _grant(self, wish: Wish, intended: int) -> None:
        asked = intended or time.monotonic_ns()
        if isinstance(wish, Request):
            self._exchange = exchange = self._ask(wish, asked)
            exchange.begin()
        elif isinstance(wish, Pause):
            self._pause = self._driver.loop.call_later(wish.seconds, self._rested)
        elif isinstance(wish, Together):
            self._parts = Parts([self._ask(request, asked) for request in wish.requests])
            self._parts.begin()
        else:
            self._task = self._driver.loop.create_task(self._work(wish, asked))

    def _ask(self, wish: Request, asked: int) -> Exchange:
        driver = self._driver
        if wish.token is not None:
            self._token = wish.token
        exchange = Exchange(wish, self, asked, driver.places.of(wish), driver.pool, driver.writer)
        driver.exchanges.add(exchange)
        return exchange

    def _part_ended(self, parts: Parts, exchange: Exchange) -> None:
        """Hand on the answers when all have come, or the first error when all have ended."""
        if not parts.ended(exchange):
            return
        self._parts, rejected = None, False
        if parts.error is not None:  # of those that came none is at fault
            self._go(self._flow.throw, (parts.error,), 0)
        else:
            rejected = self._go(self._flow.send, (parts.in_order(),), 0)
        for answered, response in parts.answers.items():
            self._note_answer(answered, response, rejected=rejected and response.status >= 400)

    async def _work(self, wish: Task, asked: int) -> None:
        """Run what is not HTTP, and hand on what came of it."""
        step: Callable[..., Any] = self._flow.send
        value, outcome = None, "2xx"
        try:
            async with asyncio.timeout(wish.deadline):
                value = await wish.run()
        except asyncio.CancelledError:  # the run ends, and whoever ended this goes on with the flow
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the flow is told
            late = isinstance(error, TimeoutError)
            cause = DeadlinePassed(f"was not done within {wish.deadline:.3g} s") if late else error
            step, value = self._flow.throw, explain(cause, wish.name)
            outcome = "check" if isinstance(value, UnexpectedAnswer) else _outcome(cause, value)
            self._say(wish.name, outcome, str(value))
        self._task = None
        took = time.monotonic_ns() - asked
        second = (asked + self._driver.clock.unix) // 1_000_000_000
        self._driver.recorder.request(second, wish.name, outcome, 0, took, took, 0)
        self._go(step, (value,), 0)

    @property
    def _waits_for_an_answer(self) -> bool:
        """Whether something was sent whose answer may say what was created."""
        one, some = self._exchange, self._parts
        return bool((one and one.sent) or (some and some.sent) or self._task)

    def _drop(self) -> None:
        """Let go of what is under way."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._exchange is not None:
            self._driver.exchanges.discard(self._exchange)
            self._exchange.withdraw()
            self._exchange = None
        if self._parts is not None:
            self._driver.exchanges.difference_update(self._parts)
            self._parts.withdraw()
            self._parts = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _rested(self) -> None:
        self._pause = None
        self._go(self._flow.send, (None,), 0)

    def _note(self, exchange: Exchange, outcome: str, size: int, ended: int) -> None:
        driver, asked = self._driver, exchange.asked
        driver.recorder.request(
            (asked + driver.clock.unix) // 1_000_000_000,
            _name(exchange.wish),
            outcome,
            size,
            ended - asked,
            exchange.service,
            exchange.queueing,
        )

    def _over(self, how: Ending, error: Exception | None = None) -> None:
        if error is not None:
            text = str(error) if isinstance(error, PostflightError) else f"{type(error).__name__}: {error}"
            self._say(self.name, how.name.lower(), text)
        self._driver.ended(self, Ending.STOPPED if self._told else how)

    def _say(self, name: str, outcome: str, text: str) -> None:
        """Note an error, without the token of this user: the redactor knows only those of the deployment."""
        self._driver.recorder.message(
            name, outcome, text.replace(self._token, "[secret token]") if self._token else text
        )


def _name(wish: Request) -> str:
    return wish.name or f"{wish.method} {wish.path}"


def _outcome(error: BaseException, explained: PostflightError) -> str:
    """Return one of `batch.ERRORS`."""
    if isinstance(explained, CannotMeasure):
        return "runner"
    for kinds, outcome in _OUTCOMES:
        if isinstance(error, kinds):
            return outcome
    return "reset"


_OUTCOMES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((ssl.SSLError, ssl.CertificateError), "tls"),
    ((DeadlinePassed, TimeoutError), "timeout"),
    ((ConnectionRefusedError,), "refused"),
    ((BodyTooLarge, httpx.RemoteProtocolError, httpx.TooManyRedirects, httpx.UnsupportedProtocol), "garbage"),
)
