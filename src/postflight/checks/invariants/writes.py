"""Laws of writing: what was written can be read, nothing else changes, and what was deleted is gone."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from postflight.checks.invariants.exchange import Exchange, Object, Violation
from postflight.checks.invariants.resource import Resource
from postflight.checks.invariants.texts import what_happened
from postflight.flow import JSON


def be_kept(sent: Mapping[str, JSON], shown: Exchange, when: str) -> Iterator[Violation]:
    """Demand that an answer shows what was sent. `when` ends a sentence: "when it is read back"."""
    if shown.status >= 400:
        cause = f"what the contract allows is refused with {shown.status} {when}"
        yield Violation("refused-wrongly", cause, shown, repr(dict(sent))[:200])
        return
    for field, value in sent.items():
        came = shown.object.get(field)
        if came == value:
            continue
        said = f": {what_happened(value, came)}" if isinstance(value, str) else ""
        cause = f"{field!r} came back changed {when}{said}"
        yield Violation("not-as-sent", cause, shown, repr(value)[:200], repr(came)[:200])


def be_saved(sent: Mapping[str, JSON], read: Exchange, listed: Object | None) -> Iterator[Violation]:
    """Demand that a change is there when it is read next. `listed` is the object as a list shows it."""
    for field, value in sent.items():
        if read.object.get(field) == value:
            continue
        if listed is not None and listed.get(field) == value:
            cause = f"a read is stale: it does not show the change of {field!r}, and the list does"
            yield Violation("stale-read", cause, read, repr(value)[:200], repr(read.object.get(field))[:200])
        else:
            cause = f"a change of {field!r} was answered with success, and is not saved"
            yield Violation("not-saved", cause, read, repr(value)[:200], repr(read.object.get(field))[:200])


def be_measured(content: str, shown: Exchange) -> Iterator[Violation]:
    """Demand that a file's size is that of its content in bytes of UTF-8."""
    size = len(content.encode())
    if shown.object.get("size") != size:
        cause = f"the size that {shown.operation} tells is not that of the content in bytes of UTF-8"
        yield Violation("size-wrong", cause, shown, f"{size}", f"{shown.object.get('size')}")


def leave_the_rest(
    before: Object, after: Exchange, changed: Mapping[str, JSON], resource: Resource
) -> Iterator[Violation]:
    """Demand that a change of some fields leaves all others, apart from the moment of the change."""
    for field, value in before.items():
        if field in changed or field == resource.changed or after.object.get(field) == value:
            continue
        law = "created-at-changes" if field == resource.created else "change-spreads"
        cause = f"changing {', '.join(changed)} also changed {field!r}"
        yield Violation(law, cause, after, repr(value)[:200], repr(after.object.get(field))[:200])


def move_on(before: Object, after: Exchange, resource: Resource) -> Iterator[Violation]:
    """Demand that the moment of the last change moves with a change, and never lies before the creation."""
    was, now = moment(before.get(resource.changed)), moment(after.object.get(resource.changed))
    if was and now and now <= was:
        cause = f"{resource.changed!r} did not move when the {resource.name} was changed"
        yield Violation("updated-at-frozen", cause, after, f"later than {was}", f"{now}")
    made = moment(after.object.get(resource.created))
    if made and now and made > now:
        cause = f"{resource.created!r} lies after {resource.changed!r}"
        yield Violation("created-after-changed", cause, after, f"before {now}", f"{made}")


def moment(value: JSON) -> datetime | None:
    """Return a moment as it is written (RFC 3339), or None."""
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def agree(answer: Exchange, read: Exchange, fields: Mapping[str, JSON], law: str, cause: str) -> Iterator[Violation]:
    """Demand that two answers show the same in these fields."""
    for field in fields:
        one, other = answer.object.get(field), read.object.get(field)
        if one != other:
            yield Violation(law, f"{cause}: {field!r} differs", answer, repr(other)[:200], repr(one)[:200])


def lead_to(created: Exchange, found: Exchange | None, resource: Resource) -> Iterator[Violation]:
    """`Location` of a new object is there and leads to it. `found` is the answer at that address."""
    location = created.response.header("location")
    if location is None:
        cause = f"the answer to creating a {resource.name} has no Location"
        yield Violation("location-missing", cause, created, "Location", "no Location")
        return
    if found is None or resource.id_of(found.object) != resource.id_of(created.object):
        cause = f"Location of a new {resource.name} leads elsewhere: {location}"
        seen = found.seen if found else "an address of another host"
        yield Violation("location-elsewhere", cause, created, f"the {resource.name} that was created", seen)


def be_made_once(created: Exchange, alike: tuple[str, ...], resource: Resource) -> Iterator[Violation]:
    """Demand that one request makes one object. `alike` are the ids of all with its unique name."""
    if len(alike) > 1:
        cause = f"one request made {len(alike)} of the same {resource.name}"
        yield Violation("created-twice", cause, created, f"one {resource.name}", f"{', '.join(alike)}")


def be_gone(exchange: Exchange, what: str) -> Iterator[Violation]:
    """Demand that what was deleted is not found. `what` was asked: "reading it", "changing it"."""
    if exchange.status not in (404, 410):
        law = "use-after-delete" if exchange.status < 500 else "crash"
        cause = f"{what} after it was deleted answers {exchange.status}"
        yield Violation(law, cause, exchange, "404 or 410")


def delete_again(exchange: Exchange, name: str, promised: frozenset[str]) -> Iterator[Violation]:
    """Demand that deleting what is gone succeeds again, or says that it is gone (RFC 9110 9.2.2)."""
    allowed = {"204", "200", "404", "410"} & promised or {"204", "404"}
    if str(exchange.status) not in allowed:
        cause = f"deleting a {name} again answers {exchange.status}: deleting is not idempotent"
        yield Violation("delete-not-idempotent", cause, exchange, " or ".join(sorted(allowed)))


def be_defaults(created: Exchange, defaults: Mapping[str, JSON]) -> Iterator[Violation]:
    """Demand that what was left out has the documented default."""
    for field, value in defaults.items():
        came = created.object.get(field)
        if came != value:
            cause = f"{field!r} was left out, and is not the documented default"
            yield Violation("default-not-applied", cause, created, repr(value)[:100], repr(came)[:100])
