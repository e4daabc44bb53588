"""Who is told, in exactly which words: and that whatever a target says stays text."""

import base64
import html
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postflight.config.rollback import ChannelWords, Severity
from postflight.errors import ConfigError
from postflight.rollback.done import Done
from postflight.rollback.ledger import ActionLedger, locked
from postflight.rollback.model import Outcome, Refused, Stage, Unclear
from postflight.rollback.notify.channels import Channel, open_channel
from postflight.rollback.notify.message import LONGEST_TITLE, Phase, message
from postflight.rollback.notify.tell import Teller
from tests.provider_stub import CASE, SIGNING, TOKEN, Answer, Stub, stub, tools
from tests.unit.test_rollback_actions import hmac_by_hand

EVIL = "<!channel> <http://evil.example|click> *bold* <script>alert(1)</script> & 'q' \"d\"\r\nBcc: all@example.com"
DONE = Done((Outcome("vercel shop", Stage.ACCEPTED, "POST", "HTTP 201"),), accepted_after=1.25)
LINKS = {"Runbook": "https://wiki.example/?a=1&b=2"}
HOSTILE = replace(CASE, release=EVIL, reasons=(EVIL,))


@pytest.fixture
def service() -> Iterator[Stub]:
    with stub() as found:
        yield found


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[ActionLedger]:
    with locked(tmp_path, CASE.run_id, deadline=1) as found:
        yield found


def channel(words: dict[str, Any], url: str) -> Channel:
    given = tools({"SLACK": f"{url}/services/T0/B0/{TOKEN}"})
    return open_channel("ops", ChannelWords.model_validate_json(json.dumps(words)), given.secret, given.caller)


def words_of(kind: str, url: str) -> dict[str, Any]:
    return {
        "slack": {"slack": "SLACK"},
        "pagerduty": {"pagerduty": {"key": "TOKEN", "api": url}},
        "resend": {"resend": {"key": "TOKEN", "from": "Ops <ops@shop.example>", "to": ["a@shop.example"], "api": url}},
        "status_page": {"status_page": {"url": f"{url}/status", "secret": "HOOK"}},
    }[kind]


YES = {
    "slack": Answer(200, b"ok"),
    "pagerduty": Answer(202, {"status": "success"}),
    "resend": Answer(200, {"id": "1"}),
    "status_page": Answer(204),
}


def sent(kind: str, service: Stub, case: Any = CASE) -> Any:
    service.answers["POST"] = YES[kind]
    channel(words_of(kind, service.url), service.url).send(case, message(case, Phase.ACTED, DONE, LINKS))
    (asked,) = service.asked
    return asked


def test_slack_gets_plain_text_in_blocks(service: Stub) -> None:
    asked = sent("slack", service)
    assert (asked.method, asked.path) == ("POST", f"/services/T0/B0/{TOKEN}")
    title = "P0: shop production: 1.5.0 is being rolled back (error_rate)"
    assert asked.json["text"] == title
    assert asked.json["mrkdwn"] is False
    header, section, links = asked.json["blocks"]
    assert header == {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    assert {"type": "plain_text", "text": "Evidence: 12 of 100 requests failed", "emoji": False} in section["fields"]
    assert len(section["fields"]) <= 10
    assert links["text"]["text"] == "<https://wiki.example/?a=1&amp;b=2|Runbook>"


def test_pagerduty_gets_one_incident_for_both_messages(service: Stub) -> None:
    asked = sent("pagerduty", service)
    assert (asked.method, asked.path) == ("POST", "/v2/enqueue")
    event = asked.json
    assert (event["routing_key"], event["event_action"], event["payload"]["severity"]) == (TOKEN, "trigger", "critical")
    assert event["payload"]["source"] == "https://shop.example"
    assert event["payload"]["custom_details"]["Evidence"] == "12 of 100 requests failed"
    assert event["links"] == [{"href": LINKS["Runbook"], "text": "Runbook"}]
    pager = channel(words_of("pagerduty", service.url), service.url)
    pager.send(replace(CASE, run_id="other"), message(CASE, Phase.ENDED, DONE, {}))
    assert service.asked[1].json["dedup_key"] == event["dedup_key"]


@pytest.mark.parametrize(("severity", "told"), [("P0", "critical"), ("P1", "error"), ("P2", "warning")])
def test_the_severity_is_told_in_pagerdutys_words(service: Stub, severity: str, told: str) -> None:
    case = replace(CASE, severity=Severity(severity))
    assert sent("pagerduty", service, case).json["payload"]["severity"] == told


def test_resend_gets_text_and_escaped_html(service: Stub) -> None:
    asked = sent("resend", service)
    assert (asked.method, asked.path) == ("POST", "/emails")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["idempotency-key"].startswith("postflight-")
    mail = asked.json
    assert (mail["from"], mail["to"]) == ("Ops <ops@shop.example>", ["a@shop.example"])
    assert "Evidence: 12 of 100 requests failed" in mail["text"]
    assert "<a href='https://wiki.example/?a=1&amp;b=2'>Runbook</a>" in mail["html"]


def test_a_mail_that_a_killed_run_has_sent_already_is_told(service: Stub) -> None:
    service.answers["POST"] = Answer(409, {"name": "invalid_idempotent_request", "message": "used before"})
    mail = channel(words_of("resend", service.url), service.url)
    mail.send(CASE, message(CASE, Phase.ACTED, DONE, {}))
    assert len(service.asked) == 1


def test_a_status_page_gets_signed_facts(service: Stub) -> None:
    asked = sent("status_page", service)
    content = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    assert asked.headers["webhook-signature"] == f"v1,{hmac_by_hand(base64.b64decode(SIGNING[6:]), content)}"
    assert asked.json["type"] == "postflight.rollback.acted"
    assert asked.json["data"]["severity"] == "P0"


def test_hostile_text_stays_text(service: Stub) -> None:
    slack = sent("slack", service, HOSTILE).json
    assert "<" not in slack["text"]
    markup = [block["text"]["text"] for block in slack["blocks"] if block.get("text", {}).get("type") == "mrkdwn"]
    assert markup == ["<https://wiki.example/?a=1&amp;b=2|Runbook>"], "markup is made of our own links only"
    service.asked.clear()
    mail = sent("resend", service, HOSTILE).json
    assert "\n" not in mail["subject"]
    assert "\r" not in mail["subject"]
    assert len(mail["subject"]) <= LONGEST_TITLE
    assert "<script>" not in mail["html"]
    assert html.escape("<script>alert(1)</script>") in mail["html"]
    service.asked.clear()
    assert "\n" not in sent("pagerduty", service, HOSTILE).json["payload"]["summary"]


@pytest.mark.parametrize("kind", YES)
@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (Answer(400, {"message": TOKEN}), Refused),
        (Answer(404, b"no_service"), Refused),
        (Answer(500, {"message": SIGNING}), Unclear),
        (Answer(closes=True), Unclear),
    ],
)
def test_a_channel_that_does_not_take_it_says_so_without_its_secret(
    service: Stub, kind: str, answer: Answer, means: type[Exception]
) -> None:
    service.answers["POST"] = answer
    failing = channel(words_of(kind, service.url), service.url)
    with pytest.raises(means) as error:
        failing.send(CASE, message(CASE, Phase.ACTED, DONE, {}))
    secret = SIGNING if kind == "status_page" else TOKEN
    assert secret not in str(error.value) + failing.says


def test_slack_needs_a_url() -> None:
    given = tools({"SLACK": "xoxb-no-url"})
    with pytest.raises(ConfigError, match=r"hooks\.slack\.com") as error:
        open_channel("ops", ChannelWords(slack="SLACK"), given.secret, given.caller)
    assert "xoxb" not in str(error.value)


class Fake:
    """A channel that counts, and fails when it is told to."""

    def __init__(self, says: str, *, fails: bool = False) -> None:
        self.says = says
        self.fails = fails
        self.told: list[str] = []

    def send(self, case: Any, told: Any) -> None:
        if self.fails:
            raise Unclear("it may have been told, but gave no answer: look there")
        self.told.append(f"{case.release} {told.phase}")


def test_each_is_told_once_for_each_phase_also_after_a_restart(ledger: ActionLedger) -> None:
    chat, pager = Fake("chat"), Fake("pager", fails=True)
    teller = Teller({"chat": chat, "pager": pager}, {})
    said: list[str] = []

    def tell(phase: Phase) -> list[str]:
        return [lost.check for lost in teller.tell(CASE, phase, DONE, ledger, lambda line, _: said.append(line))]

    assert tell(Phase.ACTED) == ["rollback told pager (acted)"]
    assert any(line.startswith("not told: pager: it may have been told") for line in said)
    pager.fails = False
    assert tell(Phase.ACTED) == []  # as the run after a restart does: who was told is not told again
    assert tell(Phase.ENDED) == []
    assert chat.told == ["1.5.0 acted", "1.5.0 ended"]
    assert pager.told == ["1.5.0 acted", "1.5.0 ended"]


@pytest.mark.parametrize(
    ("phase", "done", "says"),
    [
        (Phase.ACTED, DONE, "is being rolled back"),
        (Phase.ACTED, Done((Outcome("x", Stage.REFUSED, "", "401"),)), "did not work; a person must act"),
        (Phase.ENDED, replace(DONE, release="1.4.2"), "what serves now is good"),
        (Phase.ENDED, DONE, "a person must look"),
        (Phase.AGAIN, replace(DONE, again=True), "was rolled back before, and is bad again; a person must act"),
    ],
)
def test_the_title_says_what_a_person_has_to_do(phase: Phase, done: Done, says: str) -> None:
    assert says in message(CASE, phase, done, {}).title
