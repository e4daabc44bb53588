"""From the last release to this one, and from this one to the next: files of weights, in and out of a run."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from postflight.checks.weight.release import Release, from_json, joined, to_json
from postflight.errors import CannotMeasure, NotEnoughEvidence
from postflight.stage_process import LAST_RELEASE_VARIABLE, NO_LAST_RELEASE_VARIABLE, WEIGHTS


def read_last_release() -> Release | None:
    """Return the files of the last release: from the file that the gate names, or the person who runs the suite.

    Raises `NotEnoughEvidence` where there may be one that the gate could not read: this one is not the first.
    """
    if why := os.environ.get(NO_LAST_RELEASE_VARIABLE, ""):
        raise NotEnoughEvidence(f"nothing to compare with: {why}")
    named = os.environ.get(LAST_RELEASE_VARIABLE, "")
    if not named:
        return None
    try:
        return from_json(Path(named).read_text())
    except (OSError, ValueError) as error:
        raise CannotMeasure(f"${LAST_RELEASE_VARIABLE} names {named}, which cannot be read: {error}") from error


def leave(reports: Path, release: Release) -> None:
    """Write a release's files into `weights.json`, beside those that other workers of the same run have left there.

    Whoever verifies the next release may read it.
    """
    reports.mkdir(parents=True, exist_ok=True)
    path = reports / WEIGHTS
    folder = os.open(reports, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # the kernel frees it with the process: nobody holds it for long
        left = release
        with suppress(OSError, ValueError):  # there is none yet, or it is half of one
            before = from_json(path.read_text())
            left = joined(before, release) if before.name == release.name else release
        path.write_text(to_json(left))
    finally:
        os.close(folder)
