"""Who may call: alternatives of schemes with scopes. A scheme is what it demands of a client, whatever its name.

An old call keeps working when some new alternative asks for no more than the one that it satisfied.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from postflight.checks.openapi.change import Change, Kind, Place
from postflight.checks.openapi.document import Node
from postflight.checks.openapi.validity import canonical

_IDENTITY = ("type", "scheme", "in", "openIdConnectUrl")
_ADDRESSES = ("authorizationUrl", "tokenUrl", "refreshUrl")


@dataclass(frozen=True, slots=True)
class Alternative:
    """Schemes that are needed together, each with scopes."""

    needs: frozenset[tuple[str, frozenset[str]]]
    name: str

    def asks_no_more_than(self, other: "Alternative") -> bool:
        """Whether credentials for the other are enough."""
        held = dict(other.needs)
        return all(scheme in held and scopes <= held[scheme] for scheme, scopes in self.needs)


def compare_operations(old: Node, new: Node, subject: str) -> Iterator[Change]:
    """Compare what two operations ask for."""
    before, after = alternatives(old), alternatives(new)
    place = Place(_place(old), _place(new))
    lost = [one for one in before if not any(other.asks_no_more_than(one) for other in after)]
    if lost:
        yield _lost(lost, after, place, subject)
    elif any(not any(one.asks_no_more_than(other) for one in before) for other in after):
        message = f"{subject}: other or fewer credentials are enough now"
        yield Change("security-loosened", Kind.COMPATIBLE, place, message)


def _lost(lost: list[Alternative], after: list[Alternative], place: Place, subject: str) -> Change:
    names = " or ".join(one.name for one in after)[:200]
    if any(not one.needs for one in lost):
        message = f"{subject}: needed no credentials, and needs {names} now"
        return Change("security-required", Kind.BREAKING, place, message)
    for one in lost:
        mine = {scheme for scheme, _ in one.needs}
        if any(mine == {scheme for scheme, _ in other.needs} for other in after):
            message = f"{subject}: {one.name} is not enough any more; needs {names} now"
            return Change("security-scope-added", Kind.BREAKING, place, message)
    gone = ", ".join(one.name for one in lost)[:200]
    message = f"{subject}: {gone} is not enough any more; needs {names} now"
    return Change("security-tightened", Kind.BREAKING, place, message)


def alternatives(operation: Node) -> list[Alternative]:
    """Return what an operation asks for; an alternative without needs is for everybody."""
    top = operation.document.top
    listed = operation.items("security") if "security" in operation.mapping() else top.items("security")
    found = []
    for node in listed:
        needs, names = set(), []
        for name, scopes in node.fields().items():
            asked = frozenset(map(str, scopes.value)) if isinstance(scopes.value, list) else frozenset()
            needs.add((_identity(top, name), asked))
            names.append(f"{name} ({', '.join(sorted(asked))})" if asked else name)
        found.append(Alternative(frozenset(needs), " and ".join(names) or "nothing"))
    return found or [Alternative(frozenset(), "nothing")]


def _schemes(top: Node) -> dict[str, Node]:
    components = top.get("components")
    return {name: node.resolved() for name, node in components.fields("securitySchemes").items()} if components else {}


def _identity(top: Node, name: str) -> str:
    scheme = _schemes(top).get(name)
    if scheme is None:
        return name
    said = {key: scheme.text(key).lower() for key in _IDENTITY if key in scheme.mapping()}
    if said.get("type") == "apikey":
        said["name"] = scheme.text("name")
    return canonical(said)


def _place(operation: Node) -> str:
    own = operation.step("security")
    return own.pointer if own else "/security"


def compare_schemes(old: Node, new: Node) -> Iterator[Change]:
    """Compare the schemes themselves: what clients have in their settings."""
    before, after = _schemes(old), _schemes(new)
    for name, scheme in before.items():
        now = after.get(name)
        if now is None:
            continue
        place = Place(scheme.pointer, now.pointer)
        if _identity(old, name) != _identity(new, name):
            message = (
                f"the security scheme {name[:80]!r} is another one now; the operations that use it say what that means"
            )
            yield Change("security-scheme-changed", Kind.MAYBE, place, message)
            continue
        was_flows, is_flows = scheme.fields("flows"), now.fields("flows")
        for flow, was in was_flows.items():
            if flow not in is_flows:
                message = f"the security scheme {name[:80]!r} has no flow {flow[:80]!r} any more"
                yield Change("security-scheme-changed", Kind.MAYBE, place, message)
            else:
                yield from _flow(name, was, is_flows[flow])


def _flow(name: str, old: Node, new: Node) -> Iterator[Change]:
    place = Place(old.pointer, new.pointer)
    moved = [key for key in _ADDRESSES if old.text(key) != new.text(key)]
    if moved:
        message = f"the security scheme {name[:80]!r} has another {', '.join(moved)}"
        yield Change("security-address-changed", Kind.MAYBE, place, message)
    gone = sorted(old.fields("scopes").keys() - new.fields("scopes").keys())
    if gone:
        message = f"the security scheme {name[:80]!r} has no scope {', '.join(gone)[:80]} any more"
        yield Change("security-scope-unavailable", Kind.MAYBE, place, message)
