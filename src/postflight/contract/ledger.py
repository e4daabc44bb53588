"""What the contract stage has sent, what it was not allowed to send, and what it could not remove."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from postflight.contract.rules import READING

_MOST_REMEMBERED = 50  # reasons of refusals
_MOST_LEFT = 100  # that are named


@dataclass(slots=True)
class Ledger:
    """The account of one process, or of several added up."""

    sent: Counter[str] = field(default_factory=Counter)  # by method
    marked: Counter[str] = field(default_factory=Counter)  # of these, by method: allowed since somebody marked it safe
    refused: Counter[str] = field(default_factory=Counter)  # by reason; the first fifty reasons
    withheld: Counter[str] = field(default_factory=Counter)  # the refused ones by method
    left: list[str] = field(default_factory=list)  # what could not be removed, and why; the first hundred
    left_in_all: int = 0

    @property
    def total(self) -> int:
        """Requests that were sent."""
        return self.sent.total()

    @property
    def unmarked_writes(self) -> int:
        """Requests that were sent, read nothing and were not marked safe."""
        return sum(count - self.marked[method] for method, count in self.sent.items() if method not in READING)

    def refuse(self, method: str, reason: str) -> None:
        """Remember that something was not sent."""
        self.withheld[method] += 1
        if reason in self.refused or len(self.refused) < _MOST_REMEMBERED:
            self.refused[reason] += 1

    def leave(self, *what: str) -> None:
        """Remember what could not be removed."""
        self.left_in_all += len(what)
        self.left += what[: max(0, _MOST_LEFT - len(self.left))]

    def as_json(self) -> str:
        """Return the ledger as text, for the way from one process to another."""
        return _LEDGER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> "Ledger":
        """Return the ledger that `as_json` wrote."""
        return _LEDGER.validate_json(text)

    @classmethod
    def sum(cls, ledgers: Iterable["Ledger"]) -> "Ledger":
        """Return one ledger for several processes."""
        whole = cls()
        for one in ledgers:
            whole.sent += one.sent
            whole.marked += one.marked
            whole.refused += one.refused
            whole.withheld += one.withheld
            beyond = one.left_in_all - len(one.left)
            whole.leave(*one.left)
            whole.left_in_all += beyond
        return whole


_LEDGER = TypeAdapter(Ledger)
