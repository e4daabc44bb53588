"""How often does a stage cry wolf? Runs it again and again against a healthy reference platform, and counts.

    python scripts/alarms.py                          # 30 runs of stage performance, every second beside busy processes
    python scripts/alarms.py --stage security --runs 10 --busy 0

Exits with 1 when a run was anything but `promote`: `hold` and `rollback` are alarms, `invalid` is a failure of ours.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEADLINE = 600.0  # seconds of one run
GATE = "from postflight.cli import main; main()"


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep so many cores busy meanwhile."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def run(stage: str, reports: Path) -> tuple[str, list[str]]:
    """Run the stage once. Return its decision and the reasons."""
    environment = {**os.environ, "POSTFLIGHT_HISTORY": "off", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", GATE, "gate", "--stage", stage, "--reports", str(reports)]
    subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=DEADLINE, check=False
    )
    verdict = json.loads((reports / "verdict.json").read_text())["verdict"]
    return verdict["decision"], [f"{reason['check']}: {reason['text']}" for reason in verdict["reasons"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", default="performance")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--busy", type=int, default=2, help="busy processes beside every second run")
    options = parser.parse_args()
    decisions: Counter[tuple[str, str]] = Counter()
    for number in range(options.runs):
        beside = options.busy if number % 2 else 0
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder, busy(beside):
            decision, reasons = run(options.stage, Path(folder))
        decisions["busy" if beside else "quiet", decision] += 1
        took, load = time.monotonic() - began, os.getloadavg()[0]
        print(f"{number + 1:3}  {decision:8}  {took:5.1f} s  {beside} busy, load {load:.1f}", flush=True)
        for reason in reasons:
            print(f"     {reason}", flush=True)
    print(", ".join(f"{count} {decision} ({kind})" for (kind, decision), count in sorted(decisions.items())))
    sys.exit(any(decision != "promote" for _, decision in decisions))


if __name__ == "__main__":
    main()
