"""Whoever may not, cannot: each operation on an object, asked by everybody who does not own it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from postflight.checks.invariants.exchange import Exchange, Violation
from postflight.checks.invariants.promises import Promise

STRANGERS = (401, 403)  # to who cannot say who they are
OTHERS = (403, 404)  # to a user whose object it is not; 404 does not even tell that it exists


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks. `known`: a user of the platform, who only does not own the object."""

    name: str
    token: str | None
    known: bool = False

    @property
    def allowed(self) -> tuple[int, ...]:
        """What may be answered."""
        return OTHERS if self.known else STRANGERS


def be_refused(actor: Actor, promise: Promise, exchange: Exchange, shown: Sequence[str]) -> Iterator[Violation]:
    """Demand that somebody who does not own an object is refused. `shown` are texts of it that no refusal may hold."""
    expected = " or ".join(map(str, actor.allowed))
    if exchange.status < 400:
        law = "reached-by-others" if actor.known else "reached-without-token"
        cause = f"{actor.name} reaches what belongs to another user: {promise.id} answers {exchange.status}"
        yield Violation(law, cause, exchange, expected)
    elif exchange.status not in actor.allowed and not (not actor.known and exchange.status == 404):
        cause = f"{actor.name} is not refused properly: {promise.id} answers {exchange.status}"
        yield Violation("refused-wrongly", cause, exchange, expected)
    elif told := next((text for text in shown if text in exchange.response.text), None):
        cause = f"the refusal of {promise.id} for {actor.name} shows what belongs to another user"
        yield Violation("refusal-tells", cause, exchange, "nothing of it", told[:80])


def be_untouched(before: Exchange, after: Exchange, promise: Promise) -> Iterator[Violation]:
    """Demand that what others tried left the object as it was."""
    if after.status != before.status or after.json != before.json:
        cause = f"{promise.id} by others was refused, and had an effect all the same"
        yield Violation("refused-with-effect", cause, after, before.seen, after.seen)


def be_hidden(listed: Exchange, own: Mapping[str, str]) -> Iterator[Violation]:
    """Demand that a list of somebody else's does not hold our objects: id -> what it is."""
    for one, what in own.items():
        if one in listed.response.text:
            cause = f"another user's {listed.operation} shows our {what} {one}"
            yield Violation("listed-to-others", cause, listed, "own objects only", one)
