"""Which release serves, as it says itself: in a header of any answer, or in a field of a JSON document."""

import json
import time
from collections.abc import Callable

from postflight.config.rollback import ServesWords
from postflight.errors import PostflightError
from postflight.rollback.http import Call, Caller
from postflight.rollback.model import Standing

LOOK_DEADLINE = 3.0  # seconds
QUICK = 0.5  # seconds: a look that delays acting
BETWEEN = 0.5  # seconds between two looks
IN_A_ROW = 3  # looks that must agree: while a switch spreads, answers come from both releases
_LONGEST = 200  # characters of a release's name


class Serving:
    """Asks the deployment itself. `words` None: it does not say, and nothing is known."""

    def __init__(self, words: ServesWords | None, base_url: str, caller: Caller) -> None:
        self._words = words
        self._base_url = base_url
        self._caller = caller

    @property
    def says(self) -> str:
        """Where it is looked up, for messages."""
        if self._words is None:
            return "nowhere (write `serves:` in deployments.yaml)"
        place = f"header {self._words.header}" if self._words.header else f"field {self._words.field}"
        return f"{place} of {self._base_url}{self._words.path}"

    def release(self, deadline: float = LOOK_DEADLINE) -> str | None:
        """Return the release that serves now, or None: no answer, or one that does not say. Whatever its status."""
        if self._words is None:
            return None
        call = Call("GET", f"{self._base_url}{self._words.path}", deadline=deadline)
        try:
            answer = self._caller.send(call)
        except PostflightError:
            return None
        if self._words.header:
            found: object = answer.header(self._words.header)
        else:
            found = field_of(answer.body, self._words.field or "")
        # a name that cannot be shown (control characters, half of a surrogate pair) is none
        return found[:_LONGEST] if isinstance(found, str) and found and found.isprintable() else None

    def standing(self, judged: str) -> Standing:
        """Return whether another release than `judged` serves. One answer with it is no news: it may be the last."""
        seen = self.release()
        if seen is None:
            return Standing.UNKNOWN
        return Standing.BEFORE if seen == judged else Standing.AFTER

    def other_now(self, judged: str) -> str:
        """Return the release that serves when all of a few quick looks see the same other one, else an empty text."""
        found = self.release(deadline=QUICK)
        if not found or found == judged:
            return ""
        agree = all(self.release(deadline=QUICK) == found for _ in range(IN_A_ROW - 1))
        return found if agree else ""

    def wait_until_other(self, judged: str, *, deadline: float, sleep: Callable[[float], None] = time.sleep) -> str:
        """Wait until another release than `judged` serves, seen several times in a row, and return its name.

        Returns an empty text when that did not happen within `deadline` seconds.
        """
        until, agreed, last = time.monotonic() + deadline, 0, ""
        while True:
            seen = self.release()
            other = seen is not None and seen != judged
            agreed, last = (agreed + 1 if seen == last else 1, seen) if other and seen else (0, "")
            if agreed >= IN_A_ROW:
                return last
            if time.monotonic() >= until:
                return ""
            sleep(BETWEEN)


def field_of(body: bytes, path: str) -> object:
    """Return what stands at a dotted path of a JSON document, numbers and truth as text; None where nothing does."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return value if isinstance(value, str) else None
