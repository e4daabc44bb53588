"""Shows the watch at work on the reference platform, which switches between two releases: what is decided, and when.

    python scripts/live.py                        every demonstration but the long one
    python scripts/live.py outage --times 5       all answers 500 after a promotion: from the first to *accepted*
    python scripts/live.py tenth                  every tenth answer is 500
    python scripts/live.py healthy --for 10m      a good release is promoted, and nobody is called
    python scripts/live.py healthy --busy 2       the same beside two processes that take all the time they get
    python scripts/live.py cut                    Prometheus stops: hold
    python scripts/live.py shared                 the database of both releases is gone: hold
    python scripts/live.py switch                 --during-deploy: 99.9 % is shown, and not one request is lost
    python scripts/live.py stalled                the same, while the watch stands still for a second: not their fault

Ends with 0 when each decided as it should. Figures are this machine's.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import httpx  # noqa: E402 - after the path
import psycopg  # noqa: E402

from tests.e2e.conftest import POSTFLIGHT  # noqa: E402
from tests.e2e.prometheus import prometheus  # noqa: E402
from tests.reference.running import Running, start  # noqa: E402

FAST = ("--every", "250ms", "--block", "500ms")  # all failing in mid-watch is found in 2 to 3 s, in a watch of 30 min
DEADLINE = 60.0  # seconds that a demonstration may take beyond what it watches
TRIGGERS = """
version: 1
platforms:
  velocity:
    triggers:
      error_rate: {above: 5 %, within: 5 min, do: immediate_rollback}
      response_time: {p95: 2 s, within: 5 min, do: immediate_rollback}
"""


@dataclass
class Demonstration:
    """A platform, and the figures of what was shown on it."""

    running: Running
    folder: Path
    options: argparse.Namespace
    figures: dict[str, object] = field(default_factory=dict)

    @property
    def control(self) -> dict[str, str]:
        found: dict[str, str] = self.running.ready["control"]
        return found

    @contextlib.contextmanager
    def api(self) -> Iterator[httpx.Client]:
        headers = {"Authorization": f"Bearer {self.control['token']}"}
        with httpx.Client(base_url=self.control["url"], headers=headers, timeout=10) as client:
            yield client

    def project(self) -> dict[str, Any]:
        with self.api() as api:
            found: dict[str, Any] = api.get(f"/v9/projects/{self.control['project']}").raise_for_status().json()
            return found

    def promote(self) -> None:
        """Let the next release go live, and wait until it is."""
        release = self.running.ready["releases"][1]["id"]
        with self.api() as api:
            api.post(f"/v10/projects/{self.control['project']}/promote/{release}").raise_for_status()
        self.until(lambda: self.project()["lastAliasRequest"]["jobStatus"] == "succeeded", "promoted")

    def until(self, wanted: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not wanted():
            if time.monotonic() > deadline:
                raise RuntimeError(f"not within {DEADLINE:.0f} s: {what}")
            time.sleep(0.02)

    @contextlib.contextmanager
    def watch(self, *arguments: str) -> Iterator["Watching"]:
        """Run `postflight watch` on the public address; the old release is its control."""
        old = self.running.ready["releases"][0]
        act = ("--act",) if self.options.act else ()
        with self.started("--json-lines", *FAST, "--control-url", old["url"], *act, *arguments) as process:
            yield Watching(process)

    @contextlib.contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run `postflight watch` with these arguments."""
        rollback = f"""
        rollback:
          serves: {{path: /api/health, field: version}}
          immediate_rollback:
            - vercel: {{project: {self.control["project"]}, team: {self.control["team"]}, token: VERCEL_TOKEN,
                api: "{self.control["url"]}"}}
"""
        (self.folder / "deployments.yaml").write_text(f"""
version: 1
platforms:
  velocity:
    environments:
      here:
        base_url: {self.running.ready["web"]}
        services: {{web: {{health: /api/health}}}}
{rollback if self.options.act else ""}""")
        (self.folder / "budgets.yaml").write_text(TRIGGERS)
        with (self.folder / "errors.txt").open("w+") as errors:
            process = subprocess.Popen(
                [*POSTFLIGHT, "watch", "--environment", "here", *arguments],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "VERCEL_TOKEN": self.control["token"]},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()


class Watching:
    """A watch that runs, and the lines that it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        """Read on until a line is as wanted; None when there are no more."""
        assert self._process.stdout is not None
        for text in self._process.stdout:
            self.lines.append(json.loads(text) | {"read": time.time()})
            if wanted(self.lines[-1]):
                return self.lines[-1]
        return None

    def blocks(self, number: int) -> None:
        self.until(lambda line: line["kind"] == "block" and line["record"]["number"] == number)

    def end(self) -> dict[str, Any]:
        """Wait for the end, and return the verdict with its exit code."""
        self.until(lambda _: False)
        verdict = next((line for line in self.lines if line["kind"] == "verdict"), {"decision": None, "reasons": []})
        return verdict | {"code": self._process.wait(DEADLINE)}

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["kind"] == "call"]


@contextlib.contextmanager
def visitor(url: str) -> Iterator[list[float]]:
    """Visit 50 times a second, and give the times (since 1970) of bad answers."""
    bad: list[float] = []
    done = threading.Event()

    def visit() -> None:
        with httpx.Client(timeout=5) as client:
            while not done.wait(0.02):
                if client.get(f"{url}/api/flags").status_code >= 500:
                    bad.append(time.time())

    thread = threading.Thread(target=visit, daemon=True)
    thread.start()
    try:
        yield bad
    finally:
        done.set()
        thread.join()


def _broken(shown: Demonstration, watch_for: str) -> bool:
    with visitor(shown.running.ready["web"]) as bad, shown.watch("--for", watch_for) as watching:
        watching.blocks(20)
        shown.promote()
        verdict = watching.end()
    last = shown.project()["lastAliasRequest"]
    shown.figures["verdict"] = verdict["decision"]
    if bad and watching.calls:
        shown.figures["decided after s"] = round(watching.calls[0]["read"] - bad[0], 2)
        blocks = [line for line in watching.lines if line["kind"] == "block"]
        spoilt = [each for each in blocks if each["record"]["seen"]["counted"]["error_rate.probes"].get("bad")]
        shown.figures["bad blocks"] = len(spoilt)
    if last["type"] == "rollback" and bad:
        shown.figures["accepted after s"] = round(last["requestedAt"] / 1000 - bad[0], 2)
        shown.figures["bad answers until served"] = len(bad)
    return verdict["decision"] == "rollback" and (last["type"] == "rollback" or not shown.options.act)


def outage(shown: Demonstration) -> bool:
    """All answers 500 after a promotion in mid-watch."""
    return _broken(shown, "30m")


def tenth(shown: Demonstration) -> bool:
    """Every tenth answer 500 after a promotion in mid-watch."""
    return _broken(shown, "30m")


def switch(shown: Demonstration) -> bool:
    """A clean switch, watched until 99.9 % is shown: longer than it takes, for what a busy machine does not measure."""
    return _switched(shown, "--settle", "150s", stall=0.0) == "promote" and shown.figures["bad"] == 0


def stalled(shown: Demonstration) -> bool:
    """A clean switch, while the watch is stopped (SIGSTOP) for a second: what it could not see is missing."""
    _switched(shown, "--settle", "10s", stall=1.0)
    missing = shown.figures["missing"]
    return shown.figures["bad"] == 0 and isinstance(missing, int) and missing > 0


def _switched(shown: Demonstration, *arguments: str, stall: float) -> str:
    with shown.started("--during-deploy", *arguments) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(1)
        shown.promote()
        if stall:
            process.send_signal(signal.SIGSTOP)
            time.sleep(stall)
            process.send_signal(signal.SIGCONT)
        process.stdout.read()
        process.wait(DEADLINE)
    account = json.loads((shown.folder / "reports" / "during-deploy.json").read_text())
    decision = str(json.loads((shown.folder / "reports" / "verdict.json").read_text())["verdict"]["decision"])
    missing = sum(counts.get("missing", 0) for counts in account["by_version"].values())
    told = {name: account[name] for name in ("sent", "bad", "availability", "strip")}
    shown.figures |= {"verdict": decision, "missing": missing, **told}
    return decision


def healthy(shown: Demonstration) -> bool:
    """A good release, promoted in mid-watch."""
    with shown.watch("--for", shown.options.watch_for) as watching:
        watching.blocks(20)
        shown.promote()
        verdict = watching.end()
    blocks = [line["record"] for line in watching.lines if line["kind"] == "block"]
    requests = [each["seen"]["counted"]["error_rate.probes"] for each in blocks]
    shown.figures |= {
        "verdict": verdict["decision"],
        "alarms": len(watching.calls),
        "blocks": len(blocks),
        "missing": sum("requests" not in each for each in requests),
        "requests": sum(each.get("requests", 0) for each in requests),
        "bad": sum(each.get("bad", 0) for each in requests),
    }
    return verdict["decision"] == "promote" and not watching.calls


def cut(shown: Demonstration) -> bool:
    """Prometheus goes away in mid-watch."""
    scraped = [urlsplit(release["url"]).netloc for release in shown.running.ready["releases"][1:]]
    shown.promote()
    with prometheus(shown.folder / "prometheus", *scraped) as server:
        server.wait_for(f'http_requests_total{{instance="{scraped[0]}"}}')
        with shown.watch("--for", "30s", "--block", "2s", "--prometheus", server.url) as watching:
            watching.blocks(5)
            server.stop()
            verdict = watching.end()
    shown.figures |= {"verdict": verdict["decision"], "because": "; ".join(verdict["reasons"])[:160]}
    return verdict["decision"] == "hold"


def shared(shown: Demonstration) -> bool:
    """The database of both releases refuses everybody."""
    name = urlsplit(shown.running.ready["database"]).path.lstrip("/")
    with shown.watch("--for", "30s") as watching:
        watching.blocks(20)
        with psycopg.connect(shown.running.maintenance_database, autocommit=True) as server:
            server.execute(f'alter database "{name}" allow_connections false'.encode())
            server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        verdict = watching.end()
    shown.figures |= {"verdict": verdict["decision"], "because": "; ".join(verdict["reasons"])[:160]}
    return verdict["decision"] == "hold" and shown.project()["lastAliasRequest"] is None


DEMONSTRATIONS = {each.__name__: each for each in (outage, tenth, cut, shared, switch, stalled, healthy)}
FAULTS = {"outage": "outage", "tenth": "error-rate-tenth"}


def _spin() -> None:
    while True:
        pass


@contextlib.contextmanager
def busy(number: int) -> Iterator[None]:
    """Keep this many processors busy."""
    spinning = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(number)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.join()


def main() -> int:
    """Run what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(DEMONSTRATIONS)}")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--for", dest="watch_for", default="10m")
    parser.add_argument("--busy", type=int, default=0, metavar="PROCESSES")
    parser.add_argument("--no-act", dest="act", action="store_false", help="decide only")
    options = parser.parse_args()
    names = options.names or [name for name in DEMONSTRATIONS if name != "healthy"]
    if unknown := set(names) - DEMONSTRATIONS.keys():
        parser.error(f"there is no {min(unknown)!r}")
    failed, seconds = 0, list[float]()
    for name in names:
        for _ in range(options.times):
            fault = ("--next-fault", FAULTS[name]) if name in FAULTS else ()
            with (
                tempfile.TemporaryDirectory() as folder,
                busy(options.busy),
                start("--next-release", "1.5.0", *fault) as running,
            ):
                shown = Demonstration(running, Path(folder), options)
                good = DEMONSTRATIONS[name](shown)
                if not good:
                    failed += 1
                    sys.stderr.write((Path(folder) / "errors.txt").read_text()[-2000:])
            if isinstance(took := shown.figures.get("accepted after s"), float):
                seconds.append(took)
            figures = "  ".join(f"{what} {value}" for what, value in shown.figures.items())
            sys.stdout.write(f"{name:8} {'as it should' if good else 'WRONG':12} {figures}\n")
            sys.stdout.flush()
    if len(seconds) > 1:
        sys.stdout.write(f"accepted after: median {statistics.median(seconds)} s, longest {max(seconds)} s\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
