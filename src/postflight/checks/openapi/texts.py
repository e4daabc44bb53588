"""Texts: patterns and formats, as far as they can be judged safely.

Patterns are ECMAScript's and run with Python's `re`, so only those run on which both agree, and which cannot take
long: no repeated groups with repetitions inside, no back references, few open-ended repetitions, short texts.
"""

import ipaddress
import re
import uuid
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache

from postflight.checks.openapi.answers import Answer

LONGEST_PATTERN = 1000  # characters
_LONGEST_TEXT = {0: 2_000_000, 1: 2_000_000, 2: 200, 3: 60}  # by number of open-ended repetitions
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_OPEN_ENDED = re.compile(r"[*+]|\{\d+,\d*\}")
_FOREIGN = re.compile(r"\\[pPkcbBZAzG1-9]|\(\?(?!:)|\\u\{")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> tuple[re.Pattern[str], int] | None:
    """Return a pattern and the length of texts that it may see, or None when it must not run."""
    if len(pattern) > LONGEST_PATTERN:
        return None
    plain = _CLASS.sub("c", re.sub(r"\\\\", "e", pattern))
    if _FOREIGN.search(plain):
        return None
    plain = re.sub(r"\\.", "e", plain)
    repetitions = len(_OPEN_ENDED.findall(plain))
    if repetitions and re.search(r"\)[*+{]", plain):
        return None  # ((a+)+)+ and its kin take exponential time
    if repetitions not in _LONGEST_TEXT:
        return None
    longest = _LONGEST_TEXT[repetitions]
    if repetitions and not plain.startswith("^"):
        longest = min(longest, 2000)
    try:
        # `$` of ECMAScript is the very end, that of Python also the place before a last line feed
        return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern)), longest
    except (re.error, OverflowError, RecursionError):
        return None


def matches(pattern: str, text: str) -> Answer:
    """Say whether a pattern is found in a text."""
    ready = _compiled(pattern)
    if ready is None or len(text) > ready[1]:
        return Answer.UNKNOWN
    return Answer.of(ready[0].search(text) is not None)


def _date(text: str) -> bool:
    return len(text) == 10 and bool(date.fromisoformat(text))


def _date_time(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)", text):
        return False
    return bool(datetime.fromisoformat(text[:19].upper().replace(" ", "T")))


def _uuid(text: str) -> bool:
    return len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-" and bool(uuid.UUID(text))


def _looks(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*"
_FORMATS: dict[str, Callable[[str], bool]] = {
    "date": _date,
    "date-time": _date_time,
    "time": _looks(r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[-+]\d\d:\d\d)"),
    "duration": _looks(r"P(?=.)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?)"),
    "uuid": _uuid,
    "email": _looks(r"[^@\s]+@[^@\s]+"),
    "idn-email": _looks(r"[^@\s]+@[^@\s]+"),
    "ipv4": lambda text: bool(ipaddress.IPv4Address(text)) or True,
    "ipv6": lambda text: bool(ipaddress.IPv6Address(text)) or True,
    "hostname": _looks(
        r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
    ),
    "uri": _looks(_URI),
    "iri": _looks(_URI),
    "uri-reference": _looks(r"[^\s<>\"{}|\\^`]*"),
    "iri-reference": _looks(r"[^\s<>\"{}|\\^`]*"),
    "byte": _looks(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?"),
    "json-pointer": _looks(r"(/[^/]*)*"),
}
ANNOTATIONS = frozenset({"password", "binary", "html", "markdown", "commonmark", "char", "textarea", "multiline"})
_WITHIN = frozenset(
    {
        ("uri", "uri-reference"), ("uri", "iri"), ("uri", "iri-reference"), ("uri-reference", "iri-reference"),
        ("iri", "iri-reference"), ("email", "idn-email"), ("hostname", "idn-hostname"), ("int32", "int64"),
        ("float", "double"),
    }
)  # fmt: skip
_NUMERIC = frozenset({"int8", "int16", "int32", "int64", "float", "double", "decimal"})

# Texts to try: at least one of each format, and some of none.
STOCK = (
    "", "a", "A", "0", "-", "_", "~ no format ~", "abc", "a_b", "a-b", "ABC", "42", "1.5", "true", "x" * 8,
    "2024-02-29", "1999-12-31", "2024-02-29T12:00:00Z", "1999-12-31T23:59:59Z", "12:00:00Z", "23:59:59Z", "P1D",
    "6f1c2a52-3a0c-4a53-9a3e-2f4b8f0f6d11", "A0000000-0000-1000-8000-000000000000", "ada@example.com", "a@b.c",
    "192.0.2.1", "10.0.0.1", "2001:db8::1", "::1", "www.example.com", "https://example.com/a?b=c", "/a/b", "YWJj",
    "AB-12", "en", "USD", "EUR", "ä", "1.2.3",
)  # fmt: skip


def fits_format(name: str, text: str) -> Answer:
    """Say whether a text has a format. Formats that say nothing about the text itself fit always."""
    if name in ANNOTATIONS or name in _NUMERIC:
        return Answer.YES
    check = _FORMATS.get(name)
    if check is None:
        return Answer.UNKNOWN
    try:
        return Answer.of(len(text) <= 5000 and check(text))
    except ValueError:
        return Answer.NO


def format_within(inner: str, outer: str) -> bool:
    """Whether every text of one format has another one, too."""
    return inner == outer or (inner, outer) in _WITHIN or outer in ANNOTATIONS
