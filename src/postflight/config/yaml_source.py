"""A YAML file as plain values that know their lines.

The dialect is small on purpose: YAML 1.2, one document, no anchors, aliases or tags, each key once, bounded size and
depth. So nothing in a file can expand, and what is read is what is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent, DocumentStartEvent, NodeEvent, ScalarEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from postflight.errors import ConfigError

LARGEST = 1024 * 1024  # bytes
DEEPEST = 20  # nested collections

Value = Mapping[str, "Value"] | tuple["Value", ...] | str | int | float | bool | date | None
Place = tuple[str | int, ...]  # the keys and indices that lead to a value


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file: its line (from 1), where in the document, and a sentence."""

    line: int
    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file's values, and the line (from 1) of each place. Sequences are tuples."""

    name: str
    values: Value
    lines: Mapping[Place, int] = field(repr=False)

    def line(self, place: Sequence[str | int]) -> int:
        """Return the line of a place, or of the nearest enclosing place that is in the file."""
        for length in range(len(place), 0, -1):
            if (found := self.lines.get(tuple(place[:length]))) is not None:
                return found
        return 1

    def where(self, place: Sequence[str | int]) -> str:
        """Return `file:line` of a place."""
        return f"{self.name}:{self.line(place)}"

    def problem(self, place: Sequence[str | int], message: str) -> Problem:
        """Build a problem of a place."""
        return Problem(self.line(place), tuple(place), message)


def error(name: str, problems: Sequence[Problem]) -> ConfigError:
    """Put all problems of a file into one error, in order of their lines. There is at least one."""
    lines = [
        f"{name}:{problem.line}: {'.'.join(map(str, problem.place))}{': ' if problem.place else ''}{problem.message}"
        for problem in sorted(problems, key=lambda problem: problem.line)
    ]
    text = lines[0] if len(lines) == 1 else "\n  ".join([f"{name} has {len(lines)} errors:", *lines])
    return ConfigError(text, where=lines[0].partition(": ")[0])


def read_yaml(path: Path) -> Source:
    """Read a file. Raises `ConfigError` that names file and line, and all repeated keys at once."""
    name = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as problem:
        raise ConfigError(f"{name} cannot be read: {problem.strerror}", where=name) from problem
    return parse_yaml(content, name)


def parse_yaml(content: bytes, name: str) -> Source:
    """Parse a file's content; as `read_yaml`."""
    if len(content) > LARGEST:
        raise ConfigError(f"{name} is larger than {LARGEST // 1024} KiB", where=name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise error(name, [Problem(line, (), "this is not UTF-8 text")]) from problem
    reader = _Reader(YAML(typ="safe", pure=True))
    try:
        if refused := _refused(text):
            raise error(name, [refused])
        root = reader.yaml.compose(text)
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        said = " ".join(str(part) for part in (problem.context, problem.problem) if part)
        raise error(name, [Problem(mark.line + 1 if mark else 1, (), f"this is not YAML: {said}")]) from problem
    except YAMLError as problem:
        raise error(name, [Problem(1, (), f"this is not YAML: {str(problem).splitlines()[0]}")]) from problem
    values = reader.value(root, ()) if root is not None else None
    if reader.problems:
        raise error(name, reader.problems)
    return Source(name, values, reader.lines)


def _refused(text: str) -> Problem | None:
    """Find what this dialect leaves out, from the parser's events: they cost neither recursion nor expansion."""
    depth = documents = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                return Problem(line, (), "a second document starts here; one file holds one document")
            if event.version or event.tags:
                return Problem(line, (), "directives (%YAML, %TAG) are not used here; remove them")
        elif isinstance(event, NodeEvent) and event.anchor is not None:
            return Problem(
                line, (), f"anchors and aliases are not used here; write out what '{event.anchor}' stands for"
            )
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        elif isinstance(event, CollectionStartEvent | ScalarEvent) and event.tag is not None:
            return Problem(line, (), f"tags are not used here; remove '{event.tag}'")
        elif isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                return Problem(line, (), f"this is nested more than {DEEPEST} deep")
    return None


@dataclass(slots=True)
class _Reader:
    """Turns composed nodes into values, noting lines and repeated keys."""

    yaml: YAML
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def value(self, node: Node, place: Place) -> Value:
        if isinstance(node, MappingNode):
            return self.mapping(node, place)
        if isinstance(node, SequenceNode):
            return tuple(self.item(item, (*place, index)) for index, item in enumerate(node.value))
        if isinstance(node, ScalarNode):
            return self.scalar(node)
        raise TypeError(f"{type(node).__name__} is no node of YAML")

    def item(self, node: Node, place: Place) -> Value:
        self.lines[place] = node.start_mark.line + 1
        return self.value(node, place)

    def mapping(self, node: MappingNode, place: Place) -> Value:
        found: dict[str, Value] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            # A key is text as it is written: `1:` and `no:` are names here, not a number and a truth value.
            key = key_node.value
            if not isinstance(key_node, ScalarNode):
                self.problems.append(Problem(line, place, "a key must be a plain name"))
            elif key in found:
                first = self.lines[(*place, key)]
                self.problems.append(Problem(line, (*place, key), f"this key is here twice; first in line {first}"))
            else:
                self.lines[(*place, key)] = line
                found[key] = self.value(value_node, (*place, key))
        return found

    def scalar(self, node: ScalarNode) -> Value:
        try:
            value = self.yaml.constructor.construct_object(node, deep=True)
        except (ValueError, OverflowError, YAMLError):  # `2026-02-31` or `=`: the text says more than an exception
            return str(node.value)
        return value if isinstance(value, str | int | float | bool | date | None) else str(node.value)
