"""Append-only files of JSON lines, each on the disk before its writer goes on: what the ledgers are made of.

Each line ends with a checksum over itself and the one before it, so that a digit that changed on the way, or a line
that was lost, is noticed. It is no signature: it keeps accidents out, not forgers.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from postflight.errors import CannotMeasure

L = TypeVar("L")

LONGEST = 4_000_000  # bytes of a line
_MARK = ', "chain": "'


class Journal(Generic[L]):
    """Appends lines of one type to an open file, whose last checksum is `chain` (empty for a new file)."""

    def __init__(self, path: Path, descriptor: int, adapter: TypeAdapter[L], chain: str = "") -> None:
        self._path = path
        self._file = descriptor
        self._adapter = adapter
        self._chain = chain

    def append(self, line: L) -> str:
        """Write a line, wait until it is on the disk, and return it. Raises `CannotMeasure` when it is not."""
        body = json.dumps(self._adapter.dump_python(line, mode="json"), ensure_ascii=False)
        chain = chained(self._chain, body)
        text = f'{body[:-1]}{_MARK}{chain}"}}'
        try:
            data = text.encode() + b"\n"
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError as error:
            raise CannotMeasure(f"the ledger {self._path} cannot be written: {error.strerror}") from error
        self._chain = chain
        return text


def read_journal(path: Path, adapter: TypeAdapter[L]) -> Iterator[tuple[int, L]]:
    """Yield the lines with their numbers (from 1). Raises `CannotMeasure` at the first that is not as it was written.

    A last line without its end was cut off when its writer was killed, perhaps within a character; it is not yielded.
    """
    try:
        with path.open("rb") as file:
            chain = ""
            for number in range(1, 1 << 62):
                line = file.readline(LONGEST)
                if not line.endswith(b"\n") and len(line) < LONGEST:
                    return
                body, chain = _checked(line[:-1].decode(), chain, f"{path}:{number}")
                yield number, _parsed(body, adapter, f"{path}:{number}")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotMeasure(f"{path} cannot be read: {error}") from error


def reopened(path: Path, descriptor: int, adapter: TypeAdapter[L]) -> tuple[Journal[L], tuple[L, ...]]:
    """Return a journal that goes on where the file ends, and the lines so far; a line that was cut off is removed.

    `descriptor` is open for reading and writing; nobody else may write meanwhile. Raises as `read_journal`.
    """
    lines = tuple(line for _, line in read_journal(path, adapter))
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.ftruncate(descriptor, whole)
        os.fsync(descriptor)
    os.lseek(descriptor, 0, os.SEEK_END)
    last = data[:whole].rstrip(b"\n").rpartition(b"\n")[2].decode()
    chain = last.rpartition(_MARK)[2].removesuffix('"}') if lines else ""
    return Journal(path, descriptor, adapter, chain), lines


def _checked(text: str, before: str, where: str) -> tuple[str, str]:
    head, mark, tail = text.rpartition(_MARK)
    body, chain = head + "}", tail.removesuffix('"}')
    if not mark or chain != chained(before, body):
        raise CannotMeasure(f"{where} is not as it was written, or a line before it is missing: its checksum differs")
    return body, chain


def _parsed(body: str, adapter: TypeAdapter[L], where: str) -> L:
    try:
        return adapter.validate_python(json.loads(body))
    except (ValidationError, ValueError) as error:
        raise CannotMeasure(f"{where} is no line of a ledger of version 1: {str(error).splitlines()[0]}") from error


def chained(before: str, body: str) -> str:
    """Return the checksum of a line after the one whose checksum is `before`."""
    return hashlib.sha256(f"{before}{body}".encode()).hexdigest()[:16]
