"""What the YAML documents have in common: strictness, the kinds of values in them, and errors for people."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from postflight.config import secrets, urls, yaml_source
from postflight.config.nearest import did_you_mean
from postflight.config.units import EXAMPLES, bare_number, known_units, parse_quantity
from postflight.config.yaml_source import Place, Problem, Source, Value
from postflight.model import Quantity, Unit


class Document(BaseModel):
    """A part of a YAML document: an unknown key or a value of another type is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


D = TypeVar("D", bound=Document)


def _quantity(unit: Unit | None) -> Callable[[object], Quantity]:
    def parse(value: object) -> Quantity:
        if isinstance(value, str):
            return parse_quantity(value, unit)
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(bare_number(str(value)[:40], unit))  # noqa: TRY004 - pydantic gathers these
        raise ValueError(f"expected a quantity like '{EXAMPLES[unit or Unit.SECONDS]}', found {shown(value)}")

    return parse


def _quantity_schema(unit: Unit | None) -> WithJsonSchema:
    units = "|".join(re.escape(name) for name in sorted(known_units(unit), key=len, reverse=True))
    pattern = rf"^\s*[0-9.]+([eE][+-]?[0-9]+)?\s*({units})\s*$"
    examples = [EXAMPLES[unit]] if unit else list(EXAMPLES.values())
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": examples})


AnyQuantity = Annotated[Quantity, PlainValidator(_quantity(None)), _quantity_schema(None)]
Duration = Annotated[Quantity, PlainValidator(_quantity(Unit.SECONDS)), _quantity_schema(Unit.SECONDS)]
Count = Annotated[Quantity, PlainValidator(_quantity(Unit.COUNT)), _quantity_schema(Unit.COUNT)]
Ratio = Annotated[Quantity, PlainValidator(_quantity(Unit.RATIO)), _quantity_schema(Unit.RATIO)]
PerSecond = Annotated[Quantity, PlainValidator(_quantity(Unit.PER_SECOND)), _quantity_schema(Unit.PER_SECOND)]
WebAddress = Annotated[str, AfterValidator(urls.check_web_address), Field(json_schema_extra={"format": "uri"})]
ServiceAddress = Annotated[str, AfterValidator(urls.check_service_address), Field(json_schema_extra={"format": "uri"})]
EnvironmentVariable = Annotated[
    str, AfterValidator(secrets.check_name), Field(json_schema_extra={"pattern": secrets.NAME.pattern})
]
Sentence = Annotated[str, Field(min_length=3)]


def read(path: Path, document: type[D], check: Callable[[D, Source], Iterable[Problem]] | None = None) -> D:
    """Read and validate a file; `check` adds what needs the whole document. Raises `ConfigError` with all problems."""
    return validate(yaml_source.read_yaml(path), document, check)


def validate(source: Source, document: type[D], check: Callable[[D, Source], Iterable[Problem]] | None = None) -> D:
    """Turn a source into its document; as `read`."""
    problems = [
        source.problem(place, "this looks like a secret; write the name of an environment variable instead")
        for place, text in _texts(source.values, ())
        if secrets.looks_like_secret(text)
    ]
    try:
        found = document.model_validate(source.values)
    except ValidationError as invalid:
        places = {problem.place for problem in problems}
        details = invalid.errors(include_url=False)
        problems += [p for p in (_problem(source, document, detail) for detail in details) if p.place not in places]
    else:
        problems += check(found, source) if check else ()
        if not problems:
            return found
    raise yaml_source.error(source.name, problems)


def shown(value: object) -> str:
    """Describe a value of a file in a message: short, and without a secret that was put there by mistake."""
    match value:
        case None:
            return "nothing"
        case Mapping():
            return "a mapping"
        case tuple():
            return "a list"
        case str() if secrets.looks_like_secret(value):
            return "what looks like a secret"
        case bool():
            return "true" if value else "false"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _problem(source: Source, document: type[Document], detail: ErrorDetails) -> Problem:
    place = tuple(part for part in detail["loc"] if part != "[key]")
    return source.problem(place, _message(document, place, detail))


def _message(document: type[Document], place: Place, detail: ErrorDetails) -> str:
    """Say what pydantic found in words for the writer of a YAML file."""
    value, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"unknown key{did_you_mean(str(place[-1]), _keys(document, place[:-1]))}"
        case "missing":
            return "this key is missing"
        case "enum" | "literal_error":
            allowed = re.findall(r"'([^']*)'", str(context.get("expected")))
            hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
            return f"{shown(value)} is not one of {', '.join(allowed) or context.get('expected')}{hint}"
        case "value_error":
            return str(context.get("error"))
        case "string_pattern_mismatch":
            return f"{shown(value)} does not match {context.get('pattern')}"
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"expected a mapping, found {shown(value)}"
        case "tuple_type":
            return f"expected a list, found {shown(value)}"
        case "string_type":
            return f"expected text, found {shown(value)}"
        case "date_type":
            return f"expected a date like 2026-12-31, found {shown(value)}"
    return f"{re.sub(r'^[A-Z][a-z]+ should', 'should', detail['msg'])}, found {shown(value)}"


def _keys(document: type[Document], place: Place) -> list[str]:
    """Return the keys that a document allows at a place."""
    kind: Any = document
    for part in place:
        if isinstance(kind, type) and issubclass(kind, Document):
            kind = _plain(kind.model_fields[str(part)].annotation)
        else:  # a mapping or a tuple: what it holds
            kind = _plain(next(held for held in reversed(get_args(kind)) if held is not Ellipsis))
    return [held.alias or name for name, held in kind.model_fields.items()]


def _plain(kind: Any) -> Any:
    """Take `Annotated` and `| None` off a type."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return _plain(next(part for part in get_args(kind) if part is not NoneType))
    return kind


def _texts(value: Value, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, held in value.items():
            yield from _texts(held, (*place, key))
    elif isinstance(value, tuple):
        for index, held in enumerate(value):
            yield from _texts(held, (*place, index))
