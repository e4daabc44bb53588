"""Runs scripts beside a page's own: in an isolated world, which shares the document with the page and nothing else.

The page's policy (CSP, Trusted Types) does not bind them, the page's scripts neither see nor change them, and no
violation is caused. Chromium's protocol only.
"""

import json
from typing import Any

from playwright.sync_api import CDPSession
from playwright.sync_api import Error as PlaywrightError

from postflight.errors import CannotMeasure

DEADLINE = 20.0  # seconds for one script
NAME = "postflight"


class World:
    """The isolated world of one frame, until that frame shows another document."""

    def __init__(self, session: CDPSession, frame: str, *, deadline: float = DEADLINE) -> None:
        """Make it. Raises Playwright's `Error` for a frame of another process (another site's)."""
        self._session = session
        self._deadline = deadline * 1000
        made = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": NAME})
        self._context = made["executionContextId"]

    def run(self, script: str) -> None:
        """Run a script for what it defines."""
        self._evaluate(script, returnByValue=False)

    def call(self, function: str, *arguments: object) -> Any:
        """Call a function of JavaScript, `async` or not, with JSON; return its JSON.

        Raises `CannotMeasure` if it throws, or is not done before the deadline.
        """
        late = f"new Promise((_, refuse) => setTimeout(() => refuse(new Error('not done in time')), {self._deadline}))"
        call = f"({function})({', '.join(json.dumps(argument) for argument in arguments)})"
        return self._evaluate(f"Promise.race([{call}, {late}])", awaitPromise=True, returnByValue=True).get("value")

    def frame_of(self, expression: str) -> str:
        """Return the id of the frame whose element the expression yields, or nothing: it is no frame."""
        found = self._evaluate(expression, returnByValue=False)
        if "objectId" not in found:
            return ""
        return str(self._session.send("DOM.describeNode", {"objectId": found["objectId"]})["node"].get("frameId", ""))

    def _evaluate(self, expression: str, **options: object) -> dict[str, Any]:
        asked = {"expression": expression, "contextId": self._context, "timeout": self._deadline, **options}
        try:
            answer = self._session.send("Runtime.evaluate", asked)
        except PlaywrightError as error:
            raise CannotMeasure(
                f"A script beside the page's own could not run: {error.message.splitlines()[0]}"
            ) from error
        if details := answer.get("exceptionDetails"):
            told = details.get("exception", {}).get("description") or details.get("text", "no message")
            raise CannotMeasure(f"A script beside the page's own failed: {str(told).splitlines()[0][:300]}")
        result: dict[str, Any] = answer["result"]
        return result


def top_frame(session: CDPSession) -> str:
    """Return the id of a page's main frame."""
    return str(session.send("Page.getFrameTree")["frameTree"]["frame"]["id"])
