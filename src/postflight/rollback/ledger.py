"""What was done about one release: an append-only ledger behind a lock, in a folder of its own.

    .postflight/rollback/velocity/production/<release>/lock            held by whoever acts, and by what it has started
                                                       ledger.jsonl    every step, on the disk before the next one

The lock is flock(2): the kernel frees it when its holder dies, however it dies. So watchers that are to exclude each
other share this folder, on a local disk of one machine.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, TypeAdapter

from postflight.errors import CannotMeasure, ConfigError
from postflight.journal import Journal, read_journal, reopened
from postflight.rollback.model import Case, Move, Stage

_BETWEEN = 0.05  # seconds between two tries for the lock
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}")


What = Literal["serves", "smoke", "told", "ended"]


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A run begins to act, or goes on with what another has begun."""

    kind: Literal["case"]
    time: str
    case: Case


@dataclass(frozen=True, slots=True)
class StepLine:
    """How far an action came. `sent` is on the disk right before it is sent: from there on it may have been done."""

    kind: Literal["step"]
    time: str
    run_id: str
    action: str
    stage: Stage
    move: Move
    key: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class EventLine:
    """What else happened: the release that `serves`, the `smoke` tests, `told` (a channel), and that it `ended`."""

    kind: Literal["event"]
    time: str
    run_id: str
    what: What
    name: str = ""
    text: str = ""


Line = CaseLine | StepLine | EventLine
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Discriminator("kind")])


class Busy(CannotMeasure):
    """Somebody else acts on this release, and did not come to an end in the time that one waits for it."""


@dataclass(frozen=True, slots=True)
class History:
    """The lines of a ledger."""

    lines: tuple[Line, ...] = ()

    def last(self, action: str) -> StepLine | None:
        """Return how far an action came, or None when nobody ever began it."""
        steps = [line for line in self.lines if isinstance(line, StepLine) and line.action == action]
        return steps[-1] if steps else None

    @property
    def case(self) -> Case | None:
        """The case as it was first told, or None of an empty ledger."""
        return next((line.case for line in self.lines if isinstance(line, CaseLine)), None)

    @property
    def began(self) -> datetime:
        """When it was decided: a run began to act, and others went on with what that one had begun."""
        since = 0
        for number, line in enumerate(self.lines):
            if isinstance(line, EventLine) and line.what == "ended":
                since = number
        cases = [line for line in self.lines[since:] if isinstance(line, CaseLine)]
        last = [line for line in self.lines if isinstance(line, CaseLine)][-1:]
        return datetime.fromisoformat((*cases, *last)[0].time)

    @property
    def is_begun(self) -> bool:
        """Whether something was sent, as far as anybody knows."""
        return any(isinstance(line, StepLine) and line.stage is Stage.SENT for line in self.lines)

    @property
    def is_ended(self) -> bool:
        """Whether a run came to its end, and told of it."""
        return self.event("ended") is not None

    def dangling(self) -> tuple[str, ...]:
        """Return the actions that may have been done, and of which nobody knows more."""
        names = dict.fromkeys(line.action for line in self.lines if isinstance(line, StepLine))
        return tuple(name for name in names if (last := self.last(name)) and last.stage is Stage.SENT)

    def event(self, what: What, name: str = "") -> EventLine | None:
        """Return the last event of this kind and name since an action was sent, or None."""
        found = None
        for line in self.lines:
            if isinstance(line, EventLine) and (line.what, line.name) == (what, name):
                found = line
            elif isinstance(line, StepLine) and line.stage is Stage.SENT:
                found = None
        return found


class ActionLedger:
    """The ledger of one release, open to its one writer."""

    def __init__(self, path: Path, descriptor: int, lock: int, run_id: str) -> None:
        self.path = path
        self.lock = lock
        self.run_id = run_id
        self._journal: Journal[Line]
        self._journal, lines = reopened(path, descriptor, _LINE)
        self.history = History(lines)

    def begin(self, case: Case) -> None:
        """Write that this run acts."""
        self._append(CaseLine("case", _now(), case))

    def step(self, action: str, stage: Stage, move: Move, key: str, text: str = "") -> None:
        """Write how far an action came, and wait until it is on the disk."""
        self._append(StepLine("step", _now(), self.run_id, action, stage, move, key, text))

    def event(self, what: What, name: str = "", text: str = "") -> None:
        """Write what else happened."""
        self._append(EventLine("event", _now(), self.run_id, what, name, text))

    def _append(self, line: Line) -> None:
        self._journal.append(line)
        self.history = History((*self.history.lines, line))


def folder_of(state: Path, case: Case) -> Path:
    """Return the folder of a release: its names, and where one could not be the name of a folder, its digest."""
    return state.joinpath(*(_folder_name(part) for part in (case.platform, case.environment, case.release)))


def read_history(folder: Path) -> History:
    """Return what the ledger says now, without the lock: a line that is just being written is left out.

    Raises `CannotMeasure` for a ledger that is not as it was written: what was done is not known then.
    """
    path = folder / "ledger.jsonl"
    try:
        return History(tuple(line for _, line in read_journal(path, _LINE))) if path.exists() else History()
    except CannotMeasure as error:
        remedy = f"look what was done about that release, then move {folder} away"
        raise CannotMeasure(f"{error}; nothing is rolled back here until a person has decided: {remedy}") from error


def histories(state: Path, platform: str, environment: str) -> tuple[History, ...]:
    """Return what was done about the releases of an environment, the last one first. Raises `CannotMeasure`."""
    folder = state.joinpath(_folder_name(platform), _folder_name(environment))
    found = [read_history(path.parent) for path in folder.glob("*/ledger.jsonl")]
    return tuple(sorted((each for each in found if each.case), key=lambda each: each.began, reverse=True))


@contextlib.contextmanager
def locked(folder: Path, run_id: str, *, deadline: float) -> Iterator[ActionLedger]:
    """Hold the lock of a release and yield its ledger.

    Raises `Busy` when somebody else has held it for `deadline` seconds, `ConfigError` when the folder cannot be used,
    `CannotMeasure` for a ledger that is not as it was written.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = _open(folder / "lock", stack)
            until = time.monotonic() + deadline
            while not _taken(lock):
                if time.monotonic() >= until:
                    raise Busy(f"somebody else acts on this release now, and holds {folder}/lock")
                time.sleep(_BETWEEN)
            ledger = _open(folder / "ledger.jsonl", stack, os.O_APPEND)
            _sync(folder)
        except OSError as error:
            raise ConfigError(
                f"the state folder {folder} cannot be used ({error.strerror}): write another `rollback.state:`"
            ) from error
        yield ActionLedger(folder / "ledger.jsonl", ledger, lock, run_id)


def _open(path: Path, stack: contextlib.ExitStack, flags: int = 0) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    stack.callback(os.close, descriptor)
    return descriptor


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync(folder: Path) -> None:
    """Put the names of new files on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _folder_name(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return text if _SAFE.fullmatch(text) else f"{re.sub(r'[^A-Za-z0-9_-]', '_', text)[:40]}-{digest}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
