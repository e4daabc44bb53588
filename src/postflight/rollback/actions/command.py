"""A command of the configuration, without a shell."""

import shlex
from collections.abc import Mapping

from postflight.config.rollback import CommandWords
from postflight.model import Secret
from postflight.rollback.actions.facts import facts_of
from postflight.rollback.commands import Commands
from postflight.rollback.model import About, Case, Move, Refused, Standing, Unclear

VERIFY_DEADLINE = 20.0  # seconds


class Command:
    """Runs argv; its environment tells it what and why: POSTFLIGHT_RELEASE, POSTFLIGHT_KEY, POSTFLIGHT_TRIGGER, ..."""

    repeats = False

    def __init__(self, about: About, words: CommandWords, secrets: Mapping[str, Secret], commands: Commands) -> None:
        self.about = about
        self._words = words
        self._secrets = secrets
        self._commands = commands

    def plan(self, case: Case) -> Move:  # noqa: ARG002 - one interface for all actions
        """Return what will be run."""
        given = " ".join(f"{name}={secret}" for name, secret in self._secrets.items())
        shown = self._commands.redactor.text(shlex.join(self._words.run))
        return Move(f"run {shown}" + (f" with {given}" if given else ""))

    def do(self, case: Case, move: Move, key: str) -> str:  # noqa: ARG002 - one interface for all actions
        """Run it. Exit code 0 is accepted; any other is unclear: who knows how far it came."""
        ended = self._commands.run(self._words.run, self._environment(case, key), deadline=self._words.deadline.value)
        if ended.exit_code != 0:
            raise Unclear(
                f"{self._words.run[0]} ended with exit code {ended.exit_code}: {ended.last_line}; look how far it came",
                seen=ended.output[-2000:],
            )
        return f"exit code 0: {ended.last_line}"

    def standing(self, case: Case, move: Move, key: str) -> Standing:  # noqa: ARG002 - one interface for all actions
        """Ask the configured `verify` command."""
        if not self._words.verify:
            return Standing.UNKNOWN
        try:
            ended = self._commands.run(self._words.verify, self._environment(case, key), deadline=VERIFY_DEADLINE)
        except (Refused, Unclear):
            return Standing.UNKNOWN
        return {0: Standing.AFTER, 1: Standing.BEFORE}.get(ended.exit_code, Standing.UNKNOWN)

    def _environment(self, case: Case, key: str) -> dict[str, str]:
        facts = {f"POSTFLIGHT_{name.upper()}": value for name, value in facts_of(case, key).items()}
        return facts | {name: secret.reveal() for name, secret in self._secrets.items()}
