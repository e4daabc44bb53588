"""Puts what the run owns into generated cases: an operation that only ever meets ids of nothing proves nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation

from postflight.flow import JSON

Values = Mapping[
    str, JSON
]  # `path.id`, `query.q`, `header.x`, `body.projectId` -> value: of one object that the run owns

_CONTAINERS = {
    "path": (ParameterLocation.PATH, "path_parameters"),
    "query": (ParameterLocation.QUERY, "query"),
    "header": (ParameterLocation.HEADER, "headers"),
    "body": (ParameterLocation.BODY, "body"),
}
_EXACT = 2**53  # whole numbers below it are exact as JSON's numbers
_STRANGERS = 4  # each fourth case keeps what was generated: ids that nobody owns are part of the contract


@dataclass(slots=True)
class Owned:
    """The objects of one operation. Each is used in turn, `uses` times at most in all (None: without end)."""

    objects: Sequence[Values] = ()
    uses: int | None = None
    seen: int = 0  # cases
    used: int = 0
    filled: set[str] = field(default_factory=set)  # ids of cases that hold an owned object

    def fill(self, case: Case[Any]) -> None:
        """Put an object into a case, where the case is not wrong on purpose just there."""
        if not _is_wrong_on_purpose(case, ParameterLocation.BODY):
            case.body = _with_whole_numbers(case.body)
        if not self.objects or (self.uses is not None and (self.used >= self.uses or _is_negative(case))):
            return
        self.seen += 1
        if self.seen % _STRANGERS == 0:
            return
        values = self.objects[self.used % len(self.objects)]
        if _put(case, values):
            self.used += 1
            self.filled.add(case.id)

    def renew(self, case: Case[Any], old: "Owned") -> None:
        """Put a new object where a case of an earlier attempt held an old one, which may be gone."""
        if self.objects and any(_holds(case, values) for values in old.objects):
            _put(case, self.objects[self.used % len(self.objects)])
            self.used += 1


def _put(case: Case[Any], values: Values) -> bool:
    done = False
    for key, value in values.items():
        place, _, name = key.partition(".")
        location, attribute = _CONTAINERS[place]
        container = getattr(case, attribute)
        if _is_wrong_on_purpose(case, location) or not isinstance(container, dict | Mapping):
            continue
        if place == "body" and name not in container:
            continue
        container[name] = value  # type: ignore[index]  # dictionaries, all of them; Schemathesis types them loosely
        done = True
    return done


def _holds(case: Case[Any], values: Values) -> bool:
    for key, value in values.items():
        place, _, name = key.partition(".")
        container = getattr(case, _CONTAINERS[place][1])
        if isinstance(container, Mapping) and container.get(name) == value:
            return True
    return False


def _is_wrong_on_purpose(case: Case[Any], location: ParameterLocation) -> bool:
    component = case._meta.components.get(location) if case._meta else None  # noqa: SLF001 - `meta` validates it all anew
    return component is not None and component.mode is GenerationMode.NEGATIVE


def _is_negative(case: Case[Any]) -> bool:
    return case._meta is not None and case._meta.generation.mode is GenerationMode.NEGATIVE  # noqa: SLF001


def _with_whole_numbers(value: Any) -> Any:
    """Write 48.0 as 48: JSON Schema calls both integers, many a server only the latter; clients send nothing else."""
    match value:
        case float() if value.is_integer() and abs(value) < _EXACT:
            return int(value)
        case list():
            return [_with_whole_numbers(item) for item in value]
        case dict():
            return {key: _with_whole_numbers(item) for key, item in value.items()}
        case _:
            return value
