"""Tell those whom a severity concerns, each once for each phase, and say who could not be told."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed

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
        """Tell everybody at once who was not told of this phase by a run before.

        Returns a finding for each who was not reached: none waits for another, and all of it ends within one deadline.
        Raises `CannotMeasure` when the ledger cannot be written.
        """
        said = message(case, phase, done, self._links)
        missing = [name for name in self._channels if ledger.history.event("told", f"{name} {phase}") is None]
        if not missing:
            return ()
        lost: list[Finding] = []
        with ThreadPoolExecutor(len(missing)) as pool:
            sent = {pool.submit(self._channels[name].send, case, said): name for name in missing}
            for done_or_not in as_completed(sent):
                name = sent[done_or_not]
                says = self._channels[name].says
                try:
                    done_or_not.result()
                except PostflightError as error:
                    say(f"not told: {says}: {error}", "bold red")
                    lost.append(finding(f"rollback told {name} ({phase})", Status.BAD, str(error), expected=says))
                    continue
                ledger.event("told", f"{name} {phase}")
                say(f"told: {says}", "dim")
        return tuple(sorted(lost, key=lambda each: each.check))
