"""A rollback that is ready before it is needed: its secrets are read, its actions built, its release known.

What is missing is said when the gate or the watch begins, not when everything is on fire.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from postflight.config.rollback import Part, RollbackWords, Severity, SmokeWords
from postflight.errors import ConfigError
from postflight.model import Deployment
from postflight.redact import Redactor
from postflight.rollback.actions.build import Tools, build_actions
from postflight.rollback.commands import Commands
from postflight.rollback.followed import Followed
from postflight.rollback.http import Caller
from postflight.rollback.ledger import History, histories
from postflight.rollback.model import Action, Case
from postflight.rollback.notify.channels import Channel, open_channel
from postflight.rollback.notify.tell import Teller
from postflight.rollback.sequence import Plan
from postflight.rollback.serving import Serving
from postflight.rollback.smoke import Smoke
from postflight.stats.rules import Do

ACTING = (Do.IMMEDIATE_ROLLBACK, Do.STAGED_ROLLBACK, Do.FAILOVER)
FRESH = timedelta(hours=1)
CLOCK = timedelta(minutes=1)  # by which a clock may have been set back since
SEVERITY = {Do.IMMEDIATE_ROLLBACK: Severity.P0, Do.FAILOVER: Severity.P0, Do.STAGED_ROLLBACK: Severity.P1}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why there is to be a rollback. `since` is ISO 8601 in UTC; `part` narrows it down to one part of the platform."""

    trigger: str
    do: Do
    reasons: Sequence[str]
    since: str
    part: Part = Part.FULL


@dataclass(frozen=True, slots=True)
class Verified:
    """What the smoke tests after a rollback look at: options of pytest, and its environment."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    reports: Path


class Standby:
    """Everything that a rollback of one deployment needs."""

    def __init__(
        self,
        deployment: Deployment,
        words: RollbackWords | None,
        *,
        run_id: str,
        release: str,
        environ: Mapping[str, str],
        verified: Verified,
    ) -> None:
        """Read all that is needed. `release` is the one that is judged; empty: the deployment is asked (`look`).

        Raises `ConfigError` for whatever would keep a rollback from being done, with the remedy.
        """
        where = f"{deployment.platform}/{deployment.environment}"
        if words is None or not deployment.known:
            raise ConfigError(
                f"{where} has no `rollback:` in deployments.yaml, so there is nothing to act with; see docs/rollback.md"
            )
        self._deployment, self._words, self._run_id, self._verified = deployment, words, run_id, verified
        redactor = Redactor.of(deployment)
        caller = Caller(run_id=run_id, redactor=redactor, ca_file=deployment.ca_file)
        self._commands = Commands(redactor, environ)
        tools = Tools(caller, self._commands, environ)
        self._actions = {do: build_actions(words.steps(do), tools) for do in ACTING}
        named = dict.fromkeys(name for names in words.notify.values() for name in names)
        self._channels: dict[str, Channel] = {
            name: open_channel(name, words.channels[name], tools.secret, caller) for name in named
        }
        self.redactor = redactor
        self._serving = Serving(words.serves, deployment.base_url, caller)
        self._named = release
        self._serves = self.release = ""
        self._followed = Followed(self._serving)

    def look(self) -> None:
        """Learn which release is judged. Raises `ConfigError` when nobody says it."""
        self._serves = self._serving.release() or ""
        self.release = self._named or self._serves
        if not self.release.isprintable():
            raise ConfigError(f"--release {self.release!r} is no name of a release: it cannot be shown")
        if not self.release:
            where = f"{self._deployment.platform}/{self._deployment.environment}"
            raise ConfigError(
                f"which release of {where} is judged is not known, so it could not be rolled back exactly once: say it"
                f" with --release, or where it can be asked for ({self._serving.says})"
            )

    def following(self) -> AbstractContextManager[object]:
        """Follow which release serves, as long as this is open: one that is deployed meanwhile is the one to blame."""
        return nullcontext() if self._named else self._followed.following()

    def unfinished(self) -> tuple[Plan, ...]:
        """Return how to go on with each rollback that a run before began and did not end, the last one first.

        A decision grows old. What was decided more than `FRESH` ago (or in the future: a clock was wrong), or about a
        release that is not judged any more before anything was sent, is for a person to decide again: of that, only
        what may have been sent is asked for, and nothing is sent.
        """
        plans = []
        for history in self._histories():
            case = history.case
            if case is None or history.is_ended:
                continue
            may_send = _is_fresh(history.began) and (history.is_begun or self._is_judged(case))
            if may_send or history.dangling():
                plans.append(replace(self._plan_for(replace(case, run_id=self._run_id)), may_send=may_send))
        return tuple(plans)

    def _is_judged(self, case: Case) -> bool:
        """Tell whether a case is about the release that is judged now. One that says nothing may still be it."""
        if case.serves and not self._named:
            return not self._serves or case.serves == self._serves
        return case.release == self.release

    def plan(self, cause: Cause) -> Plan:
        """Return what is done about a cause.

        Raises `ConfigError` when no step is configured for it, or when the release that serves is what a rollback has
        just brought back: two people, or two watches, must not go back twice.
        """
        case = self._case(cause)
        for history in self._histories():
            before, served = history.case, history.event("serves")
            if self._named or before is None or not _is_fresh(history.began) or before.release == case.release:
                continue
            at_it = history.is_begun and not history.is_ended
            if (served is not None and served.text == case.serves) or at_it:
                raise ConfigError(
                    f"{case.serves} serves since {before.release} was rolled back, at {history.began:%H:%M:%S} UTC by"
                    f" run {before.run_id}; to go back further, say --release {case.serves}"
                )
        return self._plan_for(case)

    def _plan_for(self, case: Case) -> Plan:
        words = self._words
        actions = tuple(action for action in self._actions.get(case.do, ()) if _concerns(action, case.part))
        if not actions:
            part = "" if case.part is Part.FULL else f" for the part {case.part.value}"
            raise ConfigError(
                f"trigger {case.trigger} asks for {case.do.value}, and `rollback:` has no step of it{part}:"
                " write one in deployments.yaml"
            )
        named = {action.about.name for action in actions}
        others = {
            action.about.name: action for do in ACTING for action in self._actions[do] if action.about.name not in named
        }
        return Plan(
            case=case,
            actions=actions,
            others=tuple(others.values()),
            state=Path(words.state),
            wait=words.wait.value,
            serving=self._serving,
            smoke=self._smoke(words.smoke).run if words.smoke else None,
            teller=Teller(self._told(case.severity), words.links, urgent=self._told(Severity.P0)),
            keep_open=self._keep_open,
        )

    def _histories(self) -> tuple[History, ...]:
        deployment = self._deployment
        return histories(Path(self._words.state), deployment.platform, deployment.environment)

    def _case(self, cause: Cause) -> Case:
        serves = self._followed.since(datetime.fromisoformat(cause.since)) or self._serves
        return Case(
            platform=self._deployment.platform,
            environment=self._deployment.environment,
            base_url=self._deployment.base_url,
            release=self._named or serves,
            run_id=self._run_id,
            trigger=cause.trigger,
            do=cause.do,
            severity=self._severity(cause),
            since=cause.since,
            reasons=tuple(_plain(self.redactor.text(reason)) for reason in cause.reasons),
            serves=serves,
            part=cause.part,
        )

    def _severity(self, cause: Cause) -> Severity:
        trigger = cause.trigger.partition(".")[0]  # `error_rate`, whichever signal feeds it: `error_rate.probes`
        return self._words.severities.get(trigger, SEVERITY.get(cause.do, Severity.P2))

    def _told(self, severity: Severity) -> dict[str, Channel]:
        return {name: self._channels[name] for name in self._words.notify.get(severity, ())}

    def _smoke(self, words: SmokeWords) -> Smoke:
        verified = self._verified
        return Smoke(words, verified.arguments, verified.environment, verified.reports, self._run_id)

    def _keep_open(self, lock: int) -> None:
        """Let commands hold the lock too: one that outlives us still acts."""
        self._commands.keep = (lock,)


def _is_fresh(began: datetime) -> bool:
    return -CLOCK <= datetime.now(UTC) - began < FRESH


def _plain(text: str) -> str:
    """Return text that can go anywhere: into an environment (no NUL), and into UTF-8 (no halves of surrogate pairs)."""
    return "".join(each if each.isprintable() else " " for each in text)


def _concerns(action: Action, part: Part) -> bool:
    return part is Part.FULL or action.about.part in {part, Part.FULL}
