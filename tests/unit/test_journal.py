"""The journal under the ledgers: a line that was cut off anywhere is left out, and what changed is noticed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from postflight.errors import CannotMeasure
from postflight.journal import Journal, read_journal, reopened


@dataclass(frozen=True)
class Said:
    text: str


ADAPTER: TypeAdapter[Said] = TypeAdapter(Said)
LINES = (Said("first"), Said("zweite, mit Umlaut: ü → …\u2028\n"), Said('with ", "chain": " in it'))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def descriptor(path: Path) -> Iterator[int]:
    found = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    yield found
    os.close(found)


def write(path: Path, descriptor: int) -> bytes:
    journal = Journal(path, descriptor, ADAPTER)
    for line in LINES:
        journal.append(line)
    return path.read_bytes()


def read(path: Path) -> tuple[Said, ...]:
    return tuple(line for _, line in read_journal(path, ADAPTER))


def test_a_journal_cut_at_any_byte_says_all_that_was_whole_and_goes_on(path: Path, descriptor: int) -> None:
    whole = write(path, descriptor)
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        lines = whole[:end].count(b"\n")
        assert read(path) == LINES[:lines], end
        journal, found = reopened(path, descriptor, ADAPTER)
        assert found == LINES[:lines]
        journal.append(Said("next"))
        assert read(path) == (*LINES[:lines], Said("next")), end


@pytest.mark.parametrize("change", ["digit", "line lost", "lines swapped"])
def test_what_is_not_as_it_was_written_is_noticed(path: Path, descriptor: int, change: str) -> None:
    lines = write(path, descriptor).splitlines(keepends=True)
    changed = {
        "digit": [lines[0].replace(b"first", b"fir5t"), *lines[1:]],
        "line lost": lines[1:],
        "lines swapped": [lines[1], lines[0], lines[2]],
    }[change]
    path.write_bytes(b"".join(changed))
    with pytest.raises(CannotMeasure, match=r"journal\.jsonl:1 is not as it was written"):
        read(path)
