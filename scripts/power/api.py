"""API latency: rounds through the client of `postflight compare`, and pytest-benchmark's own runs."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.probes.rounds import Sides
from postflight.stats.paired import Round
from scripts.power.plants import Plant

WARM_UP = 300  # requests to each side
DEADLINE = 60.0  # seconds for them
SUITE = """\
import http.client, os
import pytest
PATHS = os.environ["POWER_PATHS"].split()

@pytest.mark.parametrize("path", PATHS)
def test_api(benchmark, path):
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["POWER_PORT"]), timeout=10)
    def ask():
        connection.request("GET", path)
        return connection.getresponse().read()
    assert benchmark(ask)
    connection.close()
"""


@contextmanager
def client(origin: str, plant: Plant) -> Iterator[Client]:
    """Open the product's client at a variant."""
    with Client(Deployment("power", "power", origin + plant.path, known=True), "power") as opened:
        yield opened


def take_rounds(old: str, new: str, plant: Plant, number: int) -> list[Round]:
    """Return rounds of the healthy handler at `old` and a planted one at `new`, after both are warm."""
    with client(old, Plant()) as before, client(new, plant) as after:
        sides = Sides(before, after)
        sides.warm_up("/api", WARM_UP, time.monotonic() + DEADLINE)
        rounds = sides.rounds("/api", random.Random(number))
        return [next(rounds) for _ in range(number)]


def benchmark(origin: str, plants: Sequence[Plant], *options: str, baseline: Path | None = None) -> tuple[Path, int]:
    """Run pytest-benchmark once, as it comes, on these handlers; return its JSON file and its exit code."""
    folder = Path(tempfile.mkdtemp(prefix="power-"))
    (folder / "test_power.py").write_text(SUITE)
    saved = folder / "benchmark.json"
    compare = [f"--benchmark-compare={baseline}", "--benchmark-compare-fail=mean:5%"] if baseline else []
    environment = os.environ | {
        "POWER_PATHS": " ".join(f"{plant.path}/api" for plant in plants),
        "POWER_PORT": origin.rpartition(":")[2],
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "pytest_benchmark.plugin", f"--benchmark-json={saved}",
         f"--rootdir={folder}", "-c", os.devnull, *compare, *options, str(folder)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if not saved.is_file():
        raise RuntimeError(f"pytest-benchmark wrote nothing: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return saved, done.returncode


def means(saved: Path) -> list[float]:
    """Return the mean of each benchmark, in the order of the plants."""
    return [float(one["stats"]["mean"]) for one in json.loads(saved.read_text())["benchmarks"]]
