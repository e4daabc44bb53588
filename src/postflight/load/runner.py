"""Run a load test as processes of its own: Locust's master and workers, or one process that is both.

Locust is not imported here: it patches whoever imports it. What the run found comes back as its `verdict.json`, of this
run or none, as that of a stage of the gate does.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from postflight.config.load import Shape
from postflight.errors import CannotMeasure
from postflight.load.orders import BUDGETS_VARIABLE, LIFELINE_VARIABLE, PROGRESS_VARIABLE, Beat, Orders, class_name
from postflight.load.safety import GRACE, PATIENCE
from postflight.pipes import lines
from postflight.reference_process import READY_VARIABLE
from postflight.report import document
from postflight.report.document import Document

START_DEADLINE = 30.0  # seconds: imports, and workers that find their master


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many workers there are, and where. `expect` workers on other hosts join those started here."""

    workers: int = 1
    master: bool = False
    expect: int = 0
    bind: str = "127.0.0.1"
    port: int = 0  # 0: a free one


@dataclass(slots=True)
class _Processes:
    master: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def all(self) -> tuple[subprocess.Popen[bytes], ...]:
        return (self.master, *self.workers)


def run_load(
    profile: str,
    shape: Shape,
    orders: Orders,
    *,
    distribution: Distribution | None = None,
    ready: str | None = None,
    on_beat: Callable[[Beat], None] = lambda _: None,
) -> Document:
    """Run a profile in a shape, and return what it found: `orders.reports` holds that and more.

    Raises:
        CannotMeasure: it ended without a verdict. The message ends with the last words of Locust's log.
        KeyboardInterrupt: after all processes have cleaned up and ended.

    """
    distribution = distribution or Distribution()
    reports = Path(orders.reports)
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "verdict.json").unlink(missing_ok=True)
    deadline = time.monotonic() + START_DEADLINE + shape.seconds + PATIENCE + 2 * GRACE
    with ExitStack() as resources:
        processes, beats = _start(profile, orders, distribution, ready, resources)
        late = False
        try:
            for line in lines(beats, deadline):
                if (beat := _parse(line)) is not None:
                    on_beat(beat)
            processes.master.wait(max(0.1, deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            late = True
        finally:
            _end(processes)
    try:
        return document.read(reports / "verdict.json", run_id=orders.run_id)
    except CannotMeasure as error:
        why = f"it did not end within {shape.seconds:g} s and its grace; " if late else ""
        raise CannotMeasure(f"{why}{error}{_last_words(reports / 'locust.log')}") from error


def worker_command(orders: Orders, host: str, port: int) -> list[str]:
    """Return how a worker is started, here or on another host."""
    return [*_locust(orders), "--worker", f"--master-host={host}", f"--master-port={port}"]


def environment_of(orders: Orders, ready: str | None = None) -> dict[str, str]:
    """Return the environment variables of Locust's processes."""
    here = [str(Path.cwd()), os.environ.get("PYTHONPATH", "")]  # where the user's adapter may be
    added = {"PYTHONPATH": os.pathsep.join(filter(None, here)), "GEVENT_SUPPORT": "True"}
    added[BUDGETS_VARIABLE] = orders.budgets  # also none: a variable that stands here would give it other shapes
    if ready:
        added[READY_VARIABLE] = ready
    return {**os.environ, **added}


def _start(
    profile: str, orders: Orders, distribution: Distribution, ready: str | None, resources: ExitStack
) -> tuple[_Processes, int]:
    """Start all processes. Returns them, and the descriptor that the deciding one writes its beats to."""
    reports, environment = Path(orders.reports), environment_of(orders, ready)
    beats, beats_end = os.pipe()
    lifeline, lifeline_end = os.pipe()  # nothing is written to it: its end says that we are gone
    resources.callback(os.close, beats)
    resources.callback(os.close, lifeline_end)

    def start(command: Sequence[str], log: str, *, beating: bool) -> subprocess.Popen[bytes]:
        passed = {LIFELINE_VARIABLE: lifeline} | ({PROGRESS_VARIABLE: beats_end} if beating else {})
        with (reports / log).open("wb") as output:
            return subprocess.Popen(  # noqa: S603 - Locust's own module, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment | {name: str(descriptor) for name, descriptor in passed.items()},
                pass_fds=list(passed.values()),
                start_new_session=True,  # a Ctrl-C is for us: flows clean up before anything is killed
            )

    command = [*_locust(orders), "--headless", "--only-summary", f"--html={reports / 'locust.html'}"]
    distributed = distribution.master or distribution.workers > 1
    try:
        if not distributed:
            return _Processes(start([*command, class_name(profile)], "locust.log", beating=True)), beats
        port = distribution.port or _free_port()
        expected = distribution.workers + distribution.expect
        command += ["--master", f"--master-bind-host={distribution.bind}", f"--master-bind-port={port}"]
        command += [f"--expect-workers={expected}", f"--expect-workers-max-wait={START_DEADLINE:.0f}"]
        processes = _Processes(start([*command, class_name(profile)], "locust.log", beating=True))
        host = "127.0.0.1" if distribution.bind in {"*", "0.0.0.0"} else distribution.bind  # noqa: S104 - compared
        try:
            for number in range(distribution.workers):
                worker = start(worker_command(orders, host, port), f"worker-{number + 1}.log", beating=False)
                processes.workers.append(worker)
        except BaseException:
            _end(processes)
            raise
        return processes, beats
    finally:
        os.close(beats_end)
        os.close(lifeline)


def _locust(orders: Orders) -> list[str]:
    own = Path("load/locustfile.py")  # of the suite, where users of one's own may join
    file = own if own.exists() else Path(__file__).parent / "swarm" / "locustfile.py"
    return [sys.executable, "-m", "locust", f"--locustfile={file}", *orders.arguments()]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _parse(line: bytes) -> Beat | None:
    try:
        told = json.loads(line)
        return Beat(**{name: told[name] for name in Beat.__slots__})
    except (ValueError, KeyError, TypeError):
        return None


def _end(processes: _Processes) -> None:
    """End all processes: the master first, which tells its workers; those that do not listen are told, then killed.

    Each step has its time, so that flows can end the sessions that they have started.
    """
    try:
        for told in ((processes.master,), tuple(processes.workers)):
            until = time.monotonic() + GRACE
            if told and told[0] is processes.master:
                _tell(told, signal.SIGINT)
            elif processes.master.returncode != 0:
                _tell(told, signal.SIGTERM)  # the master was killed, or interrupted: nobody else tells them
            for process in told:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.1, until - time.monotonic()))
    finally:  # also when whoever cancelled the job has lost patience, and interrupts once more
        for process in processes.all:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _tell(processes: Sequence[subprocess.Popen[bytes]], number: signal.Signals) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(number)


def _last_words(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        if lines:
            return "; Locust's last words: " + " | ".join(lines[-3:])[-600:]
    return ""
