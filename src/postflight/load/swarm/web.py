"""A page of Locust's web UI: the budgets live, the truth behind them, and the verdict at the end.

It is rendered here, where all text is escaped; the browser only puts the newest of it in its place. No script from
elsewhere, and a policy that would refuse one.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask
from locust.web import WebUI

from postflight.load.engine.histogram import Histogram
from postflight.load.judging import chart, reports
from postflight.load.judging.conclusion import Ended, generator_trouble
from postflight.load.judging.results import Worker
from postflight.load.judging.thresholds import QUANTILES, Reading, quantile_name
from postflight.load.swarm.session import Session
from postflight.model import Decision, Quantity, Status, Unit

PAGE = (Path(__file__).parent / "page.html").read_text()
LIVE = (Path(__file__).parent / "live.html").read_text()
WORDS = {Status.GOOD: "kept", Status.BAD: "broken", Status.UNKNOWN: "not known yet"}
MEANING = {
    Decision.PROMOTE: "every limit was kept",
    Decision.HOLD: "do not promote; a person should look",
    Decision.ROLLBACK: "the deployment is bad",
    Decision.INVALID: "could not be measured: this says nothing about the deployment",
}
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A threshold as a person reads it."""

    light: str
    word: str
    name: str
    limit: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class View:
    """One profile as a person reads it."""

    name: str
    shape: str
    rows: tuple[Row, ...]
    latencies: tuple[tuple[str, str, str], ...]  # quantile, corrected, service
    workers: tuple[tuple[str, str, str, str], ...]  # name, lag p99, CPU, word
    doubts: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    errors: tuple[tuple[int, str], ...]
    picture: str  # SVG, made by us and escaped there


def extend(web_ui: WebUI, session: Session) -> None:
    """Add `/budgets` to Locust's web UI."""
    app: Any = web_ui.app
    # "Default" in Locust's picker means no shape; here it is the profile's own
    web_ui._update_shape_class = session.pick_shape  # type: ignore[method-assign]  # noqa: SLF001 - no other way in
    base = web_ui.environment.parsed_options.web_base_path if web_ui.environment.parsed_options else ""

    @app.route(f"{base}/budgets")  # type: ignore[untyped-decorator]  # Locust declares its Flask as possibly None
    @web_ui.auth_required_if_enabled  # type: ignore[untyped-decorator]  # Locust has no types here
    def budgets() -> flask.Response:
        nonce = secrets.token_urlsafe(16)
        text = flask.render_template_string(
            PAGE, nonce=nonce, style=chart.STYLE, live=_live(session), home=f"{base}/", newest=f"{base}/budgets/live"
        )
        answer = flask.Response(text)
        policy = f"style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'"
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'none'; {policy}; img-src data:; base-uri 'none'; form-action 'none'"
        )
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    @app.route(f"{base}/budgets/live")  # type: ignore[untyped-decorator]  # as above
    @web_ui.auth_required_if_enabled  # type: ignore[untyped-decorator]  # as above
    def live() -> flask.Response:
        answer = flask.Response(_live(session))
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


def _live(session: Session) -> str:
    """Render what changes each second."""
    views = [view_of(session.ended(name)) for name in session.tracks] if session.begin else []
    verdict = session.verdict
    return flask.render_template_string(
        LIVE,
        state=state_of(session),
        views=views,
        decision=verdict.decision.value if verdict else "",
        meaning=MEANING[verdict.decision] if verdict else "",
        reasons=[(reason.decision.value, reason.text) for reason in verdict.reasons] if verdict else [],
        target=session.target.deployment.base_url,
        reports=session.orders.reports,
    )


def state_of(session: Session) -> str:
    """Say in a sentence what is going on."""
    plan = session.plan
    if session.verdict is not None:
        return "over"
    if plan is None:
        return "nothing runs: choose a class (what is done) and a shape (how much of it), and start"
    if not session.begin:
        return f"{len(plan.workers)} workers prepare: they sign in, and create what they need"
    if session.told_to_stop:
        return f"ending: {session.why or 'the last answers are waited for'}"
    return f"running on {len(plan.workers)} {'worker' if len(plan.workers) == 1 else 'workers'}"


def view_of(run: Ended) -> View:
    """Return a profile's run for people."""
    total, flows = run.series.total, run.series.total.flows
    service = Histogram.sum(cell.service for cell in run.series.names.values())
    quantiles = [
        (quantile_name(share), _time(total.latency, share), _time(service, share)) for share in QUANTILES.values()
    ]
    quantiles.append(("max", _longest(total.latency), _longest(service)))
    facts = (
        ("flows that were due", f"{flows.due:,}"),
        ("of them ended well", f"{flows.ok:,}"),
        ("failed", f"{flows.failed:,}"),
        ("requests", f"{total.ended:,}"),
        ("of them failed", f"{total.failed:,}"),
        ("wait for a connection, p95", str(Quantity(run.series.queueing(), Unit.SECONDS)) if total.ended else "-"),
    )
    messages = sorted(run.series.messages.items(), key=lambda pair: -pair[1])[:6]
    return View(
        name=run.profile.name,
        shape=run.shape.name,
        rows=tuple(_row(reading) for reading in run.readings),
        latencies=tuple(quantiles),
        workers=tuple(_worker(number, worker) for number, (_, worker) in enumerate(run.workers, start=1)),
        doubts=generator_trouble(run.workers, run.generator_lag),
        facts=facts,
        errors=tuple((times, f"{m.name}: {m.outcome}: {m.text}"[:300]) for m, times in messages),
        picture=reports.picture(run),
    )


def _row(reading: Reading) -> Row:
    budget = reading.threshold.budget
    word = WORDS[reading.status]
    if reading.status is Status.GOOD and reading.in_a_row:
        word = (
            f"kept, but the last {reading.in_a_row} windows were not"
            if reading.in_a_row > 1
            else "kept, last window not"
        )
    value = str(reading.value) if reading.value is not None else "-"
    return Row(reading.light, word, budget.metric, budget.limit, value, reading.words)


def _worker(number: int, worker: Worker) -> tuple[str, str, str, str]:
    lag, cpu = worker.effort.lag, worker.effort.cpu
    word = worker.trouble or ("done" if worker.done else "on time")
    return f"worker {number}", _time(lag, 0.99), f"{cpu.mean / 10:.0f} %" if cpu.counts else "-", word


def _time(histogram: Histogram, share: float) -> str:
    return str(Quantity(histogram.quantile(share) / _US, Unit.SECONDS)) if histogram.counts else "-"


def _longest(histogram: Histogram) -> str:
    return str(Quantity(histogram.maximum / _US, Unit.SECONDS)) if histogram.counts else "-"
