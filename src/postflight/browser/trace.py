"""Cleans a Playwright trace of what it shows to be secret, whether or not anybody declared it.

A trace holds a password four times over: as the argument of `fill`, in the log line about it, as the field's value in
each snapshot, and in the body of the request that sent it. And it holds the session that came back. So the secrets
are read where the trace names them (password fields, `Authorization`, cookies) and then taken out everywhere.

Layout of the archive, as Playwright 1.65 writes it: `*.trace`, `*.network` and `*.stacks` are one JSON object per line,
`resources/*` are bodies.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
SHORTEST_PASSWORD = 4  # characters; anything shorter is part of half of all words
SHORTEST_TOKEN = 8
VALUE = "__playwright_value_"  # Playwright's attribute for what a field holds
SENSITIVE_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "apikey"})
COOKIE_HEADERS = frozenset({"cookie", "set-cookie"})
# Names and references of Playwright's own: a password "frame" must not break the format
STRUCTURE = frozenset(
    {"type", "class", "method", "callId", "pageId", "frameId", "pageref", "phase", "sha1", "_file", "_sha1"}
)


def clean_trace(source: Path, target: Path) -> None:
    """Write the trace `source` to `target` without the secrets that it shows. Both are zip archives."""
    with zipfile.ZipFile(source) as archive:
        secrets = sorted(find_secrets(archive), key=len, reverse=True)  # the longest first: one may hold another
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as cleaned:
            for name in archive.namelist():
                cleaned.writestr(name, _clean_member(name, archive.read(name), secrets))


def find_secrets(archive: zipfile.ZipFile) -> set[str]:
    """Return the values that a trace itself names as secret."""
    found: set[str] = set()
    for name in archive.namelist():
        if _is_lines(name):
            for event in _events(archive.read(name)):
                found.update(_secrets_in(event))
    return found


def _secrets_in(node: Any) -> Iterator[str]:
    match node:
        case ["INPUT", {"type": str(kind)} as attributes, *_] if kind.lower() == "password":
            yield from _long((str(attributes.get(VALUE, "")), str(attributes.get("value", ""))), SHORTEST_PASSWORD)
        case {"selector": str(selector), "value": str(value)} if (
            "password" in selector.lower()
        ):  # the argument of `fill`
            yield from _long((value,), SHORTEST_PASSWORD)
        case {"name": str(name), "value": str(value)} if name.lower() in SENSITIVE_HEADERS:
            yield from _long((value, value.rpartition(" ")[2]), SHORTEST_TOKEN)
        case {"name": str(name), "value": str(value)} if name.lower() in COOKIE_HEADERS:
            pairs = (
                line.split(";") if name.lower() == "cookie" else line.split(";")[:1] for line in value.splitlines()
            )
            yield from _long((pair.partition("=")[2].strip() for line in pairs for pair in line), SHORTEST_TOKEN)
        case dict():
            for value in node.values():
                yield from _secrets_in(value)
        case list():
            for value in node:
                yield from _secrets_in(value)


def _long(values: Iterable[str], shortest: int) -> Iterator[str]:
    return (value for value in values if len(value) >= shortest)


def _clean_member(name: str, content: bytes, secrets: list[str]) -> bytes:
    if _is_lines(name):
        return b"".join(json.dumps(_hide(event, secrets)).encode() + b"\n" for event in _events(content))
    for secret in secrets:
        for form in _forms(secret):
            content = content.replace(form.encode(), HIDDEN.encode())
    return content


def _hide(node: Any, secrets: list[str]) -> Any:
    match node:
        case str():
            for secret in secrets:
                for form in _forms(secret):
                    node = node.replace(form, HIDDEN)
            return node
        case dict():
            return {key: value if _is_structure(key, value) else _hide(value, secrets) for key, value in node.items()}
        case list():
            return [_hide(value, secrets) for value in node]
        case _:
            return node


def _is_structure(key: str, value: Any) -> bool:
    return key in STRUCTURE and isinstance(value, str)


def _forms(secret: str) -> Iterator[str]:
    """Yield how a text may show up: as it is, in JSON, in a URL and in a form."""
    yield from dict.fromkeys((secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)))


def _is_lines(name: str) -> bool:
    return name.endswith((".trace", ".network", ".stacks"))


def _events(content: bytes) -> Iterator[Any]:
    """Yield the JSON values of a member, one per line."""
    return (json.loads(line) for line in content.splitlines() if line.strip())
