"""The `rollback:` of an environment in `deployments.yaml`: what each `do` of a trigger means there, and who is told.

rollback:
  serves: {path: /api/health, field: version}            # where the running release says its name
  immediate_rollback:
    - {part: frontend, vercel: {project: velocity, team: team_x, token: VERCEL_TOKEN}}
    - {part: backend, fly: {app: velocity-orchestrator, token: FLY_API_TOKEN}}
  failover:
    - {part: gateway, request: {method: PATCH, url: "https://kong.example/services/api", body: '{"host": "spare"}'}}
  channels: {chat: {slack: SLACK_WEBHOOK_URL}, pager: {pagerduty: PAGERDUTY_ROUTING_KEY}}
  notify: {P0: [pager, chat], P1: [chat]}

Secrets stand here as everywhere: by the names of their environment variables.
"""

import json
import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from postflight.config.document import Document, Duration, EnvironmentVariable, Sentence, WebAddress, shown
from postflight.model import Quantity, Unit
from postflight.stats.rules import Do

_HEADER = re.compile(r"^[A-Za-z0-9-]{1,60}$")
_REPOSITORY = r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$"
_PLAIN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"  # goes into paths: no slash, no dot in front
LONGEST_DEADLINE = 600.0  # seconds


class Part(StrEnum):
    """A part of a platform that is rolled back by itself (`--scope`); `full` is all of them."""

    FULL = "full"
    BACKEND = "backend"
    FRONTEND = "frontend"
    GATEWAY = "gateway"


class Severity(StrEnum):
    """How bad an incident is; it decides who is told."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"


def _bounded(duration: Quantity) -> Quantity:
    if not 0.1 <= duration.value <= LONGEST_DEADLINE:
        raise ValueError(f"{duration} is no deadline; write one from 100 ms to {LONGEST_DEADLINE / 60:g} min")
    return duration


def _is_json_object(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f'expected a JSON object as text, like \'{{"host": "spare"}}\': {error}') from error
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object as text, found {shown(text)}")  # noqa: TRY004 - pydantic gathers these
    return text


def _is_header(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError(f"{shown(name)} is no name of a header")
    return name


Deadline = Annotated[Duration, AfterValidator(_bounded)]
HeaderName = Annotated[str, AfterValidator(_is_header)]
JsonText = Annotated[str, AfterValidator(_is_json_object)]
PlainName = Annotated[str, Field(pattern=_PLAIN)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Argv = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
FieldPath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]


def _seconds(value: float) -> Quantity:
    return Quantity(value, Unit.SECONDS)


class CommandWords(Document):
    """A command, without a shell. What it needs to know is in its environment: POSTFLIGHT_RELEASE, POSTFLIGHT_KEY, ...

    `verify` is asked whether the earlier release is live: it exits with 0 for yes, 1 for no, and else cannot tell.
    """

    run: Argv
    verify: Annotated[tuple[str, ...], Field(description="a command: 0 the earlier release is live, 1 it is not")] = ()
    secrets: Annotated[tuple[EnvironmentVariable, ...], Field(description="variables that it gets, and no others")] = ()
    deadline: Deadline = _seconds(120)


class WebhookWords(Document):
    """A signed POST, as Standard Webhooks: the receiver tells by `webhook-id` what it has done already."""

    url: WebAddress
    secret: EnvironmentVariable
    repeats: Annotated[bool, Field(description="the receiver does nothing twice for the same webhook-id")] = False
    deadline: Deadline = _seconds(10)


class WorkflowWords(Document):
    """GitHub's `workflow_dispatch`."""

    repository: Annotated[str, Field(pattern=_REPOSITORY)]
    workflow: PlainName
    ref: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}$")] = "main"
    inputs: dict[str, str] = Field(default_factory=dict)
    key_input: Annotated[str | None, Field(description="input for our key, which `run-name` shows")] = None
    token: EnvironmentVariable
    api: WebAddress = "https://api.github.com"
    deadline: Deadline = _seconds(10)


class RepositoryEventWords(Document):
    """GitHub's `repository_dispatch`."""

    repository: Annotated[str, Field(pattern=_REPOSITORY)]
    event: Annotated[str, Field(min_length=1, max_length=100)]
    token: EnvironmentVariable
    api: WebAddress = "https://api.github.com"
    deadline: Deadline = _seconds(10)


class DeploymentStatusWords(Document):
    """A status of GitHub's deployment whose number stands in a variable."""

    repository: Annotated[str, Field(pattern=_REPOSITORY)]
    deployment: Annotated[EnvironmentVariable, Field(description="variable with the deployment's number")]
    state: Literal["failure", "error", "inactive"] = "failure"
    token: EnvironmentVariable
    api: WebAddress = "https://api.github.com"
    deadline: Deadline = _seconds(10)


class VercelWords(Document):
    """Vercel: production goes back to the production deployment before. `how` is the way: REST, or its command."""

    project: PlainName
    team: PlainName | None = None
    token: EnvironmentVariable
    how: Literal["rollback", "promote", "cli"] = "rollback"
    api: WebAddress = "https://api.vercel.com"
    deadline: Deadline = _seconds(10)


class FlyWords(Document):
    """Fly.io: `fly deploy --image` with the image of the release before."""

    app: PlainName
    token: EnvironmentVariable
    deadline: Deadline = _seconds(300)


class LooksWords(Document):
    """Where a request's effect can be seen: a JSON document, and a field in it."""

    url: WebAddress
    field: FieldPath
    after: Annotated[str, Field(description="its value when the request has had its effect")]


class RequestWords(Document):
    """One request that switches something, for example a gateway's route. It must do nothing when it comes twice."""

    method: Literal["PUT", "PATCH", "POST", "DELETE"]
    url: WebAddress
    headers: Annotated[
        dict[HeaderName, EnvironmentVariable], Field(description="header -> variable", default_factory=dict)
    ]
    body: JsonText | None = None
    verify: LooksWords | None = None
    deadline: Deadline = _seconds(10)


Way = (
    CommandWords
    | WebhookWords
    | WorkflowWords
    | RepositoryEventWords
    | DeploymentStatusWords
    | VercelWords
    | FlyWords
    | RequestWords
)


class StepWords(Document):
    """One step: exactly one way to act, and the part of the platform that it concerns."""

    part: Annotated[Part, Field(strict=False)] = Part.FULL
    pause: Annotated[Deadline | None, Field(description="before the next step: for what is rolled back in stages")] = (
        None
    )
    command: CommandWords | None = None
    webhook: WebhookWords | None = None
    workflow: WorkflowWords | None = None
    repository_event: RepositoryEventWords | None = None
    deployment_status: DeploymentStatusWords | None = None
    vercel: VercelWords | None = None
    fly: FlyWords | None = None
    request: RequestWords | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "StepWords":
        ways = [name for name in WAYS if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError(f"write exactly one of {', '.join(WAYS)}, not {' and '.join(ways) or 'none'}")
        return self

    @property
    def way(self) -> Way:
        """The one way that is written."""
        ways = (self.command, self.webhook, self.workflow, self.repository_event, self.deployment_status)
        return next(way for way in (*ways, self.vercel, self.fly, self.request) if way is not None)


WAYS = tuple(name for name in StepWords.model_fields if name not in {"part", "pause"})


class ServesWords(Document):
    """Where the running release says its name: a header, or a field of a JSON document. Exactly one of them."""

    path: Annotated[str, Field(pattern=r"^/[^\s?#]*$")] = "/"
    header: HeaderName | None = None
    field: FieldPath | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "ServesWords":
        if (self.header is None) == (self.field is None):
            raise ValueError("write exactly one of header and field")
        return self


class ResendWords(Document):
    """E-mail by Resend."""

    key: EnvironmentVariable
    sender: Annotated[str, Field(alias="from", pattern=r"^[^\r\n]*@[^\r\n]+$")]
    to: Annotated[tuple[Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$")], ...], Field(min_length=1, max_length=50)]
    api: WebAddress = "https://api.resend.com"


class PagerDutyWords(Document):
    """A page by PagerDuty's Events API v2."""

    key: EnvironmentVariable
    api: WebAddress = "https://events.pagerduty.com"


class StatusPageWords(Document):
    """A signed webhook (Standard Webhooks) of whatever keeps the status page."""

    url: WebAddress
    secret: EnvironmentVariable


class ChannelWords(Document):
    """One way to tell somebody. Exactly one kind."""

    slack: Annotated[EnvironmentVariable | None, Field(description="variable with the incoming webhook's URL")] = None
    pagerduty: PagerDutyWords | None = None
    resend: ResendWords | None = None
    status_page: StatusPageWords | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "ChannelWords":
        kinds = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError(f"write exactly one of {', '.join(type(self).model_fields)}")
        return self


class SmokeWords(Document):
    """The smoke tests after a rollback: how long they may take, and which of them."""

    deadline: Deadline = _seconds(300)
    only: Annotated[str | None, Field(min_length=1, description="pytest's -k")] = None


class RollbackWords(Document):
    """What a rollback is for one environment."""

    serves: ServesWords | None = None
    immediate_rollback: tuple[StepWords, ...] = ()
    staged_rollback: tuple[StepWords, ...] = ()
    failover: tuple[StepWords, ...] = ()
    wait: Annotated[Deadline, Field(description="until the earlier release serves")] = _seconds(60)
    smoke: Annotated[SmokeWords | None, Field(description="without it no smoke tests are run")] = None
    channels: dict[Key, ChannelWords] = Field(default_factory=dict)
    notify: dict[Annotated[Severity, Field(strict=False)], tuple[Key, ...]] = Field(default_factory=dict)
    severities: Annotated[
        dict[Key, Annotated[Severity, Field(strict=False)]],
        Field(description="trigger -> severity, where not usual", default_factory=dict),
    ]
    links: Annotated[
        dict[Sentence, WebAddress], Field(description="shown in what is sent: name -> URL", default_factory=dict)
    ]
    state: Annotated[str, Field(min_length=1, description="folder for lock and action ledger, on a local disk")] = (
        ".postflight/rollback"
    )

    @model_validator(mode="after")
    def _known_channels(self) -> "RollbackWords":
        for severity, names in self.notify.items():
            for name in names:
                if name not in self.channels:
                    raise ValueError(
                        f"notify {severity}: {name!r} is none of the channels ({', '.join(self.channels)})"
                    )
        if not (self.immediate_rollback or self.staged_rollback or self.failover):
            raise ValueError("write the steps of at least one of immediate_rollback, staged_rollback and failover")
        return self

    def steps(self, do: Do) -> tuple[StepWords, ...]:
        """Return the steps of what a trigger asks for; none of a hold."""
        return {
            Do.IMMEDIATE_ROLLBACK: self.immediate_rollback,
            Do.STAGED_ROLLBACK: self.staged_rollback,
            Do.FAILOVER: self.failover,
        }.get(do, ())
