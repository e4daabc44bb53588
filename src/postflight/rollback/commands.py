"""Commands that act: no shell, little environment, a deadline, bounded output, and nothing is left running."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from postflight.redact import Redactor
from postflight.rollback.model import Refused, Unclear

KEPT = 16_000  # bytes of output: the last ones
_LOOK = 0.05  # seconds between two looks whether it has ended
# what a command gets from our environment beside what is asked for: no secret of anybody else
PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `output` is the end of what it said on both streams, without secrets."""

    exit_code: int
    output: str

    @property
    def last_line(self) -> str:
        """The last thing that it said."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"


class Commands:
    """Runs commands. `keep` are descriptors that they inherit: a lock is held as long as somebody acts."""

    def __init__(self, redactor: Redactor, environ: Mapping[str, str]) -> None:
        self.redactor = redactor
        self.keep: tuple[int, ...] = ()
        self._passed = {name: environ[name] for name in PASSED if name in environ}

    def run(self, argv: Sequence[str], environment: Mapping[str, str], *, deadline: float, kept: int = KEPT) -> Ended:
        """Run a command until it ends, and keep the last `kept` bytes of what it says.

        Raises `Refused` when it cannot be started, `Unclear` when it is not done in `deadline` seconds: then it is
        killed with all that it started.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 - the configuration's command, as a list: no shell
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**self._passed, **environment},
                pass_fds=self.keep,
                start_new_session=True,
            )
        except OSError as error:
            raise Refused(
                f"{argv[0]} cannot be started ({error.strerror}): install it here, or write its path in"
                " deployments.yaml"
            ) from error
        output, in_time = b"", False
        try:
            output, in_time = _read(process, time.monotonic() + deadline, kept)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
            process.stdout.close()
        cut = "…" if len(output) == kept else ""  # the redactor finds what is left of a secret beside the mark
        said = self.redactor.text(cut + output.decode("utf-8", "replace"))
        if not in_time:
            last = Ended(-1, said).last_line
            raise Unclear(f"{argv[0]} was not done within {deadline:g} s and was killed; its last words: {last}")
        return Ended(process.returncode, said)


def _read(process: subprocess.Popen[bytes], until: float, most: int) -> tuple[bytes, bool]:
    """Read until the process ends (a child of it may keep the pipe open) or the time is over; tell which."""
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    descriptor, kept, open_ = process.stdout.fileno(), b"", True
    os.set_blocking(descriptor, False)
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while time.monotonic() < until:
            ended = process.poll() is not None
            if open_ and selector.select(0 if ended else _LOOK):
                chunk = os.read(descriptor, 65_536)
                kept, open_ = (kept + chunk)[-most:], bool(chunk)
            elif ended:
                return kept, True
            elif not open_:
                time.sleep(_LOOK)
    return kept, process.poll() is not None
