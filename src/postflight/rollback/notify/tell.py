"""Tell those whom a severity concerns, each once for each phase, and say who could not be told."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

from postflight.config.rollback import Severity
from postflight.errors import PostflightError
from postflight.model import Finding, Status
from postflight.rollback.done import Done, finding
from postflight.rollback.ledger import ActionLedger
from postflight.rollback.model import Case
from postflight.rollback.notify.channels import Channel
from postflight.rollback.notify.message import Phase, message

Say = Callable[[str, str], None]  # a line, and its style


class Teller:
    """Tells by these channels (name -> channel), in order. `links` are ours: name -> URL.

    A rollback that was not accepted is P0, whatever it was for: then the `urgent` channels are told too.
    """

    def __init__(
        self, channels: Mapping[str, Channel], links: Mapping[str, str], urgent: Mapping[str, Channel] | None = None
    ) -> None:
        self._channels = channels
        self._urgent = urgent or {}
        self._links = links

    def would(self, case: Case) -> Iterator[str]:
        """Yield who would be told."""
        for channel in self._channels.values():
            yield f"{case.severity} {channel.says}"

    def tell(self, case: Case, phase: Phase, done: Done, ledger: ActionLedger, say: Say) -> tuple[Finding, ...]:
        """Tell everybody at once who was not told of this phase by a run before.

        Returns a finding for each who was not reached: none waits for another, and all of it ends within one deadline.
        Raises `CannotMeasure` when the ledger cannot be written.
        """
        channels = self._channels
        if not done.accepted or phase is Phase.AGAIN:  # nobody else does what is left to do
            case, channels = replace(case, severity=Severity.P0), {**channels, **self._urgent}
        said = message(case, phase, done, self._links)
        missing = [name for name in channels if ledger.history.event("told", f"{name} {phase}") is None]
        if not missing:
            return ()
        lost: list[Finding] = []
        with ThreadPoolExecutor(len(missing)) as pool:
            sent = {pool.submit(channels[name].send, case, said): name for name in missing}
            for done_or_not in as_completed(sent):
                name = sent[done_or_not]
                says = channels[name].says
                try:
                    done_or_not.result()
                except PostflightError as error:
                    say(f"not told: {says}: {error}", "bold red")
                    lost.append(finding(f"rollback told {name} ({phase})", Status.BAD, str(error), expected=says))
                    continue
                ledger.event("told", f"{name} {phase}")
                say(f"told: {says}", "dim")
        return tuple(sorted(lost, key=lambda each: each.check))
