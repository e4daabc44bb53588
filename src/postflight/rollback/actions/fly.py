"""Fly.io: `fly deploy --image` with the image of the release before, which `fly releases --json` tells."""

import json
import re
from dataclasses import dataclass

from postflight.config.rollback import FlyWords
from postflight.model import Secret
from postflight.rollback.commands import Commands
from postflight.rollback.model import About, Case, Move, Refused, Standing, Unclear

LIST_DEADLINE = 20.0  # seconds
LIST_LIMIT = 1_000_000  # bytes: 25 releases, with their descriptions
_DONE = {"complete", "succeeded"}
_RUNNING = {"running", "pending"}
_LIST = re.compile(r"^\[", re.MULTILINE)  # warnings may stand before it
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,300}")


@dataclass(frozen=True, slots=True)
class _Release:
    version: int
    status: str
    image: str


class Fly:
    """Deploys the earlier image. Twice is not once: every deployment restarts the machines."""

    repeats = False

    def __init__(self, about: About, words: FlyWords, token: Secret, commands: Commands) -> None:
        self.about = about
        self._words = words
        self._environment = {"FLY_API_TOKEN": token.reveal()}
        self._token = token
        self._commands = commands

    def plan(self, case: Case) -> Move:  # noqa: ARG002 - one interface for all actions
        """Find the newest complete release with another image than the one that runs."""
        releases = self._releases()
        if not releases:
            raise Refused(f"fly {self._words.app}: it has no releases, so there is nothing to go back to")
        live = releases[0].image
        earlier = next((each.image for each in releases[1:] if each.status in _DONE and each.image != live), None)
        if earlier is None:
            raise Refused(
                f"fly {self._words.app}: of {len(releases)} releases none before the last is complete with another"
                " image: there is nothing to go back to"
            )
        return Move(f"run {' '.join(self._deploy(earlier))} with FLY_API_TOKEN={self._token}", live, earlier)

    def do(self, case: Case, move: Move, key: str) -> str:  # noqa: ARG002 - one interface for all actions
        """Deploy it. The command ends when the machines run."""
        ended = self._commands.run(self._deploy(move.after), self._environment, deadline=self._words.deadline.value)
        if ended.exit_code != 0:
            raise Unclear(
                f"fly deploy ended with exit code {ended.exit_code}: {ended.last_line}; look at"
                f" `fly releases --app {self._words.app}` how far it came",
                seen=ended.output[-2000:],
            )
        return f"exit code 0: {ended.last_line}"

    def standing(self, case: Case, move: Move, key: str) -> Standing:  # noqa: ARG002 - one interface for all actions
        """Ask which image the last release has."""
        try:
            releases = self._releases()
        except (Refused, Unclear):
            return Standing.UNKNOWN
        if not releases:
            return Standing.UNKNOWN
        last = releases[0]
        if last.image == move.after:
            if last.status in _DONE:
                return Standing.AFTER
            return Standing.UNDER_WAY if last.status in _RUNNING else Standing.UNKNOWN  # it has failed half way
        return Standing.BEFORE if last.image == move.before else Standing.ELSEWHERE

    def _releases(self) -> list[_Release]:
        """Return the releases, newest first. Raises `Refused` when they cannot be had."""
        argv = ("fly", "releases", "--app", self._words.app, "--json")
        try:
            ended = self._commands.run(argv, self._environment, deadline=LIST_DEADLINE, kept=LIST_LIMIT)
        except Unclear as error:  # a question changes nothing
            raise Refused(str(error)) from error
        if ended.exit_code != 0:
            raise Refused(
                f"fly releases ended with exit code {ended.exit_code}: {ended.last_line}; check the app's name and"
                f" {self._token}"
            )
        found = _parsed(ended.output)
        if found is None:
            raise Refused(
                f"fly releases said no JSON list of releases: {ended.last_line[:200]!r}; is `fly` up to date?"
            )
        return sorted(found, key=lambda release: release.version, reverse=True)

    def _deploy(self, image: str) -> tuple[str, ...]:
        return ("fly", "deploy", "--app", self._words.app, "--image", image, "--yes")


def _parsed(output: str) -> list[_Release] | None:
    lists = (_list_at(output, found.start()) for found in _LIST.finditer(output))
    value = next((found for found in lists if found is not None), None)
    if value is None:
        return None
    entries = [entry for entry in value if isinstance(entry, dict)]
    return [
        _Release(entry["Version"], str(entry.get("Status")).lower(), entry["ImageRef"])
        for entry in entries
        if isinstance(entry.get("Version"), int)
        and isinstance(entry.get("ImageRef"), str)
        and _IMAGE.fullmatch(entry["ImageRef"])
    ]


def _list_at(output: str, start: int) -> list[object] | None:
    try:
        value, _ = json.JSONDecoder().raw_decode(output, start)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None
