"""One side of a comparison: times an operation whenever it is told to. `scripts/bench_pairs.py` starts two of these.

Reads lines with a number from stdin, runs the operation so many times, and writes the CPU seconds that they
took together: other processes hardly change those.
"""

import sys
import time

from benchmarks.operations import OPERATIONS


def main(name: str) -> None:
    """Take turns until stdin ends."""
    run = OPERATIONS[name]()
    for line in sys.stdin:
        times = int(line)
        started = time.thread_time()
        for _ in range(times):
            run()
        sys.stdout.write(f"{time.thread_time() - started}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
