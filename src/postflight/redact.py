"""Takes secrets out of everything that leaves the process: messages, tracebacks, curl lines, traces.

A secret is found however it is spelled: each of its characters plain, percent-encoded, escaped as in JSON or Python or
as an HTML entity (also nested, as JSON inside JSON), and its base64 at any of the three alignments (so also inside
`user:secret` of basic authentication). JSON Web Tokens are taken out without being known beforehand: a browser's trace
holds tokens that no code of ours ever saw.
"""

import base64
import html.entities
import itertools
import os
import re
import shutil
import string
import tempfile
import threading
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from postflight.model import Deployment, Secret

SHORTEST = 4  # characters; a shorter value would take half of every text with it
_SHORTEST_PART = 6  # characters of a secret beside a cut; fewer could be anything
_CUT = re.compile(r"\.\.\.|…")
_TOKEN_HEAD = re.compile(r"eyJ[\w-]{5,}(?:\.[\w-]*){0,2}\Z")
_CHUNK = 1 << 20  # bytes read at a time from a trace
_NEVER_ESCAPED = frozenset(string.ascii_letters + string.digits)
_TOKEN = rb"eyJ[\w-]{5,2000}\.eyJ[\w-]{5,8000}\.[\w-]{1,2000}"  # RFC 7519: both parts are JSON objects, {" is eyJ
_TOKEN_WIDTH = 12_010  # bytes: the longest match of _TOKEN
_ESCAPES = {"\n": b"n", "\r": b"r", "\t": b"t", "\b": b"b", "\f": b"f", "'": b"'", '"': b'"', "/": b"/"}
_BACKSLASH = (rb"\\", rb"%(?:25){0,3}5[cC]")  # JSON is often percent-encoded as a whole
_MORE_BACKSLASHES = rb"(?:" + rb"|".join(_BACKSLASH) + rb")"
_SPELLED_WIDTH = 128  # bytes: the longest spelling of one byte, nested escapes included


class Redactor:
    """Holds the values of secrets and takes them out. Threads may share it; values can be added at any time."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}  # value -> name
        self._rules: _Rules | None = None  # compiled when first needed after a change
        for secret in secrets:
            self.add(secret.reveal(), secret.name)

    @classmethod
    def of(cls, deployment: Deployment) -> "Redactor":
        """Return a redactor that knows every secret of a deployment."""
        accounts = deployment.accounts.values()
        owned = (secret for account in accounts for secret in (account.email, account.password))
        return cls(itertools.chain(deployment.secrets.values(), owned))

    def add(self, value: str, name: str = "") -> None:
        """Take this value out from now on, as `[secret NAME]` or `[secret]`. Values under 4 characters are ignored."""
        if len(value) < SHORTEST:
            return
        with self._lock:
            if value not in self._names:
                self._names[value] = name
                self._rules = None

    def text(self, text: str) -> str:
        """Return the text without secrets, also where a representation was cut (`abc...xyz`) in the middle of one."""
        clean = self.bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
        with self._lock:
            values = [value for value in self._names if len(value) > _SHORTEST_PART]
        return _without_parts(clean, values)

    def bytes(self, data: bytes) -> bytes:
        """Return the bytes without secrets."""
        return self._compiled().clean(data)

    def zip(self, path: Path) -> None:
        """Take secrets out of every member of a zip (a Playwright trace), in place; other members keep their content.

        Memory stays bounded. Raises `zipfile.BadZipFile` or `OSError` and then leaves the file as it was: do not
        publish it.
        """
        rules = self._compiled()
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
        os.close(handle)
        try:
            with zipfile.ZipFile(path) as source, zipfile.ZipFile(name, "w") as target:
                for member in source.infolist():
                    cleaned = zipfile.ZipInfo(self.text(member.filename), member.date_time)
                    cleaned.compress_type, cleaned.external_attr = member.compress_type, member.external_attr
                    with source.open(member) as old, target.open(cleaned, "w", force_zip64=True) as new:
                        rules.copy(old, new)
            shutil.copymode(path, name)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)

    def _compiled(self) -> "_Rules":
        with self._lock:
            if self._rules is None:
                self._rules = _compile(self._names)
            return self._rules


@dataclass(frozen=True, slots=True)
class _Rules:
    """One pattern for all secrets. Each alternative ends in an empty group, whose number says which mark to set."""

    pattern: re.Pattern[bytes]
    marks: tuple[bytes, ...]
    width: int  # bytes: no match is longer

    def clean(self, data: bytes) -> bytes:
        return self.pattern.sub(self._mark, data)

    def copy(self, source: IO[bytes], target: IO[bytes]) -> None:
        """Copy a stream without its secrets, also those that lie across two chunks."""
        kept = b""
        while chunk := source.read(_CHUNK):
            kept += chunk
            end = len(kept) - self.width  # a match that begins before this is whole
            done = 0
            for match in self.pattern.finditer(kept):
                if match.start() >= end:
                    break
                target.write(kept[done : match.start()] + self._mark(match))
                done = match.end()
            end = max(done, end)
            target.write(kept[done:end])
            kept = kept[end:]
        target.write(self.clean(kept))

    def _mark(self, match: re.Match[bytes]) -> bytes:
        return self.marks[(match.lastindex or 1) - 1]


def _without_parts(text: str, values: list[str]) -> str:
    """Return the text without what stands of a secret at either side of a cut. pytest cuts long values so."""
    pieces, done = [], 0
    for cut in _CUT.finditer(text):
        head, tail = cut.start(), cut.end()
        for value in values:
            lengths = range(len(value), _SHORTEST_PART - 1, -1)
            before = next((n for n in lengths if text.endswith(value[:n], done, cut.start())), 0)
            after = next((n for n in lengths if text.startswith(value[-n:], cut.end())), 0)
            head, tail = min(head, cut.start() - before), max(tail, cut.end() + after)
        if token := _TOKEN_HEAD.search(text, max(done, cut.start() - _TOKEN_WIDTH), cut.start()):
            head = min(head, token.start())
            rest = re.compile(r"[\w.-]*").match(text, cut.end())
            tail = max(tail, rest.end() if rest else tail)
        if (head, tail) != cut.span():
            pieces += [text[done:head], "[secret]"]
            done = tail
    return "".join([*pieces, text[done:]])


def _compile(names: dict[str, str]) -> _Rules:
    alternatives, width = [], _TOKEN_WIDTH
    longest_first = sorted(names, key=len, reverse=True)
    for spelled in (_plain, _base64):  # a plain value is never hidden behind the base64 of another
        for value in longest_first:
            mark = f"[secret {names[value]}]" if names[value] else "[secret]"
            alternatives += [(pattern, mark.encode()) for pattern in spelled(value)]
            width = max(width, _SPELLED_WIDTH * len(value.encode("utf-8", "surrogatepass")))
    alternatives.append((_TOKEN, b"[secret token]"))  # last: a known value keeps its name
    pattern = b"|".join(pattern + b"()" for pattern, _ in alternatives)
    return _Rules(re.compile(pattern), tuple(mark for _, mark in alternatives), width)


def _plain(value: str) -> list[bytes]:
    """Return patterns, together all spellings of a value. Each begins with a literal byte: `re` then skips fast."""
    first, *others = [_spellings(character, len(list(run))) for character, run in itertools.groupby(value)]
    rest = b"".join(map(_any_of, others))
    return [spelling + rest for spelling in first]


def _base64(value: str) -> list[bytes]:
    """Return patterns for the part of base64 that the value alone decides, at each of the three alignments."""
    data = value.encode("utf-8", "surrogatepass")
    patterns = []
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        # a character holds 6 bits; the outermost share theirs with what stands before and after
        first, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        head, *others = [_base64_spellings(character) for character in encoded[first:end]]
        rest = b"".join(map(_any_of, others))
        patterns += [spelling + rest for spelling in head]
    return patterns


def _base64_spellings(character: str) -> list[bytes]:
    special = {"+": [rb"\+", b"-", _percent("+")], "/": [b"/", b"_", _percent("/"), rb"\\{1,8}/"]}
    return special.get(character) or [character.encode()]


def _any_of(spellings: list[bytes]) -> bytes:
    return spellings[0] if len(spellings) == 1 else b"(?:" + b"|".join(spellings) + b")"


def _spellings(character: str, count: int = 1) -> list[bytes]:
    """Return patterns for a run of one character, each beginning with a literal byte. Escapes may be nested."""
    plain = re.escape(character.encode("utf-8", "surrogatepass"))
    if character in _NEVER_ESCAPED:
        return [plain * count]
    if character == "\\":  # each level of escaping doubles it; one quantifier, so that nothing is tried twice
        more = _MORE_BACKSLASHES + b"{%d,%d}" % (count - 1, 8 * count - 1)
        return [backslash + more for backslash in _BACKSLASH] + [entity * count for entity in _entities(character)]
    direct = [plain, _percent(character), *_entities(character)]
    escaped = b"(?:" + b"|".join([*_escapes(character), *direct]) + b")"
    spelled = direct + [backslash + _MORE_BACKSLASHES + b"{0,7}" + escaped for backslash in _BACKSLASH]
    if character == " ":
        spelled.append(rb"\+")
    return [spelling * count for spelling in spelled]


def _percent(character: str) -> bytes:
    utf8 = character.encode("utf-8", "surrogatepass")
    return b"".join(b"%(?:25){0,3}" + _hex(byte, 2) for byte in utf8)


def _escapes(character: str) -> list[bytes]:
    """Return what stands behind a backslash, in JSON, JavaScript and Python."""
    utf8, utf16 = (character.encode(encoding, "surrogatepass") for encoding in ("utf-8", "utf-16-be"))
    units = [b"u" + _hex(int.from_bytes(utf16[i : i + 2], "big"), 4) for i in range(0, len(utf16), 2)]
    octets = [b"x" + _hex(byte, 2) for byte in utf8]
    between = _MORE_BACKSLASHES + b"{1,8}"
    letter = [_ESCAPES[character]] if character in _ESCAPES else []
    number = ord(character)
    return [*letter, between.join(units), between.join(octets), b"x" + _hex(number, 2), b"U" + _hex(number, 8)]


def _entities(character: str) -> list[bytes]:
    """Return entities of HTML and XML; an ampersand may itself have become one."""
    number = ord(character)
    names = [name for name, code in html.entities.name2codepoint.items() if code == number]
    if character == "'":
        names.append("apos")  # XML has it, HTML 4 has not
    spelled = [b"#0{0,6}%d" % number, b"#[xX]0{0,6}" + _hex(number, 1), *map(str.encode, names)]
    return [b"&(?:amp;){0,3}" + entity + b";" for entity in spelled]


def _hex(number: int, digits: int) -> bytes:
    return "".join(
        f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{number:0{digits}x}"
    ).encode()
