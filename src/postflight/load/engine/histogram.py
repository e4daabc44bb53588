"""Sparse HdrHistograms of whole numbers from 0 to an hour in microseconds, with 3 significant digits.

The buckets are those of HdrHistogram (Tene; http://hdrhistogram.org) for 1 to 3.6e9 and 3 digits, so that counts can be
given to its library unchanged. That one holds 23,552 counters (188 KB) and takes 40 us to make, where we need three for
every second, name and outcome: here a bucket exists when something is in it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from hdrh.histogram import HdrHistogram

HIGHEST = 3_600_000_000  # us: an hour; what is longer is counted as an hour
DIGITS = 3
_BITS = 11  # 2,048 sub-buckets: the smallest power of two that tells 2 * 10^3 values apart
_HALF = 10


def bucket_of(value: int) -> int:
    """Return the index of HdrHistogram's counter for a value from 0 to `HIGHEST`."""
    shift = value.bit_length() - _BITS
    return value if shift <= 0 else (shift << _HALF) + (value >> shift)


def highest_in(bucket: int) -> int:
    """Return the highest value that this counter counts, as HdrHistogram's quantiles do."""
    shift = (bucket >> _HALF) - 1
    return bucket if shift <= 0 else ((bucket - (shift << _HALF) + 1) << shift) - 1


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts by bucket. Adding two is exact: the sum is bit for bit the histogram of all their samples."""

    counts: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[int, int] | Iterable[int]) -> Self:
        """Return the histogram of these values, or of value -> how often; each is taken into 0 to `HIGHEST`."""
        counts: dict[int, int] = {}
        times = values if isinstance(values, Mapping) else Counter(values)
        for value, count in times.items():
            bucket = bucket_of(min(max(value, 0), HIGHEST))
            counts[bucket] = counts.get(bucket, 0) + count
        return cls(counts)

    @classmethod
    def of_nanoseconds(cls, samples: Sequence[int]) -> Self:
        """Return the histogram of samples in ns, each rounded to microseconds and taken into 0 to `HIGHEST`.

        The same as `of`, for the millions: `bucket_of` is written out, since its call would cost more than itself, and
        what is outside is looked for once and not in each.
        """
        if samples and (min(samples) < 0 or max(samples) > HIGHEST * 1000):
            samples = [min(max(sample, 0), HIGHEST * 1000) for sample in samples]
        return cls(
            Counter(
                [
                    us
                    if (shift := (us := (sample + 500) // 1000).bit_length() - _BITS) <= 0
                    else (shift << _HALF) + (us >> shift)
                    for sample in samples
                ]
            )
        )

    @classmethod
    def zeros(cls, count: int) -> Self:
        """Return the histogram of so many times 0."""
        return cls({0: count} if count else {})

    @property
    def count(self) -> int:
        """How many samples there are."""
        return sum(self.counts.values())

    @property
    def maximum(self) -> int:
        """The highest value, to 3 digits; 0 without samples."""
        return highest_in(max(self.counts)) if self.counts else 0

    @property
    def mean(self) -> float:
        """The mean, to 3 digits; 0 without samples."""
        total = sum(highest_in(bucket) * count for bucket, count in self.counts.items())
        return total / self.count if self.counts else 0.0

    def quantile(self, share: float) -> int:
        """Return the smallest value, to 3 digits, at or below which at least this share (0 to 1) of samples lies."""
        return self.quantiles((share,))[0]

    def quantiles(self, shares: Iterable[float]) -> tuple[int, ...]:
        """Return several quantiles, in the order asked for; zeros without samples."""
        ranked, total = sorted(self.counts.items()), self.count
        return tuple(_at_rank(ranked, share * total) for share in shares)

    def share_above(self, value: int) -> float:
        """Return which share of the samples lies above a value (its bucket counts as below); 0 without samples."""
        edge, total = bucket_of(min(max(value, 0), HIGHEST)), self.count
        return sum(count for bucket, count in self.counts.items() if bucket > edge) / total if total else 0.0

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram.sum((self, other))

    @staticmethod
    def sum(histograms: "Iterable[Histogram]") -> "Histogram":
        """Return the histogram of all samples of all of them."""
        counts: dict[int, int] = {}
        for histogram in histograms:
            if not counts:
                counts = dict(histogram.counts)  # the first is mostly the run so far, and the longest
                continue
            for bucket, count in histogram.counts.items():
                counts[bucket] = counts.get(bucket, 0) + count
        return Histogram(counts)

    def hdr(self) -> HdrHistogram:
        """Return HdrHistogram's own, for its logs and charts."""
        whole = HdrHistogram(1, HIGHEST, DIGITS)
        for bucket, count in self.counts.items():
            whole.record_value(highest_in(bucket), count)
        return whole

    def to_wire(self) -> list[int]:
        """Return bucket, count, bucket, count ... ascending."""
        return [number for pair in sorted(self.counts.items()) for number in pair]

    @classmethod
    def from_wire(cls, numbers: list[int]) -> Self:
        """Return what `to_wire` was made of."""
        return cls(dict(zip(numbers[::2], numbers[1::2], strict=True)))


def _at_rank(ranked: list[tuple[int, int]], rank: float) -> int:
    seen = 0
    for bucket, count in ranked:
        seen += count
        if seen >= rank:
            return highest_in(bucket)
    return highest_in(ranked[-1][0]) if ranked else 0
