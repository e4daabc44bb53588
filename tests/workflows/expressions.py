"""GitHub's expressions, as far as our workflows use them; anything else is refused, so that nothing is misjudged.

Source: "Evaluate expressions in workflows and actions" of GitHub's documentation. `==` ignores the case of texts and
compares values of different types as numbers; `&&` and `||` return an operand; what is not there is null.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>\|\||&&|==|!=|[!().,]))"
)
STATUS = ("success", "failure", "cancelled", "always")
INSERTED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class Refused(Exception):
    """An expression uses something that this evaluator does not know."""


@dataclass
class World:
    """What an expression sees: contexts by name, the results of the jobs that are needed, and the workflow's state."""

    contexts: Mapping[str, Any] = field(default_factory=dict)
    results: Sequence[str] = ()
    cancelled: bool = False

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        match name, arguments:
            case "always", []:
                return True
            case "cancelled", []:
                return self.cancelled
            case "success", []:
                return not self.cancelled and all(result == "success" for result in self.results)
            case "failure", []:
                return not self.cancelled and "failure" in self.results
            case "contains", [list(items), item]:
                return any(equal(each, item) for each in items)
            case "contains", [str(text), part]:
                return shown(part).lower() in text.lower()
            case "fromJSON", [str(text)]:
                return json.loads(text)
        raise Refused(f"{name}({', '.join(map(repr, arguments))})")


def evaluate(expression: str, world: World) -> Any:
    """Return the value of an expression, with or without its `${{ }}`."""
    return _Reader(_tokens(_bare(expression)), world).whole()


def holds(condition: str | None, world: World) -> bool:
    """Whether an `if:` lets a job or step run: without a status function it means `success() && (...)`."""
    if condition is None:
        return bool(world.call("success", []))
    called = {value for kind, value in _tokens(_bare(condition)) if kind == "name"}
    implied = called.isdisjoint(STATUS)
    return (not implied or bool(world.call("success", []))) and truthy(evaluate(condition, world))


def insert(text: str, world: World) -> str:
    """Return a text with the values of its `${{ }}`."""
    return INSERTED.sub(lambda found: shown(evaluate(found[1], world)), text)


def truthy(value: Any) -> bool:
    return value not in (None, False, 0, "") if not isinstance(value, list | dict) else True


def shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        return one is other
    return one is other or _number(one) == _number(other)


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return math.nan


def _bare(expression: str) -> str:
    text = expression.strip()
    if text.startswith("${{"):
        if not text.endswith("}}") or text.count("${{") != 1:
            raise Refused(f"a mixture of text and expression: {text}")
        text = text[3:-2]
    return text.strip()


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            raise Refused(f"{text[place:]!r} in {text!r}")
        tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
        place = found.end()
    return tokens


class _Reader:
    """Reads the tokens from left to right; each method reads what binds at least as strongly as its name."""

    def __init__(self, tokens: list[tuple[str, str]], world: World) -> None:
        self._tokens, self._world = [*tokens, ("end", "")], world

    def whole(self) -> Any:
        value = self._either()
        if self._tokens[0][0] != "end":
            raise Refused(f"what follows {self._tokens}")
        return value

    def _either(self) -> Any:
        return self._chain("||", self._both, lambda left, right: left if truthy(left) else right)

    def _both(self) -> Any:
        return self._chain("&&", self._equality, lambda left, right: right if truthy(left) else left)

    def _chain(self, sign: str, read: Callable[[], Any], join: Callable[[Any, Any], Any]) -> Any:
        value = read()
        while self._take(sign):
            value = join(value, read())
        return value

    def _equality(self) -> Any:
        value = self._unary()
        while True:
            if self._take("=="):
                value = equal(value, self._unary())
            elif self._take("!="):
                value = not equal(value, self._unary())
            else:
                return value

    def _unary(self) -> Any:
        return not truthy(self._unary()) if self._take("!") else self._primary()

    def _primary(self) -> Any:
        kind, text = self._tokens.pop(0)
        if (kind, text) == ("sign", "("):
            value = self._either()
            self._expect(")")
            return value
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text)
        if kind == "name" and text in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text]
        if kind == "name":
            return self._call(text) if self._take("(") else self._context(text)
        raise Refused(f"{text!r}")

    def _call(self, name: str) -> Any:
        arguments: list[Any] = []
        while not self._take(")"):
            arguments.append(self._either())
            if not self._take(","):
                self._expect(")")
                break
        return self._world.call(name, arguments)

    def _context(self, name: str) -> Any:
        if name not in self._world.contexts:
            raise Refused(f"the context {name}")
        value = self._world.contexts[name]
        while self._take("."):
            kind, key = self._tokens.pop(0)
            if kind != "name":
                raise Refused(f".{key}")
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def _take(self, sign: str) -> bool:
        if self._tokens[0] == ("sign", sign):
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise Refused(f"{self._tokens[0][1]!r} where {sign!r} should be")
