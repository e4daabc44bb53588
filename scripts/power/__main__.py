"""The smallest regression that is found, for each metric: measured on planted pages, against what others decide by.

    make power                       # everything, about 11 minutes, into reports/power.md
    make power ARGS="--quick"        # a third of the visits and no Lighthouse: a look, not a result
    make power ARGS="--write"        # into docs/power.md

For each size of regression, healthy and worse pages are measured again and again, in turns. From what was measured,
experiments of the stage's length are drawn, and each rule is asked: ours, the mean against a stored mean within 5 %
(pytest-benchmark's `--benchmark-compare-fail=mean:5%`), and Lighthouse's score.
"""

import argparse
import pickle
import time
from pathlib import Path

from scripts.power import report
from scripts.power.measurement import measure
from scripts.power.table import host_changed, rows

EXPERIMENTS = 400
KEPT = Path("docs/power.md")
POOLS = Path("reports/power.pickle")  # what was measured, so that it can be drawn from again


def main() -> None:
    """Measure, draw, and tell."""
    parser = argparse.ArgumentParser(
        prog="make power", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a third of the visits, and no Lighthouse")
    parser.add_argument("--write", action="store_true", help=f"write {KEPT}")
    parser.add_argument("--no-lighthouse", action="store_true")
    parser.add_argument("--again", action="store_true", help=f"measure nothing, and draw from {POOLS}")
    given = parser.parse_args()
    POOLS.parent.mkdir(exist_ok=True)
    if not given.again:
        measured = measure(
            0.3 if given.quick else 1.0,
            with_lighthouse=not (given.quick or given.no_lighthouse),
            tell=lambda words: print(words, flush=True),
        )
        POOLS.write_bytes(pickle.dumps(measured))
    measured = pickle.loads(POOLS.read_bytes())
    began = time.monotonic()
    document = report.markdown(measured, rows(measured, EXPERIMENTS), host_changed(measured, EXPERIMENTS))
    path = KEPT if given.write else POOLS.with_suffix(".md")
    path.write_text(document)
    print(document)
    print(f"{path} is written; drawing took {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
