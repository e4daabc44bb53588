"""From the steps of `deployments.yaml` to actions. Secrets are read now: what is missing is said in time."""

import hashlib
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from postflight.config.rollback import (
    CommandWords,
    DeploymentStatusWords,
    FlyWords,
    RepositoryEventWords,
    RequestWords,
    StepWords,
    VercelWords,
    WebhookWords,
    WorkflowWords,
)
from postflight.config.secrets import read_secret
from postflight.errors import ConfigError
from postflight.model import Secret
from postflight.rollback.actions.command import Command
from postflight.rollback.actions.fly import Fly
from postflight.rollback.actions.github import DeploymentStatus, RepositoryDispatch, WorkflowDispatch
from postflight.rollback.actions.request import Request
from postflight.rollback.actions.vercel import Vercel
from postflight.rollback.actions.webhook import Webhook
from postflight.rollback.commands import Commands
from postflight.rollback.http import Caller
from postflight.rollback.model import About, Action


class Tools:
    """What actions are made with: who sends, who runs, and where secrets come from."""

    def __init__(self, caller: Caller, commands: Commands, environ: Mapping[str, str]) -> None:
        self.caller = caller
        self.commands = commands
        self._environ = environ

    def secret(self, name: str) -> Secret:
        """Return the secret, and take it out of everything that is said from now on. Raises `ConfigError`."""
        secret = read_secret(name, self._environ)
        if secret is None:
            raise ConfigError(f"${name} is not set, and deployments.yaml says that the rollback needs it: set it")
        self.caller.redactor.add(secret.reveal(), name)
        return secret

    def plain(self, name: str) -> Secret:
        """Return a variable that is no secret, a number. Raises `ConfigError`."""
        value = self._environ.get(name, "")
        if not value.isdecimal():
            found = "is not set" if not value else "holds something else (not shown, as it may be a secret)"
            raise ConfigError(f"${name} must hold the number of GitHub's deployment, as 1234567; it {found}")
        return Secret(name, value)


def build_actions(steps: Iterable[StepWords], tools: Tools) -> tuple[Action, ...]:
    """Return the actions, in order.

    Raises `ConfigError` for a variable that is not set, or two steps that do the same.
    """
    actions = tuple(_build(step, tools) for step in steps)
    names = [action.about.name for action in actions]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two steps of one rollback do the same, {name}: it would be done once only; remove one")
    return actions


def _build(step: StepWords, tools: Tools) -> Action:
    def about(name: str) -> About:
        return About(name, step.part, step.pause.value if step.pause else 0.0)

    caller, commands = tools.caller, tools.commands
    match step.way:
        case CommandWords() as words:
            given = {name: tools.secret(name) for name in words.secrets}
            name = f"command {Path(words.run[0]).name} {_digest(shlex.join(words.run))}"
            return Command(about(name), words, given, commands)
        case WebhookWords() as words:
            return Webhook(about(f"webhook {words.url}"), words, tools.secret(words.secret), caller)
        case WorkflowWords() as words:
            name = f"workflow {words.repository} {words.workflow}"
            return WorkflowDispatch(about(name), words, tools.secret(words.token), caller)
        case RepositoryEventWords() as words:
            name = f"event {words.repository} {words.event}"
            return RepositoryDispatch(about(name), words, tools.secret(words.token), caller)
        case DeploymentStatusWords() as words:
            name, number = f"deployment status {words.repository}", tools.plain(words.deployment)
            return DeploymentStatus(about(name), words, tools.secret(words.token), number, caller)
        case VercelWords() as words:
            return Vercel(about(f"vercel {words.project}"), words, tools.secret(words.token), caller, commands)
        case FlyWords() as words:
            return Fly(about(f"fly {words.app}"), words, tools.secret(words.token), commands)
        case RequestWords() as words:
            given = {header: tools.secret(name) for header, name in words.headers.items()}
            name = f"request {words.method} {words.url} {_digest(words.body or '')}"
            return Request(about(name), words, given, caller)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
