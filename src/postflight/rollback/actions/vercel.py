"""Vercel: production goes back to the production deployment before, by REST or by Vercel's own command.

Wire format: https://vercel.com/docs/rest-api, and what the command itself sends (github.com/vercel/vercel,
packages/cli/src/commands/rollback): `GET /v9/projects/{project}`, `GET /v6/deployments`,
`POST /v9/projects/{id}/rollback/{deployment}`, `POST /v10/projects/{id}/promote/{deployment}`.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from postflight.config.rollback import VercelWords
from postflight.errors import PostflightError
from postflight.model import Secret
from postflight.rollback.commands import Commands
from postflight.rollback.http import Call, Caller, accepted, json_of
from postflight.rollback.model import About, Case, Move, Refused, Standing, Unclear

_LISTED = 20  # deployments
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_CONFLICT = {409: "another rollback or promotion is under way: `vercel rollback status` tells which"}


@dataclass(frozen=True, slots=True)
class _Project:
    """What production points at: the deployment's id, when it was made (in ms), and the last request to switch."""

    id: str
    live: str
    made: float
    asked_for: str
    job: str


class Vercel:
    """Points production at the deployment before. Pointing it there twice is the same as once."""

    repeats = True

    def __init__(self, about: About, words: VercelWords, token: Secret, caller: Caller, commands: Commands) -> None:
        self.about = about
        self._words = words
        self._token = token
        self._caller = caller
        self._commands = commands
        self._id = ""  # of the project, once it was asked for

    def plan(self, case: Case) -> Move:
        """Find what production points at, and the production deployment before it."""
        project = self._project()
        if not project.live:
            raise Refused(
                f"vercel {self._words.project}: production points at no deployment, so there is none before it"
            )
        if case.release.startswith("dpl_") and case.release != project.live:
            raise Refused(
                f"vercel {self._words.project}: {project.live} is in production, not {case.release}, which was judged:"
                " somebody has switched already"
            )
        earlier = self._before(project)
        return Move(self._says(project.id, earlier), project.live, earlier)

    def do(self, case: Case, move: Move, key: str) -> str:  # noqa: ARG002 - one interface for all actions
        """Ask for it. Vercel accepts and switches within seconds."""
        if self._words.how == "cli":
            return self._by_command(move)
        call = self._switch(self._id or self._project().id, move.after)
        answer = accepted(self._caller.send(call), call, self._caller.redactor, remedies=_CONFLICT)
        return f"HTTP {answer.status}: production of {self._words.project} goes to {move.after}"

    def standing(self, case: Case, move: Move, key: str) -> Standing:  # noqa: ARG002 - one interface for all actions
        """Ask what production points at, and which switch was asked for last."""
        try:
            project = self._project()
        except PostflightError:
            return Standing.UNKNOWN
        if project.live == move.after:
            return Standing.AFTER
        if project.asked_for == move.after and project.job in {"pending", "in-progress"}:
            return Standing.UNDER_WAY
        if not project.live:
            return Standing.UNKNOWN
        return Standing.BEFORE if project.live == move.before else Standing.ELSEWHERE

    def _project(self) -> _Project:
        found = self._ask(f"/v9/projects/{self._words.project}")
        target = _object(_object(found.get("targets")).get("production"))
        last = _object(found.get("lastAliasRequest"))
        self._id = _id(found.get("id")) or self._words.project
        return _Project(
            id=self._id,
            live=_id(target.get("id")),
            made=_number(target.get("createdAt")),
            asked_for=_id(last.get("toDeploymentId")),
            job=str(last.get("jobStatus")),
        )

    def _before(self, project: _Project) -> str:
        """Return the newest production deployment that is ready and older than the one that is live."""
        asked = {"projectId": project.id, "target": "production", "state": "READY", "limit": str(_LISTED)}
        listed = self._ask("/v6/deployments", asked).get("deployments")
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        made = project.made or max((_made(entry) for entry in entries if entry.get("uid") == project.live), default=0.0)
        older = [
            entry
            for entry in entries
            if _id(entry.get("uid")) not in {"", project.live}
            and 0 < _made(entry) < made
            and (entry.get("readyState") or entry.get("state")) == "READY"
            and entry.get("isRollbackCandidate") is not False
        ]
        if not older:
            raise Refused(
                f"vercel {self._words.project}: of the last {_LISTED} production deployments none is ready and older"
                f" than {project.live}: there is nothing to go back to"
            )
        return _id(max(older, key=_made)["uid"])

    def _ask(self, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        call = Call("GET", self._url(path, query), bearer=self._token, deadline=self._words.deadline.value)
        try:
            return json_of(self._caller.send(call), call, self._caller.redactor)
        except Unclear as error:  # a question changes nothing
            raise Refused(str(error)) from error

    def _switch(self, project: str, deployment: str) -> Call:
        version = "v10" if self._words.how == "promote" else "v9"
        verb = "promote" if self._words.how == "promote" else "rollback"
        return Call(
            "POST",
            self._url(f"/{version}/projects/{project}/{verb}/{deployment}"),
            b"{}",  # it wants a body
            {"content-type": "application/json"},
            bearer=self._token,
            deadline=self._words.deadline.value,
        )

    def _says(self, project: str, deployment: str) -> str:
        if self._words.how == "cli":
            return f"run {' '.join(self._argv(deployment))} with VERCEL_TOKEN={self._token}"
        return self._switch(project, deployment).says

    def _argv(self, deployment: str) -> tuple[str, ...]:
        scope = ("--scope", self._words.team) if self._words.team else ()
        return ("vercel", "rollback", deployment, "--yes", "--timeout", "0", *scope)

    def _by_command(self, move: Move) -> str:
        environment = {"VERCEL_TOKEN": self._token.reveal()}
        ended = self._commands.run(self._argv(move.after), environment, deadline=self._words.deadline.value)
        if ended.exit_code != 0:
            raise Unclear(
                f"vercel rollback ended with exit code {ended.exit_code}: {ended.last_line}", seen=ended.output[-2000:]
            )
        return f"exit code 0: {ended.last_line}"

    def _url(self, path: str, query: dict[str, str] | None = None) -> str:
        asked = {**(query or {}), **({"teamId": self._words.team} if self._words.team else {})}
        return f"{self._words.api}{path}" + (f"?{urlencode(asked)}" if asked else "")


def _made(entry: dict[str, Any]) -> float:
    return _number(entry.get("created")) or _number(entry.get("createdAt"))


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(value: object) -> str:
    """Return an id that may stand in a path and in an argv, or nothing."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
