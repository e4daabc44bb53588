"""A rollback that is ready before it is needed: its secrets are read, its actions built, its release known.

What is missing is said when the gate or the watch begins, not when everything is on fire.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from postflight.config.rollback import Part, RollbackWords, Severity, SmokeWords
from postflight.errors import ConfigError
from postflight.model import Deployment
from postflight.redact import Redactor
from postflight.rollback.actions.build import Tools, build_actions
from postflight.rollback.commands import Commands
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

    def look(self) -> None:
        """Learn which release is judged. Raises `ConfigError` when nobody says it."""
        self._serves = self._serving.release() or ""
        self.release = self._named or self._serves
        if not self.release:
            where = f"{self._deployment.platform}/{self._deployment.environment}"
            raise ConfigError(
                f"which release of {where} is judged is not known, so it could not be rolled back exactly once: say it"
                f" with --release, or where it can be asked for ({self._serving.says})"
            )

    def unfinished(self) -> Plan | None:
        """Return how to go on with a rollback that a run before began and did not end, or None.

        A decision grows old: what was begun more than `FRESH` ago, and never sent, is for a person to decide again.
        """
        for history in self._histories():
            case = history.case
            if case is None or history.is_ended:
                continue
            if history.dangling() or datetime.now(UTC) - history.began < FRESH:
                return self._plan_for(replace(case, run_id=self._run_id))
        return None

    def plan(self, cause: Cause) -> Plan:
        """Return what is done about a cause.

        Raises `ConfigError` when no step is configured for it, or when the release that serves is what a rollback has
        just brought back: two people, or two watches, must not go back twice.
        """
        for history in self._histories():
            before, served = history.case, history.event("serves")
            if self._named or before is None or served is None or datetime.now(UTC) - history.began >= FRESH:
                continue
            if served.text == self._serves:
                raise ConfigError(
                    f"{self._serves} serves since {before.release} was rolled back, at {history.began:%H:%M:%S} UTC by run"
                    f" {before.run_id}; to go back further, say --release {self._serves}"
                )
        return self._plan_for(self._case(cause))

    def _plan_for(self, case: Case) -> Plan:
        words = self._words
        actions = tuple(action for action in self._actions.get(case.do, ()) if _concerns(action, case.part))
        if not actions:
            part = "" if case.part is Part.FULL else f" for the part {case.part.value}"
            raise ConfigError(
                f"trigger {case.trigger} asks for {case.do.value}, and `rollback:` has no step of it{part}"
            )
        others = {action.about.name: action for do in ACTING for action in self._actions[do] if action not in actions}
        told = {name: self._channels[name] for name in words.notify.get(case.severity, ())}
        return Plan(
            case=case,
            actions=actions,
            others=tuple(others.values()),
            state=Path(words.state),
            wait=words.wait.value,
            serving=self._serving,
            smoke=self._smoke(words.smoke).run if words.smoke else None,
            teller=Teller(told, words.links),
            keep_open=self._keep_open,
        )

    def _histories(self) -> tuple[History, ...]:
        deployment = self._deployment
        return histories(Path(self._words.state), deployment.platform, deployment.environment)

    def _case(self, cause: Cause) -> Case:
        clean = self.redactor.text
        return Case(
            platform=self._deployment.platform,
            environment=self._deployment.environment,
            base_url=self._deployment.base_url,
            release=self.release,
            run_id=self._run_id,
            trigger=cause.trigger,
            do=cause.do,
            severity=self._words.severities.get(cause.trigger, SEVERITY.get(cause.do, Severity.P2)),
            since=cause.since,
            reasons=tuple(clean(reason) for reason in cause.reasons),
            serves=self._serves,
            part=cause.part,
        )

    def _smoke(self, words: SmokeWords) -> Smoke:
        verified = self._verified
        return Smoke(words, verified.arguments, verified.environment, verified.reports, self._run_id)

    def _keep_open(self, lock: int) -> None:
        """Let commands hold the lock too: one that outlives us still acts."""
        self._commands.keep = (lock,)


def _concerns(action: Action, part: Part) -> bool:
    return part is Part.FULL or action.about.part in {part, Part.FULL}
