"""One flow that runs: a virtual user's visit. Its wishes are granted one by one, as `probes.client` does it."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx

from postflight.errors import CannotMeasure, DeploymentFault, NotEnoughEvidence, PostflightError, UnexpectedAnswer
from postflight.flow import Flow, Pause, Request, Task, Together
from postflight.load.engine.batch import ENDINGS, FAILED, INVALID, OK, STOPPED, UNKNOWN
from postflight.load.engine.cookies import Cookies
from postflight.load.engine.exchange import Exchange
from postflight.load.engine.parts import Parts
from postflight.load.engine.received import Received
from postflight.probes.meaning import BodyTooLarge, DeadlinePassed, explain

if TYPE_CHECKING:
    from postflight.load.engine.driver import Driver


class Stopped(BaseException):  # not an Exception: a flow that catches those must not go on
    """The run ends. Thrown into a flow so that its `finally` removes what it created; it may send requests for it."""


class Visit:
    """A flow that runs, and what one user's browser keeps. Owned by the loop's thread."""

    __slots__ = (
        "_asked", "_driver", "_exchange", "_flow", "_last", "_parts", "_pause", "_task", "_thrown", "_token", "_told",
        "cookies", "name", "place",
    )  # fmt: skip

    def __init__(self, driver: "Driver", place: tuple[int, str], flow: Flow[Any]) -> None:
        self._driver, self.place, self._flow = driver, place, flow  # Unix second of the intended start, and name
        self.name = place[1]
        self._exchange: Exchange | None = None
        self._parts: Parts | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._asked = 0  # when that was begun (ns, monotonic)
        self._last: Received | None = None  # whose cookies are not yet kept
        self._thrown: BaseException | None = None  # by us, last
        self._token = ""  # that its requests carried last
        self._told = False  # that the run ends
        self.cookies: Cookies | None = None

    def begin(self, intended: int) -> None:
        """Start the flow. Its first request counts from when it was intended."""
        self._go(self._flow.send, None, intended)

    def waits_for(self) -> Iterator[int]:
        """Yield when each thing was asked that it waits for (ns, monotonic): none while it rests."""
        if self._exchange is not None:
            yield self._exchange.asked
        if self._task is not None:
            yield self._asked
        for exchange in self._parts or ():
            if exchange in self._driver.exchanges:
                yield exchange.asked

    # -- what an exchange tells

    def answer(self, exchange: Exchange, response: Received) -> None:
        """Hand an answer to the flow. What the flow says of it at once decides how the request is counted."""
        driver = self._driver
        driver.exchanges.discard(exchange)
        self._exchange = None
        if self._parts is not None:
            self.learn(response)
            self._parts.answers[exchange] = response
            if response.status < 400:  # whatever the flow will say of all of them, that is none that it rejects
                driver.recorder.answer(exchange, response, rejected=False, unix=driver.unix)
            self._part_ended(self._parts, exchange)
            return
        self._last = response
        rejected = self._go(self._flow.send, response, 0)
        driver.recorder.answer(exchange, response, rejected=rejected, unix=driver.unix)

    def learn(self, answer: Received) -> None:
        """Keep the cookies that an answer sets."""
        if answer.may_set_cookie:
            if self.cookies is None:
                self.cookies = Cookies()
            self.cookies.learn(answer.url, answer)

    def fault(self, exchange: Exchange, error: BaseException) -> None:
        """Throw what the error means into the flow."""
        self._driver.exchanges.discard(exchange)
        self._exchange = None
        explained = explain(error, exchange.url)
        outcome = _outcome(error, explained)
        if not exchange.wish.expects_end:
            self._driver.recorder.exchange(exchange, outcome, 0, time.monotonic_ns(), self._driver.unix)
            self._say(exchange.name, outcome, str(explained))
        if self._parts is not None:
            self._parts.error = self._parts.error or explained
            self._part_ended(self._parts, exchange)
        else:
            self._throw(explained)

    # -- the end of the run

    def stop(self, *, patient: bool) -> None:
        """Let the flow clean up: at once, or (patient) when the answer has come to what it has sent."""
        if self._told:
            return
        if patient and self._waits_for_an_answer:
            return  # at its next wish
        self._drop()
        self._told = True
        self._throw(Stopped())

    def cut_off(self) -> None:
        """End the flow without another wish."""
        self._drop()
        with contextlib.suppress(Exception, Stopped):  # RuntimeError for one more wish, or whatever it makes of it
            self._flow.close()
        self._driver.ended(self, STOPPED)

    # -- its own business

    def _go(self, step: Callable[[Any], Any], value: Any, intended: int) -> bool:
        """Let the flow go on until its next wish, and grant it. Return whether the flow raised a fault instead."""
        while True:
            try:
                wish = step(value)
            except StopIteration:
                self._over(OK)
                return False
            except DeploymentFault as error:
                self._over(FAILED, error)
                return error is not self._thrown  # what we have thrown in says nothing of the last answer
            except NotEnoughEvidence as error:
                self._over(UNKNOWN, error)
                return False
            except Stopped:
                self._over(STOPPED)
                return False
            except Exception as error:  # noqa: BLE001 - somebody else's code, as in `begin`
                self._over(INVALID, error)
                return False
            trouble = self._grant(wish, intended)
            if trouble is None:
                return False
            step, value, self._thrown = self._flow.throw, trouble, trouble

    def _grant(self, wish: Any, intended: int) -> BaseException | None:
        """Begin what the flow wishes; or return what to throw into it instead."""
        if self._driver.stopping and not self._told:
            self._told = True
            return Stopped()
        try:
            if isinstance(wish, Request):
                self._exchange = exchange = self._ask(wish, intended or time.monotonic_ns())
                exchange.begin()
            else:
                self._grant_other(wish, intended or time.monotonic_ns())
        except Exception as error:  # noqa: BLE001 - an address or header that is none, or no wish at all
            self._drop()
            return error
        return None

    def _throw(self, error: BaseException) -> None:
        self._thrown = error
        self._go(self._flow.throw, error, 0)

    def _ask(self, wish: Request, asked: int) -> Exchange:
        driver = self._driver
        if self._last is not None:  # only now does somebody need what it set
            self.learn(self._last)
            self._last = None
        if wish.token is not None:
            self._token = wish.token
        exchange = Exchange(wish, driver.routes.of(wish), self, asked, driver.pools, driver.writer)
        driver.exchanges.add(exchange)
        return exchange

    def _grant_other(self, wish: Pause | Together | Task, asked: int) -> None:
        if isinstance(wish, Pause):
            self._pause = self._driver.loop.call_later(wish.seconds, self._rested)
        elif isinstance(wish, Together):
            self._parts = Parts([self._ask(request, asked) for request in wish.requests])
            self._parts.begin()
        else:
            self._asked = asked
            self._task = self._driver.loop.create_task(self._work(wish, asked))

    def _part_ended(self, parts: Parts, exchange: Exchange) -> None:
        """Hand on the answers when all have come, or the first error when all have ended."""
        if not parts.ended(exchange):
            return
        driver = self._driver
        self._parts, rejected = None, False
        if parts.error is not None:  # of those that came none is at fault
            self._throw(parts.error)
        else:
            rejected = self._go(self._flow.send, parts.in_order(), 0)
        for answered, response in parts.answers.items():
            if response.status >= 400:
                driver.recorder.answer(answered, response, rejected=rejected, unix=driver.unix)

    async def _work(self, wish: Task, asked: int) -> None:
        """Run what is not HTTP, and hand on what came of it."""
        step: Callable[..., Any] = self._flow.send
        value, outcome, lag = None, "2xx", time.monotonic_ns() - asked
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
        second = (asked + self._driver.unix) // 1_000_000_000
        self._driver.recorder.task(second, wish.name, outcome, took, lag)
        self._go(step, value, 0)

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
        self._go(self._flow.send, None, 0)

    def _over(self, how: int, error: Exception | None = None) -> None:
        if error is not None:
            text = str(error) if isinstance(error, PostflightError) else f"{type(error).__name__}: {error}"
            self._say(self.name, ENDINGS[how], text)
        self._driver.ended(self, STOPPED if self._told else how)

    def _say(self, name: str, outcome: str, text: str) -> None:
        """Note an error, without the token of this user: the redactor knows only those of the deployment."""
        self._driver.recorder.message(
            name, outcome, text.replace(self._token, "[secret token]") if self._token else text
        )


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
