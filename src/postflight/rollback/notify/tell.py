"""Tell those whom a severity concerns, each once for each phase, and say who could not be told."""

from collections.abc import Callable, Iterator, Mapping

from postflight.errors import PostflightError
from postflight.model import Finding, Status
from postflight.rollback.done import Done, finding
from postflight.rollback.ledger import ActionLedger
from postflight.rollback.model import Case
from postflight.rollback.notify.channels import Channel
from postflight.rollback.notify.message import Phase, message

Say = Callable[[str, str], None]  # a line, and its style


class Teller:
    """Tells by these channels (name -> channel), in order. `links` are ours: name -> URL."""

    def __init__(self, channels: Mapping[str, Channel], links: Mapping[str, str]) -> None:
        self._channels = channels
        self._links = links

    def would(self, case: Case) -> Iterator[str]:
        """Yield who would be told."""
        for channel in self._channels.values():
            yield f"{case.severity} {channel.says}"

    def tell(self, case: Case, phase: Phase, done: Done, ledger: ActionLedger, say: Say) -> tuple[Finding, ...]:
        """Tell everybody who was not told of this phase by a run before. Returns a finding for each who was not reached.

        Raises `CannotMeasure` when the ledger cannot be written.
        """
        said = message(case, phase, done, self._links)
        lost: list[Finding] = []
        for name, channel in self._channels.items():
            if ledger.history.event("told", f"{name} {phase}") is not None:
                continue
            try:
                channel.send(case, said)
            except PostflightError as error:
                say(f"not told: {channel.says}: {error}", "bold red")
                lost.append(finding(f"rollback told {name} ({phase})", Status.BAD, str(error), expected=channel.says))
                continue
            ledger.event("told", f"{name} {phase}")
            say(f"told: {channel.says}", "dim")
        return tuple(lost)
