"""A signed webhook: somebody of the platform's own does the rollback."""

import json
import time
from datetime import UTC, datetime

from postflight.config.rollback import WebhookWords
from postflight.model import Secret
from postflight.rollback.actions.facts import facts_of
from postflight.rollback.http import Call, Caller, accepted
from postflight.rollback.model import About, Case, Move, Standing
from postflight.rollback.signing import signed_headers, signing_key


class Webhook:
    """POSTs `{type, timestamp, data}`; its `webhook-id` is the same however often it is sent."""

    def __init__(self, about: About, words: WebhookWords, secret: Secret, caller: Caller) -> None:
        """Raise `ConfigError` for a secret that is none."""
        self.about = about
        self.repeats = words.repeats
        self._words = words
        self._secret = secret
        self._key = signing_key(secret)
        self._caller = caller

    def plan(self, case: Case) -> Move:
        """Return what will be sent."""
        shown = json.dumps({"type": "postflight.rollback", "data": {"release": case.release, "trigger": case.trigger}})
        return Move(f"POST {self._words.url}  signed with {self._secret}  {shown}")

    def do(self, case: Case, move: Move, key: str) -> str:  # noqa: ARG002 - one interface for all actions
        """Send it. Any 2xx is accepted: what it says is nobody's standard."""
        now = time.time()
        told = {
            "type": "postflight.rollback",
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
            "data": facts_of(case, key),
        }
        body = json.dumps(told).encode()
        headers = signed_headers(self._key, webhook_id=key, timestamp=int(now), body=body)
        call = Call(
            "POST",
            self._words.url,
            body,
            {"content-type": "application/json", **headers},
            deadline=self._words.deadline.value,
        )
        answer = self._caller.send(call)
        if not 200 <= answer.status < 300:
            remedies = {401: f"its receiver does not accept our signature: is {self._secret} the same there?"}
            accepted(answer, call, self._caller.redactor, remedies=remedies)
        return f"HTTP {answer.status}, webhook-id {key}"

    def standing(self, case: Case, move: Move, key: str) -> Standing:  # noqa: ARG002 - one interface for all actions
        """Return that nobody knows: a webhook cannot be asked."""
        return Standing.UNKNOWN
