"""Phoenix channel messages, version 1.0.0 of the serializer: one JSON object per message.

Source: https://supabase.com/docs/guides/realtime/protocol
"""

import json
from dataclasses import dataclass, field
from typing import Any, TypeGuard

# A message's payload is whatever JSON object its sender likes.
Payload = dict[str, Any]

_LONGEST_NAME = 255


class MalformedMessage(Exception):
    """It is not a message of this protocol."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, of either direction. `ref` ties a reply to what it answers."""

    topic: str
    event: str
    payload: Payload = field(default_factory=dict)
    ref: str | None = None
    join_ref: str | None = None

    def encode(self) -> str:
        """Write it as it goes over the wire."""
        return json.dumps(
            {
                "topic": self.topic,
                "event": self.event,
                "payload": self.payload,
                "ref": self.ref,
                "join_ref": self.join_ref,
            }
        )

    def reply(self, status: str, response: Payload | None = None) -> "Message":
        """Return the reply to this message; `status` is `ok` or `error`."""
        payload = {"status": status, "response": response or {}}
        return Message(self.topic, "phx_reply", payload, self.ref, self.join_ref)


def decode(text: str | bytes) -> Message:
    """Read a message. Raises `MalformedMessage`."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedMessage("not JSON") from None
    if not isinstance(raw, dict):
        raise MalformedMessage("not an object")
    topic, event, payload = raw.get("topic"), raw.get("event"), raw.get("payload", {})
    ref, join_ref = raw.get("ref"), raw.get("join_ref")
    if not (_is_name(topic) and _is_name(event) and isinstance(payload, dict)):
        raise MalformedMessage("topic and event must be short strings, payload an object")
    if not all(value is None or _is_name(value) for value in (ref, join_ref)):
        raise MalformedMessage("ref and join_ref must be short strings")
    return Message(topic, event, payload, ref, join_ref)


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME
