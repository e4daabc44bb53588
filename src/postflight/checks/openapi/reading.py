"""Bytes to a `Document`: JSON or YAML 1.2, bounded, every key a text. Nothing in a document can expand or recurse.

YAML is read from the parser's events, without recursion. What OpenAPI asks for (YAML's JSON schema) is what is read:
`no` is a text, `200:` is the key "200". An alias stands for what its anchor holds, and counts as if written out.
"""

import json
import math
import re
from dataclasses import dataclass, field
from typing import NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from postflight.checks.openapi.document import BadDocument, Document, Json, kind_of

LARGEST_JSON = 16 * 1024 * 1024  # bytes
LARGEST_YAML = 4 * 1024 * 1024  # bytes; about 10 s
DEEPEST = 64  # nested collections
MOST_VALUES = 1_000_000
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_LONGEST_NUMBER = 400  # characters


def read(content: bytes, name: str) -> Document:
    """Read a document of OpenAPI 3.0 or 3.1. Raises `BadDocument` with the place and what to do."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDocument(f"{name}: this is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    root = _json(text, name) if text.lstrip()[:1] == "{" else _yaml(text, name)
    return from_values(root, name)


def from_values(root: Json, name: str) -> Document:
    """Make a document of values that are in memory: of texts, numbers, truth values, None, lists and dictionaries."""
    _bound(root, name)
    top = Document(name, root).top
    if not isinstance(root, dict):
        raise BadDocument(f"{name}: expected an OpenAPI document, found {kind_of(root)}")
    if "swagger" in root:
        raise BadDocument(f"{name}: this is Swagger {root['swagger']}; convert it to OpenAPI 3 (swagger2openapi)")
    version = re.match(r"3\.([01])(\.|$)", top.text("openapi"))
    if version is None:
        said = f"{root['openapi']!r}"[:40] if "openapi" in root else "no version"
        raise BadDocument(f"{name}#/openapi: expected 3.0.x or 3.1.x, found {said}")
    return Document(name, root, (3, int(version[1])))


def _json(text: str, name: str) -> Json:
    if len(text) > LARGEST_JSON:
        raise BadDocument(f"{name} is larger than {LARGEST_JSON // 1024**2} MiB; split it or leave parts out")

    def once(pairs: list[tuple[str, Json]]) -> Json:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [key for key, _ in pairs]
            twice = next(key for key in names if names.count(key) > 1)
            raise BadDocument(f"{name}: the key {twice!r} is twice in one object; remove one")
        return found

    def no_number(said: str) -> NoReturn:
        raise BadDocument(f"{name}: {said} is no number of JSON; write a finite number")

    try:
        root: Json = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except RecursionError:
        raise BadDocument(f"{name} is nested more than {DEEPEST} deep; use $ref") from None
    except json.JSONDecodeError as error:
        if error.msg.startswith("Expecting property name"):  # YAML's flow style may start with a brace as well
            return _yaml(text, name)
        raise BadDocument(f"{name}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise BadDocument(f"{name}: this is not JSON: {str(error)[:80]}") from error
    return root


def _bound(root: Json, name: str) -> None:
    """Walk all values once, without recursion. Raises `BadDocument`."""
    todo: list[tuple[Json, int]] = [(root, 1)]
    count = 0
    while todo:
        value, depth = todo.pop()
        count += 1
        if depth > DEEPEST:
            raise BadDocument(f"{name} is nested more than {DEEPEST} deep; use $ref")
        if count > MOST_VALUES:
            raise BadDocument(f"{name} has more than {MOST_VALUES:,} values; split it or leave parts out")
        if isinstance(value, float) and not math.isfinite(value):
            raise BadDocument(f"{name}: a number is too large or not finite; write one that JSON can hold")
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    raise BadDocument(f"{name}: the key {str(key)[:40]!r} is {kind_of(key)}; quote it")
            todo += [(one, depth + 1) for one in value.values()]
        elif isinstance(value, list):
            todo += [(one, depth + 1) for one in value]


def _yaml(text: str, name: str) -> Json:
    if len(text) > LARGEST_YAML:
        raise BadDocument(f"{name} is larger than {LARGEST_YAML // 1024**2} MiB of YAML; convert it to JSON")
    builder = _Builder(name)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise BadDocument(f"{name}:{mark.line + 1 if mark else 1}: this is neither JSON nor YAML: {said}") from error
    except (YAMLError, RecursionError) as error:
        raise BadDocument(f"{name}: this is neither JSON nor YAML: {str(error).splitlines()[0]}") from error
    return builder.root


@dataclass(slots=True)
class _Open:
    """A collection that has begun and not ended."""

    value: dict[str, Json] | list[Json]
    anchor: str | None
    before: int  # values that were counted when it began
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    """Builds values from the parser's events."""

    name: str
    root: Json = None
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Json, int]] = field(default_factory=dict)  # the value, and how many values it holds
    count: int = 0
    documents: int = 0

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.refuse(event, "a second document starts here; leave one")
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self.begin(event)
        elif isinstance(event, CollectionEndEvent):
            self.end(event)
        elif isinstance(event, AliasEvent):
            self.alias(event)
        elif isinstance(event, ScalarEvent):
            self.scalar(event)

    def begin(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        if len(self.open) >= DEEPEST:
            self.refuse(event, f"this is nested more than {DEEPEST} deep; use $ref")
        if self.awaits_key:
            self.refuse(event, "a key must be a text")
        self.counted(event, 1)
        value: dict[str, Json] | list[Json] = {} if isinstance(event, MappingStartEvent) else []
        self.open.append(_Open(value, event.anchor, self.count - 1))

    def end(self, event: Event) -> None:
        done = self.open.pop()
        self.put(event, done.value)
        if done.anchor is not None:
            self.anchors[done.anchor] = (done.value, self.count - done.before)

    def alias(self, event: AliasEvent) -> None:
        if event.anchor not in self.anchors:
            self.refuse(event, f"*{event.anchor} stands for nothing that ended before; write it out")
        held, size = self.anchors[event.anchor]
        self.counted(event, size)
        self.put(event, held)

    @property
    def awaits_key(self) -> bool:
        """Whether the next scalar is a key."""
        return bool(self.open) and isinstance(self.open[-1].value, dict) and self.open[-1].key is None

    def scalar(self, event: ScalarEvent) -> None:
        self.counted(event, 1)
        if self.awaits_key:
            self.begin_key(event, event.value)
            return
        value = _scalar(event.value) if event.implicit[0] else event.value
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        self.put(event, value)

    def begin_key(self, event: Event, key: str) -> None:
        if key == "<<":
            self.refuse(event, "merge keys (<<) are not part of OpenAPI; write the fields out, or use allOf")
        if key in self.open[-1].value:
            self.refuse(event, f"the key {key!r} is here twice; remove one")
        self.open[-1].key = key

    def put(self, event: Event, value: Json) -> None:
        if not self.open:
            self.root = value
            return
        within = self.open[-1]
        if isinstance(within.value, list):
            within.value.append(value)
        elif within.key is None:
            if not isinstance(value, str):
                self.refuse(event, "a key must be a text")
            self.begin_key(event, value)
        else:
            within.value[within.key] = value
            within.key = None

    def counted(self, event: Event, more: int) -> None:
        self.count += more
        if self.count > MOST_VALUES:
            self.refuse(event, f"there are more than {MOST_VALUES:,} values up to here; leave parts out")

    def refuse(self, event: Event, message: str) -> NoReturn:
        raise BadDocument(f"{self.name}:{event.start_mark.line + 1}: {message}")


def _scalar(text: str) -> Json:
    """Return the value of a plain scalar, by YAML 1.2's core schema without octal, hexadecimal, .inf and .nan."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text.lower() in ("true", "false") and text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if len(text) <= _LONGEST_NUMBER and (number := _NUMBER.fullmatch(text)):
        return float(text) if number[2] or number[3] else int(text)
    return text
