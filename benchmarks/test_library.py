"""How long the library's own operations take: `make bench`. To compare two versions, see scripts/bench_pairs.py."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.operations import OPERATIONS


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(name: str, benchmark: BenchmarkFixture) -> None:
    assert benchmark(OPERATIONS[name]()) is not None
