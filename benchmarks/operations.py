"""What is timed: the library's repeatable operations, each on the same data in every run."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

from postflight.checks.csp import evaluate, parse_headers
from postflight.checks.openapi.reading import read
from postflight.load.engine.histogram import Histogram
from postflight.model import Finding, Status
from postflight.redact import Redactor
from postflight.stats.blocks import Block
from postflight.stats.quantiles import estimate
from postflight.stats.rates import above
from postflight.verdict import decide

Operation = Callable[[], object]
CONTRACT = Path(__file__).parents[1] / "contract" / "velocity.openapi.yaml"
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'unsafe-inline' *.vercel.app *.supabase.co; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; connect-src 'self' *.supabase.co *.fly.dev wss:; "
    "font-src 'self' fonts.gstatic.com; report-uri /r"
)


def csp() -> Operation:
    """Evaluate the policy of Velocity's plan."""
    headers = [("Content-Security-Policy", POLICY)]
    return lambda: evaluate(parse_headers(headers))


def verdict() -> Operation:
    """Decide about 500 findings, one of them bad."""
    found = [Finding(f"smoke/test_a.py::test_{n}", "smoke", Status.GOOD) for n in range(499)]
    found.append(Finding("smoke/test_a.py::test_bad", "smoke", Status.BAD))
    planned = [finding.check for finding in found]
    return lambda: decide(found, planned=planned, may_roll_back=True)


def histograms() -> Operation:
    """Merge the histograms of ten workers, 10,000 samples each."""
    dice = random.Random(1)
    parts = [Histogram.of(int(dice.lognormvariate(9, 1)) for _ in range(10_000)) for _ in range(10)]

    def merge() -> Histogram:
        merged = Histogram()
        for part in parts:
            merged += part
        return merged

    return merge


def eprocess() -> Operation:
    """Feed the sequential rule of the watch 100 blocks."""
    test = above(0.05, alpha=0.01, blocks=100, cap=20)
    blocks = [Block(100, bad % 5) for bad in range(100)]

    def feed() -> float:
        state = test.start()
        for block in blocks:
            state = state.update(block)
        return state.evidence

    return feed


def quantile() -> Operation:
    """Bound the 95th percentile of 400 latencies."""
    dice = random.Random(2)
    values = [dice.lognormvariate(-5, 1) for _ in range(400)]
    return lambda: estimate(values, 0.95, 0.0125)


def openapi() -> Operation:
    """Read the promised API of Velocity."""
    content = CONTRACT.read_bytes()
    return lambda: read(content, CONTRACT.name)


def redaction() -> Operation:
    """Take three secrets out of 20 KB of text."""
    redactor = Redactor()
    for number in range(3):
        redactor.add(f"secret-value-{number}-0123456789", f"SECRET_{number}")
    text = "a line of a log with secret-value-1-0123456789 in it\n" * 400
    return lambda: redactor.text(text)


OPERATIONS: Mapping[str, Callable[[], Operation]] = {
    make.__name__: make for make in (csp, verdict, histograms, eprocess, quantile, openapi, redaction)
}
