"""One configured request that switches something: a gateway's route, a load balancer's weight."""

from collections.abc import Mapping

from postflight.config.rollback import RequestWords
from postflight.errors import PostflightError
from postflight.model import Secret
from postflight.rollback.http import Call, Caller, accepted
from postflight.rollback.model import About, Case, Move, Standing
from postflight.rollback.serving import field_of

LOOK_DEADLINE = 5.0  # seconds


class Request:
    """Sends it; `verify` says where its effect can be seen. All but POST may be sent again (see `RequestWords`)."""

    def __init__(self, about: About, words: RequestWords, secrets: Mapping[str, Secret], caller: Caller) -> None:
        """`secrets` are header -> secret."""
        self.about = about
        self.repeats = words.method != "POST"
        self._words = words
        self._secrets = secrets
        self._caller = caller

    def plan(self, case: Case) -> Move:  # noqa: ARG002 - one interface for all actions
        """Return what will be sent."""
        return Move(self._call("").says)

    def do(self, case: Case, move: Move, key: str) -> str:  # noqa: ARG002 - one interface for all actions
        """Send it. Any 2xx is accepted."""
        call = self._call(key)
        answer = self._caller.send(call)
        if not 200 <= answer.status < 300:
            accepted(answer, call, self._caller.redactor)
        return f"HTTP {answer.status}"

    def standing(self, case: Case, move: Move, key: str) -> Standing:  # noqa: ARG002 - one interface for all actions
        """Look at the field that tells."""
        look = self._words.verify
        if look is None:
            return Standing.UNKNOWN
        try:
            answer = self._caller.send(Call("GET", look.url, secret_headers=self._secrets, deadline=LOOK_DEADLINE))
        except PostflightError:
            return Standing.UNKNOWN
        found = field_of(answer.body, look.field) if answer.status == 200 else None
        if found is None:
            return Standing.UNKNOWN
        return Standing.AFTER if found == look.after else Standing.BEFORE

    def _call(self, key: str) -> Call:
        words = self._words
        body = None if words.body is None else words.body.encode()
        headers = {"content-type": "application/json"} if body is not None else {}
        headers |= {"Idempotency-Key": key} if key else {}
        return Call(words.method, words.url, body, headers, secret_headers=self._secrets, deadline=words.deadline.value)
