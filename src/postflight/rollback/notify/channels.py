"""The channels: each sends one message in the form that its service documents, and raises when it was not taken.

| channel | form |
|---|---|
| chat | Slack's incoming webhooks, Block Kit (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks) |
| pager | PagerDuty's Events API v2, `POST /v2/enqueue` (developer.pagerduty.com/docs/events-api-v2) |
| e-mail | Resend, `POST /emails` with `Idempotency-Key` (resend.com/docs/api-reference/emails) |
| status page | a signed webhook, Standard Webhooks |
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from postflight.config.rollback import ChannelWords, PagerDutyWords, ResendWords, Severity, StatusPageWords
from postflight.errors import ConfigError
from postflight.model import Secret
from postflight.rollback.actions.facts import facts_of, key_of
from postflight.rollback.http import Call, Caller, accepted
from postflight.rollback.model import Case, Refused
from postflight.rollback.notify.message import Message
from postflight.rollback.signing import signed_headers, signing_key

DEADLINE = 10.0  # seconds, for each message
_PAGER = {Severity.P0: "critical", Severity.P1: "error", Severity.P2: "warning"}
_JSON = {"content-type": "application/json"}
_MOST_FIELDS = 10  # of one Slack section
_LONGEST_FIELD = 2000  # characters, Slack's bound
_LONGEST_SUMMARY = 1024  # characters, PagerDuty's bound


class Channel(Protocol):
    """One way to tell somebody."""

    says: str  # who is told, without secrets

    def send(self, case: Case, message: Message) -> None:
        """Send it. Raises `Refused` or `Unclear`, both with a remedy."""


def open_channel(name: str, words: ChannelWords, secret: Callable[[str], Secret], caller: Caller) -> Channel:
    """Return a channel. Raises `ConfigError` for a variable that is not set, or holds something else."""
    if words.slack is not None:
        return Slack(name, secret(words.slack), caller)
    if words.pagerduty is not None:
        return PagerDuty(name, words.pagerduty, secret(words.pagerduty.key), caller)
    if words.resend is not None:
        return Resend(name, words.resend, secret(words.resend.key), caller)
    if words.status_page is not None:
        return StatusPage(name, words.status_page, secret(words.status_page.secret), caller)
    raise ConfigError(f"channel {name}: no kind of channel is written")


class Slack:
    """A chat, by an incoming webhook. Its URL is the secret."""

    def __init__(self, name: str, url: Secret, caller: Caller) -> None:
        parts = urlsplit(url.reveal())
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ConfigError(
                f"{url} must hold the URL of Slack's incoming webhook, https://hooks.slack.com/services/..."
            )
        for part in (parts.path, parts.path.rpartition("/")[2]):  # what Slack says may repeat a part of it only
            caller.redactor.add(part, url.name)
        self.says = f"{name} (Slack, {url})"
        self._url = url
        self._caller = caller

    def send(self, case: Case, message: Message) -> None:  # noqa: ARG002 - one interface for all channels
        """Send it. All that is not ours stands in fields of plain text, which know no markup and no mentions."""
        fields = [_plain(f"{name}: {value}"[:_LONGEST_FIELD]) for name, value in message.facts]
        blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(message.title)}]
        blocks += [
            {"type": "section", "fields": fields[start : start + _MOST_FIELDS]}
            for start in range(0, len(fields), _MOST_FIELDS)
        ]
        if message.links:
            links = "  ".join(f"<{_escaped(url)}|{_escaped(name)}>" for name, url in message.links.items())
            blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": links}})
        told = {"text": _escaped(message.title), "mrkdwn": False, "blocks": blocks}  # `text` is for notifications
        body = json.dumps(told).encode()
        call = Call("POST", self._url.reveal(), body, _JSON, deadline=DEADLINE, shown_url=str(self._url))
        answer = self._caller.send(call)
        if not 200 <= answer.status < 300:  # a yes is the text `ok`
            accepted(answer, call, self._caller.redactor, remedies={404: f"is the webhook in {self._url} still there?"})


class PagerDuty:
    """A page. Both messages of one rollback are one incident, by `dedup_key`."""

    def __init__(self, name: str, words: PagerDutyWords, key: Secret, caller: Caller) -> None:
        self.says = f"{name} (PagerDuty, {key})"
        self._words = words
        self._key = key
        self._caller = caller

    def send(self, case: Case, message: Message) -> None:
        """Send it: 202 is a yes."""
        details: dict[str, list[str]] = {}
        for name, value in message.facts:
            details.setdefault(name, []).append(value)
        event = {
            "routing_key": self._key.reveal(),
            "event_action": "trigger",
            "dedup_key": key_of(case, "incident"),
            "payload": {
                "summary": message.title[:_LONGEST_SUMMARY],
                "source": case.base_url,
                "severity": _PAGER[case.severity],
                "custom_details": {name: "\n".join(values) for name, values in details.items()},
            },
            "links": [{"href": url, "text": name} for name, url in message.links.items()],
            "client": "Postflight",
        }
        call = Call("POST", f"{self._words.api}/v2/enqueue", json.dumps(event).encode(), _JSON, deadline=DEADLINE)
        accepted(self._caller.send(call), call, self._caller.redactor, remedies={400: f"is {self._key} a routing key?"})


class Resend:
    """An e-mail. What is sent again with the same key is sent once."""

    def __init__(self, name: str, words: ResendWords, key: Secret, caller: Caller) -> None:
        self.says = f"{name} (e-mail to {', '.join(words.to)})"
        self._words = words
        self._key = key
        self._caller = caller

    def send(self, case: Case, message: Message) -> None:
        """Send it."""
        mail = {
            "from": self._words.sender,
            "to": list(self._words.to),
            "subject": message.title,
            "text": message.text,
            "html": message.html,
        }
        headers = {**_JSON, "Idempotency-Key": key_of(case, f"mail {message.phase} {self.says}")}
        url = f"{self._words.api}/emails"
        call = Call("POST", url, json.dumps(mail).encode(), headers, bearer=self._key, deadline=DEADLINE)
        answer = self._caller.send(call)
        if answer.status != HTTPStatus.CONFLICT:  # with this key it was sent before, by a run that was killed then
            accepted(answer, call, self._caller.redactor)


class StatusPage:
    """Whatever keeps the status page: it gets the facts, and makes of them what it shows."""

    def __init__(self, name: str, words: StatusPageWords, secret: Secret, caller: Caller) -> None:
        self.says = f"{name} (status page, {words.url})"
        self._words = words
        self._secret = secret
        self._signing_key = signing_key(secret)
        self._caller = caller

    def send(self, case: Case, message: Message) -> None:
        """Send it. Any 2xx is a yes."""
        now = time.time()
        key = key_of(case, f"status {message.phase} {self.says}")
        told = {
            "type": f"postflight.rollback.{message.phase}",
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
            "data": {**facts_of(case, key), "title": message.title},
        }
        body = json.dumps(told).encode()
        headers = {**_JSON, **signed_headers(self._signing_key, webhook_id=key, timestamp=int(now), body=body)}
        call = Call("POST", self._words.url, body, headers, deadline=DEADLINE)
        answer = self._caller.send(call)
        if not 200 <= answer.status < 300:
            accepted(answer, call, self._caller.redactor, remedies={401: f"is {self._secret} the same there?"})
            raise Refused(f"{self._words.url} answered {answer.status}")


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    """Return text that is no link and no mention (docs.slack.dev/messaging/formatting-message-text, escaping text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
