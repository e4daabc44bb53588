"""Run one stage of the gate: pytest in a process of its own, with a deadline, telling what it does as it does it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from postflight.model import Status
from postflight.pipes import lines

STAGES = ("smoke", "security", "contract", "performance", "load")  # what is cheap and telling comes first
PHASES = ("validation", "database", "backend", "frontend", "traffic")  # names of stage sets, in a deployment's order
PROGRESS_VARIABLE = "POSTFLIGHT_PROGRESS_FD"  # where the plugin writes one JSON line for each event
REMOVAL_DEADLINE = 10.0  # seconds
GRACE = 20.0  # seconds that an interrupted stage has to clean up what it created
LAST_RELEASE_VARIABLE = "POSTFLIGHT_LAST_RELEASE"  # a file with the weights of the last release's pages
NO_LAST_RELEASE_VARIABLE = "POSTFLIGHT_NO_LAST_RELEASE"  # why there is none, though there may have been one
WEIGHTS = "weights.json"  # among a stage's reports: those of this one
STAGE_VARIABLE = "POSTFLIGHT_STAGE"  # set for a stage: the gate shows one verdict for all of them


@dataclass(frozen=True, slots=True)
class Progress:
    """What a stage tells: how many checks are planned, or that one has ended."""

    planned: int
    title: str = ""
    status: Status | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StageEnd:
    """How the process ended. `timed_out`: it was ended by us at its deadline."""

    exit_code: int
    timed_out: bool


def run_stage(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    deadline: float,
    on_progress: Callable[[Progress], None],
) -> StageEnd:
    """Run pytest with these arguments until it ends or `deadline` seconds have passed.

    All that it prints goes to `log`. At the deadline it is interrupted, so that it can clean up and write its verdict,
    and killed when it does not.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + deadline
    read_end, write_end = os.pipe()
    with (
        log.open("wb") as output,
        os.fdopen(read_end, "rb", buffering=0) as pipe,
        _scratch_folder() as scratch,
    ):
        try:
            process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", "pytest", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # what a killed stage and its browser leave in temporary folders goes with `scratch`
                env={**environment, PROGRESS_VARIABLE: str(write_end), "TMPDIR": scratch},
                pass_fds=[write_end],
                start_new_session=True,
            )
        finally:
            os.close(write_end)
        timed_out = False
        try:
            for line in lines(pipe.fileno(), until):
                if (progress := _parse(line)) is not None:
                    on_progress(progress)
            process.wait(max(0.1, until - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            timed_out = True
        finally:
            exit_code = _end(process)
    return StageEnd(exit_code, timed_out)


@contextlib.contextmanager
def _scratch_folder() -> Iterator[str]:
    """Yield a folder for a stage's temporary files, and remove it with whatever still writes there.

    Playwright starts the browser in a session of its own, so it outlives a stage that is killed, for a moment.
    """
    folder = tempfile.mkdtemp(prefix="postflight-stage-")
    try:
        yield folder
    finally:
        until = time.monotonic() + REMOVAL_DEADLINE
        while True:
            _kill_users_of(folder)
            shutil.rmtree(folder, ignore_errors=True)
            if not Path(folder).exists() or time.monotonic() > until:
                break
            time.sleep(0.02)


def _kill_users_of(folder: str) -> None:
    """Kill the processes that were started with this folder for their temporary files: they are the stage's own."""
    mark = f"TMPDIR={folder}".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended, or is not ours
            if mark in environ.read_bytes().split(b"\0"):
                os.kill(int(environ.parent.name), signal.SIGKILL)


def _parse(line: bytes) -> Progress | None:
    try:
        told = json.loads(line)
        status = Status(told["status"]) if told.get("status") else None
        return Progress(int(told["planned"]), str(told.get("title", "")), status, float(told.get("seconds", 0.0)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _end(process: subprocess.Popen[bytes]) -> int:
    """End the process and all that it started, politely first. Returns its exit code."""
    try:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
    finally:  # also when whoever cancelled the job has lost patience, and interrupts once more
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()
