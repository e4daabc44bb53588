"""One flow that runs: a virtual user's visit. Its wishes are granted one after the other, as `probes.client` does it."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx

from postflight.errors import CannotMeasure, DeploymentFault, NotEnoughEvidence, PostflightError, UnexpectedAnswer
from postflight.flow import Flow, Pause, Request, Task, Together, Wish
from postflight.load.batch import ENDINGS, FAILED, INVALID, OK, STATUS_CLASSES, STOPPED, UNKNOWN
from postflight.load.cookies import Cookies
from postflight.load.exchange import Exchange
from postflight.load.parts import Parts
from postflight.load.received import Received
from postflight.probes.meaning import BodyTooLarge, DeadlinePassed, explain

if TYPE_CHECKING:
    from postflight.load.driver import Driver


class Stopped(BaseException):  # not an Exception: a flow that catches those must not go on
    """The run ends. Thrown into a flow, so that its `finally` removes what it created; it may send requests for that."""


class Visit:
    """A flow that runs, and what one user's browser keeps. Owned by the loop's thread."""

    __slots__ = (
        "_driver", "_exchange", "_flow", "_parts", "_pause", "_task", "_token", "_told", "cookies", "name", "second",
    )  # fmt: skip

    def __init__(self, driver: "Driver", name: str, second: int, flow: Flow[Any]) -> None:
        self._driver, self.name, self.second, self._flow = driver, name, second, flow
        self._exchange: Exchange | None = None
        self._parts: Parts | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._token = ""  # that its requests carried last
        self._told = False  # that the run ends
        self.cookies: Cookies | None = None

    def begin(self, intended: int) -> None:
        """Start the flow. Its first request counts from when it was intended."""
        self._go(self._flow.send, None, intended)

    # -- what an exchange tells

    def answer(self, exchange: Exchange, response: Received) -> None:
        """Hand an answer to the flow. What the flow says of it at once decides how the request is counted."""
        self._driver.exchanges.discard(exchange)
        self._exchange = None
        if response.may_set_cookie:
            self.learn(response.url, response)
        if self._parts is not None:
            self._parts.answers[exchange] = response
            self._part_ended(self._parts, exchange)
            return
        rejected = self._go(self._flow.send, response, 0)
        self._note_answer(exchange, response, rejected=rejected)

    def _note_answer(self, exchange: Exchange, response: Received, *, rejected: bool) -> None:
        outcome = STATUS_CLASSES[response.status // 100 - 1]
        if rejected and response.status < 500:
            outcome = "check"
        self._note(exchange, outcome, len(response.raw_body), exchange.ended)
        if exchange.kernel:
            self._driver.recorder.kernel += 1
        else:
            self._driver.recorder.user += 1

    def learn(self, url: str, answer: Received) -> None:
        """Keep an answer's cookies."""
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
            self._say(exchange.name, outcome, str(explained))
        if self._parts is not None:
            self._parts.error = self._parts.error or explained
            self._part_ended(self._parts, exchange)
        else:
            self._go(self._flow.throw, explained, 0)

    # -- the end of the run

    def stop(self, *, patient: bool) -> None:
        """Let the flow clean up: at once, or (patient) when the answer has come to what it has sent."""
        if self._told:
            return
        if patient and self._waits_for_an_answer:
            return  # at its next wish
        self._drop()
        self._told = True
        self._go(self._flow.throw, Stopped(), 0)

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
                return True
            except NotEnoughEvidence as error:
                self._over(UNKNOWN, error)
                return False
            except Stopped:
                self._over(STOPPED)
                return False
            except Exception as error:  # noqa: BLE001 - somebody else's code, as in `begin`
                self._over(INVALID, error)
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
            step, value = self._flow.throw, thrown

    def _grant(self, wish: Wish, intended: int) -> None:
        asked = intended or time.monotonic_ns()
        if isinstance(wish, Request):
            self._exchange = self._ask(wish, asked)
            self._exchange.begin()
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
        exchange = Exchange(wish, driver.routes.of(wish), self, asked, driver.pools, driver.writer)
        driver.exchanges.add(exchange)
        return exchange

    def _part_ended(self, parts: Parts, exchange: Exchange) -> None:
        """Hand on the answers when all have come, or the first error when all have ended."""
        if not parts.ended(exchange):
            return
        self._parts, rejected = None, False
        if parts.error is not None:  # of those that came none is at fault
            self._go(self._flow.throw, parts.error, 0)
        else:
            rejected = self._go(self._flow.send, parts.in_order(), 0)
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

    def _note(self, exchange: Exchange, outcome: str, size: int, ended: int) -> None:
        asked, recorder = exchange.asked, self._driver.recorder
        second = (asked + self._driver.clock.unix) // 1_000_000_000
        service = None
        if exchange.first_sent:
            recorder.lag.append(exchange.lag)
            if exchange.ended:
                service = exchange.ended - exchange.first_sent
        recorder.request(second, exchange.name, outcome, size, ended - asked, service, exchange.queueing)

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
