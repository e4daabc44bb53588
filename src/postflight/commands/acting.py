"""What `gate`, `watch` and `rollback` share: act on a verdict, say what is done as it is done, and report on it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from postflight import __version__
from postflight.commands.remember import note_act
from postflight.errors import PostflightError
from postflight.reference_process import READY_VARIABLE
from postflight.report import document, terminal, write_reports
from postflight.report.document import About
from postflight.rollback.done import Done
from postflight.rollback.sequence import Plan, Say, dry_run, roll_back
from postflight.rollback.standby import Cause, Standby, Verified
from postflight.target import Target

FOLDER = "rollback"  # among the reports


@dataclass(frozen=True, slots=True)
class Acting:
    """How to act: `act` False says what would be done, and does nothing. `release` empty: the deployment is asked."""

    act: bool
    release: str
    reports: Path
    deployments: Path | None
    budgets: Path | None


def stand_by(target: Target, acting: Acting, run_id: str, console: Console) -> Standby | None:
    """Return what a rollback needs, or None where nothing is to be done.

    With `act` whatever is missing is an error now, before anything is judged (`ConfigError`). Without it, a rollback
    that is configured and could not be done is told.
    """
    if target.rollback is None and not acting.act:
        return None
    try:
        standby = Standby(
            target.deployment,
            target.rollback,
            run_id=run_id,
            release=acting.release,
            environ=os.environ,
            verified=Verified(_options(target, acting), _environment(target), acting.reports / FOLDER),
        )
        standby.look()
    except PostflightError as error:
        if acting.act:
            raise
        console.print(terminal.plain(f"a rollback could not be done from here: {error}", "yellow"), soft_wrap=True)
        return None
    return standby


def go_on(standby: Standby, acting: Acting, console: Console) -> Done | None:
    """End each rollback that a run before began and did not end; return the last one's, or None when there is none.

    Raises `PostflightError` when that cannot be done: nothing else should be begun then.
    """
    done, say = None, _teller(standby, console)
    for plan in reversed(standby.unfinished() if acting.act else ()):
        say(f"going on with the rollback of {plan.case.release}, which a run before began and did not end", "bold")
        done = _done(plan, roll_back(plan, say), acting, say)
    if done is not None:
        standby.look()
    return done


def act_on(standby: Standby, cause: Cause, acting: Acting, console: Console) -> Done | None:
    """Do it, or say what would be done. Returns None when it came to no end: that is told, and loudly.

    What it comes to never changes the verdict that asked for it, and neither does Ctrl-C.
    """
    say = _teller(standby, console)
    console.print()
    try:
        plan = standby.plan(cause)
        say(f"{'rolling back' if acting.act else 'would roll back'} {plan.case.release}: {cause.trigger}", "bold")
        if acting.act:
            return _done(plan, roll_back(plan, say), acting, say)
        done = dry_run(plan, say)
    except PostflightError as error:
        say(f"the rollback was not begun, or not ended: {error}; a person must look", "bold red")
        return None
    except KeyboardInterrupt:
        say("interrupted while rolling back: the same command goes on with it; a person must look", "bold red")
        return None
    say("nothing was done: --act does it", "dim")
    return done


def _teller(standby: Standby, console: Console) -> Say:
    def say(line: str, style: str) -> None:
        console.print(terminal.plain(standby.redactor.text(line), style), soft_wrap=True)

    return say


def _done(plan: Plan, done: Done, acting: Acting, say: Say) -> Done:
    """Report on a rollback: it has a verdict of its own."""
    case = plan.case
    about = About(
        run_id=case.run_id,
        platform=case.platform,
        environment=case.environment,
        base_url=case.base_url,
        known=True,
        started=case.since,
        finished=_utc(),
        postflight=__version__,
        command=f"rollback of {case.release}: {case.trigger}",
        release=done.release,
    )
    doc = document.make_document(about, done.verdict)
    write_reports(acting.reports / FOLDER, doc)
    note_act(f"{case.trigger}: {', '.join(f'{each.action}: {each.stage.value}' for each in done.outcomes)}")
    if done.accepted_after is not None:
        say(f"accepted {done.accepted_after:.1f} s after the decision", "bold")
    elif not done.accepted:
        say("NOT accepted: a person must act", "bold red")
    style = terminal.STYLE[done.verdict.decision]
    say(f"the rollback itself: {done.verdict.decision.value}; details in {acting.reports / FOLDER}/summary.md", style)
    return done


def _options(target: Target, acting: Acting) -> list[str]:
    """Return pytest's options for the very deployment that was judged. What we started, its environment leads to."""
    deployment = target.deployment
    options = [f"--platform={deployment.platform}", f"--environment={deployment.environment}"]
    options += [] if target.ready else [f"--base-url={deployment.base_url}"]
    options += [f"--deployments={acting.deployments}"] if acting.deployments else []
    return options + ([f"--budgets={acting.budgets}"] if acting.budgets else [])


def _environment(target: Target) -> Mapping[str, str]:
    return dict(os.environ) | ({READY_VARIABLE: target.ready} if target.ready else {})


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
