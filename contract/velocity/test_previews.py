"""VEL-S4, VEL-S8: a preview says whose it is, is listed, lasts as long as asked for, and ends once and for all."""

import json
import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from platforms.velocity import POLL_SECONDS, Velocity
from postflight.checks.invariants import health, lists, writes
from postflight.checks.invariants.conformance import Conformance
from postflight.checks.invariants.exchange import Exchange, Violation
from postflight.checks.invariants.lists import Page
from postflight.checks.invariants.writes import moment
from postflight.flow import Request
from postflight.probes.client import Client
from postflight.pytest_plugin.run import Run

from .caller import Caller, pause
from .conftest import Hold
from .resources import PREVIEW

pytestmark = [
    pytest.mark.contract,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-S4", "VEL-S8", "VEL-H3"),
    pytest.mark.needs("create", "fuzz"),
    pytest.mark.xdist_group("previews"),  # they share the pool
]

SHAPE = Path(__file__).parents[1] / "health" / "velocity-preview.json"
READY = 20.0  # seconds
IDLE = 600  # seconds; not the default
CLOCKS = 60.0  # seconds that the server's clock may differ from itself between two fields


@pytest.fixture
def at_previews(run: Run) -> Iterator[Client]:
    """A client for the hosts that previews have of their own, where the stage's own transport sends nothing."""
    with Client(run.deployment, run.run_id, run.redactor) as client:
        yield client


def test_life_of_a_preview(
    platform: Velocity, call: Caller, at_previews: Client, project: str, preview: str, hold: Hold
) -> None:
    """A preview is of the project that was asked for, is listed until it has ended, and can be ended twice"""
    hold(_settled(call, preview))
    read = call(PREVIEW.read, sessionId=preview)
    session = at_previews.run(platform.read_preview(str(call.token), preview))
    hold(_is_of(read, project))
    at_previews.run(platform.wait_until_ready(str(call.token), session, within=READY))
    address = f"{session.url.rstrip('/')}/health"
    request = Request("GET", "preview", address)
    shape = json.loads(SHAPE.read_bytes())
    hold(health.fit_schema(Exchange("", request, at_previews.send(request)), shape, str(shape["title"])))
    answers = [call(PREVIEW.read, sessionId=preview), call(PREVIEW.list)]
    conformance = Conformance(call.promises)
    for answer in answers:
        hold(conformance.violations(answer))
    hold(lists.holds(Page.of(PREVIEW, answers[1]), [preview], "while it lives"))
    for _ in range(2):
        ended = call(PREVIEW.delete, sessionId=preview)
        hold(writes.delete_again(ended, PREVIEW.name, frozenset(call.promises[PREVIEW.delete].answers())))
    hold(conformance.violations(call(PREVIEW.read, sessionId=preview)))
    hold(lists.lacks(Page.of(PREVIEW, call(PREVIEW.list)), [preview], "after it was ended"))


def _is_of(read: Exchange, project: str) -> Iterator[Violation]:
    if read.object.get("projectId") != project:
        cause = "a preview is of another project than it was started for"
        yield Violation("preview-of-another", cause, read, project, str(read.object.get("projectId")))


def _settled(call: Caller, preview: str) -> Iterator[Violation]:
    """Wait until a preview is being created no more; on the way each answer is as the document says."""
    conformance = Conformance(call.promises)
    for _ in range(math.ceil(READY / POLL_SECONDS)):
        read = call(PREVIEW.read, sessionId=preview)
        yield from conformance.violations(read)
        if read.object.get("status") != "creating":
            return
        call.api.run(pause(POLL_SECONDS))


def test_idle_time(call: Caller, project: str, hold: Hold) -> None:
    """A preview expires when it was asked to"""
    started = call(PREVIEW.create, {"projectId": project, "idleTimeoutSeconds": IDLE})
    answer = started.response.expect(200).json_object()
    call(PREVIEW.delete, sessionId=answer.text(PREVIEW.id))
    hold(_lasts(started, IDLE))


def _lasts(started: Exchange, seconds: float) -> Iterator[Violation]:
    made, ends = (moment(started.object.get(name)) for name in ("createdAt", "expiresAt"))
    if isinstance(made, datetime) and isinstance(ends, datetime):
        lasts = (ends - made).total_seconds()
        if abs(lasts - seconds) > CLOCKS:
            cause = (
                f"`idleTimeoutSeconds` has no effect: {seconds:g} s were asked for, and the preview lasts {lasts:g} s"
            )
            yield Violation("parameter-ignored", cause, started, f"{seconds:g} s", f"{lasts:g} s")
