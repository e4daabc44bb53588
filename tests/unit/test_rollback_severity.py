"""How bad a rollback is, and so who is told: by its trigger, and worse when it was not accepted."""

from pathlib import Path

import pytest

from postflight.config.rollback import (
    ChannelWords,
    PagerDutyWords,
    RollbackWords,
    ServesWords,
    Severity,
    StepWords,
    WebhookWords,
)
from postflight.errors import PostflightError
from postflight.model import Deployment
from postflight.rollback.done import Done
from postflight.rollback.ledger import folder_of, locked
from postflight.rollback.model import Case, Outcome, Stage
from postflight.rollback.notify.message import Message, Phase
from postflight.rollback.notify.tell import Teller
from postflight.rollback.standby import Cause, Standby, Verified
from postflight.stats.rules import Do

SECRETS = {
    "HOOK": "whsec_" + "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=",
    "CHAT": "http://127.0.0.1:9/x",
    "PAGER": "pager-key",
}


def standby(tmp_path: Path, **severities: Severity) -> Standby:
    words = RollbackWords(
        serves=ServesWords(header="x-release"),
        immediate_rollback=(StepWords(webhook=WebhookWords(url="http://127.0.0.1:9", secret="HOOK")),),
        staged_rollback=(StepWords(webhook=WebhookWords(url="http://127.0.0.1:9", secret="HOOK")),),
        channels={"chat": ChannelWords(slack="CHAT"), "pager": ChannelWords(pagerduty=PagerDutyWords(key="PAGER"))},
        notify={Severity.P0: ("pager",), Severity.P1: ("chat",)},
        severities=severities,
        state=str(tmp_path),
    )
    deployment = Deployment("shop", "production", "http://127.0.0.1:9", known=True)
    verified = Verified((), {}, tmp_path)
    return Standby(deployment, words, run_id="run-1", release="7", environ=SECRETS, verified=verified)


@pytest.mark.parametrize(
    ("trigger", "do", "severity"),
    [
        ("error_rate.probes", Do.IMMEDIATE_ROLLBACK, Severity.P0),
        ("response_time.prometheus", Do.STAGED_ROLLBACK, Severity.P2),  # as configured, whichever signal feeds it
        ("data_corruption", Do.STAGED_ROLLBACK, Severity.P1),
    ],
)
def test_a_trigger_has_its_severity(tmp_path: Path, trigger: str, do: Do, severity: Severity) -> None:
    cause = Cause(trigger, do, ("because",), "2026-01-01T00:00:00+00:00")
    assert standby(tmp_path, response_time=Severity.P2).plan(cause).case.severity is severity


class Heard:
    """A channel that keeps what it is told, or is not there."""

    def __init__(self, *, there: bool = True) -> None:
        self.says, self._there = "somebody", there
        self.told: list[tuple[Severity, str]] = []

    def send(self, case: Case, message: Message) -> None:
        if not self._there:
            raise PostflightError("nobody is there")
        self.told.append((case.severity, message.title))


CASE = Case(
    "shop",
    "production",
    "http://127.0.0.1:9",
    "7",
    "run-1",
    "response_time",
    Do.STAGED_ROLLBACK,
    Severity.P1,
    "now",
    (),
)


@pytest.mark.parametrize(
    ("stage", "phase", "paged"),
    [
        (Stage.ACCEPTED, Phase.ACTED, False),
        (Stage.VERIFIED, Phase.ENDED, False),
        (Stage.UNCLEAR, Phase.ACTED, True),
        (Stage.REFUSED, Phase.ENDED, True),
        (Stage.ACCEPTED, Phase.AGAIN, True),
    ],
)
def test_what_a_person_must_do_pages_one(tmp_path: Path, stage: Stage, phase: Phase, *, paged: bool) -> None:
    chat, pager = Heard(), Heard()
    teller = Teller({"chat": chat}, {}, urgent={"pager": pager})
    done = Done((Outcome("fly shop", stage, "run fly", "words"),))
    with locked(folder_of(tmp_path, CASE), "run-1", deadline=1) as ledger:
        for _ in range(2):  # a second run tells nobody twice
            assert teller.tell(CASE, phase, done, ledger, lambda _line, _style: None) == ()
    severity = Severity.P0 if paged else Severity.P1
    assert [told for told, _ in chat.told] == [severity]
    assert [told for told, _ in pager.told] == [severity] * paged
    assert chat.told[0][1].startswith(f"{severity}: ")


def test_who_is_not_reached_is_named_and_keeps_nobody_from_hearing(tmp_path: Path) -> None:
    chat, pager = Heard(there=False), Heard()
    done = Done((Outcome("fly shop", Stage.UNCLEAR, "run fly", "words"),))
    with locked(folder_of(tmp_path, CASE), "run-1", deadline=1) as ledger:
        found = Teller({"chat": chat}, {}, urgent={"pager": pager}).tell(
            CASE, Phase.ACTED, done, ledger, lambda *_: None
        )
    assert [finding.check for finding in found] == ["rollback told chat (acted)"]
    assert len(pager.told) == 1
