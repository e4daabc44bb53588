"""What the load engine's pure parts hold: schedules, histograms, batches, and when a generator is believed."""

import itertools
import math
import random

import msgpack
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from postflight.load.engine.arrivals import Kind, Schedule, Stage
from postflight.load.engine.batch import MAX_MESSAGES, OTHER, Batch, Cell, Effort, Flows, Key, Message, count_message
from postflight.load.engine.histogram import HIGHEST, Histogram, bucket_of, highest_in
from postflight.load.judging.generator import Trust, judge

RAMP = (Stage(2, 5, 5), Stage(4, 5, 0), Stage(1, 0, 0), Stage(3, 0, 40))
values = st.lists(st.integers(0, HIGHEST), max_size=60)


# -- arrivals


def test_even_arrivals_are_evenly_spaced() -> None:
    assert list(Schedule((Stage(2, 2, 2),)).offsets()) == [0.25, 0.75, 1.25, 1.75]


def test_ramps_are_integrated_exactly() -> None:
    offsets = list(Schedule(RAMP).offsets())

    assert len(offsets) == Schedule(RAMP).expected == 80
    for place, offset in enumerate(offsets):
        assert mass(offset) == pytest.approx(place + 0.5, abs=1e-9)


def mass(offset: float) -> float:
    """The integral of RAMP's rate, by another road: the area of trapezoids."""
    begin = area = 0.0
    for seconds, low, high in RAMP:
        part = min(max(offset - begin, 0.0), seconds)
        area += part * (low + (low + (high - low) * part / seconds)) / 2
        begin += seconds
    return area


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_together_play_the_whole_even_schedule(workers: int) -> None:
    parts = [list(Schedule(RAMP, worker=worker, workers=workers).offsets()) for worker in range(workers)]

    assert sorted(itertools.chain(*parts)) == list(Schedule(RAMP).offsets())


def test_poisson_is_seeded_and_has_its_mean_and_variance() -> None:
    counts = []
    for seed in range(300):
        schedule = Schedule((Stage(1, 30, 70),), Kind.POISSON, seed=seed)
        offsets = list(schedule.offsets())
        assert offsets == list(schedule.offsets()) == sorted(offsets)
        counts.append(len(offsets))
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)

    assert mean == pytest.approx(50, abs=4 * math.sqrt(50 / 300))
    assert variance == pytest.approx(50, rel=0.35)


def test_poisson_workers_differ_and_share_the_rate() -> None:
    parts = [list(Schedule((Stage(50, 40, 40),), Kind.POISSON, worker=w, workers=4).offsets()) for w in range(4)]

    assert all(one != other for one, other in itertools.combinations(parts, 2))
    assert sum(map(len, parts)) == pytest.approx(2000, abs=4 * math.sqrt(2000))


@pytest.mark.parametrize("stage", [(1, -1, 1), (math.inf, 1, 1), (1, 1, math.nan)])
def test_a_stage_that_is_none_is_refused(stage: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        Schedule((Stage(*stage),))


# -- histograms


@given(st.integers(0, HIGHEST))
def test_buckets_are_those_of_hdrhistogram(value: int) -> None:
    library = HdrHistogram(1, HIGHEST, 3)

    assert bucket_of(value) == library.get_counts_array_index(value)
    assert highest_in(bucket_of(value)) == library.get_highest_equivalent_value(value)
    assert value <= highest_in(bucket_of(value)) <= max(value, value * 1.001)


@given(st.lists(values, min_size=4, max_size=4))
def test_the_merge_of_four_is_the_histogram_of_all_samples_bit_for_bit(parts: list[list[int]]) -> None:
    merged = Histogram.sum(Histogram.from_wire(Histogram.of(part).to_wire()) for part in parts)

    everything = list(itertools.chain(*parts))
    assert merged == Histogram.of(everything)
    assert merged.to_wire() == Histogram.of(everything).to_wire()
    library = HdrHistogram(1, HIGHEST, 3)
    for value in everything:
        library.record_value(value)
    assert merged.hdr().encode() == library.encode()


@given(values.filter(bool))
def test_quantiles_are_those_of_the_sorted_samples(samples: list[int]) -> None:
    histogram, ranked = Histogram.of(samples), sorted(samples)

    for share in (0.5, 0.9, 0.99, 1.0):
        true = ranked[math.ceil(share * len(ranked)) - 1]
        assert histogram.quantile(share) == highest_in(bucket_of(true))
    assert histogram.maximum == highest_in(bucket_of(ranked[-1]))


def test_what_is_out_of_range_is_counted_at_its_edge() -> None:
    assert Histogram.of([-5, HIGHEST * 9]) == Histogram.of([0, HIGHEST])
    assert Histogram.of_nanoseconds([-5, HIGHEST * 9000, 7000]) == Histogram.of([0, HIGHEST, 7])


@given(st.lists(st.integers(-(10**6), HIGHEST * 1000)))
def test_nanoseconds_are_counted_as_their_rounded_microseconds(samples: list[int]) -> None:
    assert Histogram.of_nanoseconds(samples) == Histogram.of((sample + 500) // 1000 for sample in samples)


# -- batches


def some_batch(seed: int) -> Batch:
    draw = random.Random(seed)

    def histogram() -> Histogram:
        return Histogram.of(draw.randrange(10**6) for _ in range(20))

    def cell() -> Cell:
        return Cell(20, draw.randrange(10**6), histogram(), histogram(), histogram())

    return Batch(
        {Key(second, name, outcome): cell() for second in (1, 2) for name in "ab" for outcome in ("2xx", "timeout")},
        {(second, "f"): Flows(*(draw.randrange(9) for _ in range(7))) for second in (1, 2, seed)},
        {Message("a", "timeout", f"late {seed}"): 3},
        Effort(histogram(), histogram(), draw.randrange(99), draw.randrange(99)),
    )


def test_a_batch_survives_the_wire() -> None:
    batch = some_batch(7)

    assert Batch.from_wire(msgpack.unpackb(msgpack.packb(batch.to_wire()))) == batch


def test_four_batches_sum_to_the_same_in_any_order() -> None:
    batches = [some_batch(seed) for seed in range(4)]
    whole = Batch.sum(batches)

    assert whole == Batch.sum(reversed(batches)) == batches[0] + (batches[1] + batches[2]) + batches[3]
    assert whole.total().count == sum(batch.total().count for batch in batches)
    assert whole.total("a", ["2xx"]).latency.count == 4 * 2 * 20
    assert whole.between(2, 3).total() + whole.between(0, 2).total() == whole.total()


def test_messages_are_bounded_and_none_is_lost() -> None:
    messages: dict[Message, int] = {}
    for number in range(MAX_MESSAGES + 50):
        count_message(messages, Message("a", "check", str(number)))

    assert sum(messages.values()) == MAX_MESSAGES + 50
    assert messages[Message("a", "check", OTHER)] == 50


# -- the generator


def test_a_generator_that_kept_up_is_believed() -> None:
    assert judge(Effort(Histogram.of([900] * 1000), Histogram.of([300] * 50)), Flows(started=1000)) == ()


@pytest.mark.parametrize(
    ("effort", "flows", "words"),
    [
        (Effort(Histogram.of([100] * 98 + [80_000] * 2)), Flows(started=100), "late"),
        (Effort(cpu=Histogram.of([300] * 7 + [960] * 3)), Flows(started=100), "of a core"),
        (Effort(), Flows(started=99, missed=1), "1 of 100 flows did not start"),
    ],
)
def test_a_generator_that_fell_behind_is_not(effort: Effort, flows: Flows, words: str) -> None:
    (reason,) = judge(effort, flows)

    assert words in reason


def test_how_much_is_believed_can_be_said() -> None:
    effort = Effort(Histogram.of([80_000] * 100))

    assert judge(effort, Flows(started=1), Trust(lag_p99=0.1)) == ()
