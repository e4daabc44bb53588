"""What a report of Lighthouse says, and whether the scores so far decide a limit. Pure.

A score is noise and signal: on one page, runs minutes apart have differed by 15 points. So no single run decides, and
no mean: the limit is about the median of all runs that could be made, and held against an interval between two of the
scores that were. Of n runs, the l-th smallest score lies above the true median with the probability that fewer than l
of n fair coins show heads, whatever the distribution (David, Nagaraja, "Order Statistics", 7.1).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from postflight.errors import CannotMeasure

FEWEST_RUNS = 3
MOST_RUNS = 6  # 10 to 15 s each; the sixth is what lets one run be an outlier
ALPHA = 0.125  # for each bound of each look: three of three, five of six
BEST = 100.0
STORED = "There may be stored data affecting loading performance"  # what signing in has left, and belongs to the page


@dataclass(frozen=True, slots=True)
class Report:
    """One run: the score of category performance (0 to 100), and what cost most of it, `Total Blocking Time 900 ms`."""

    score: float
    losses: tuple[str, ...]


def parse_report(content: bytes, url: str, *, signed_in: bool = False) -> Report:
    """Read Lighthouse's JSON about `url`, strictly. Who is `signed_in` has data in the browser: of that it may warn.

    Raises `CannotMeasure` for all that is not a score of that page without ifs: an error of the run, a warning ("the
    page loaded too slowly", "a slower CPU"), another page than the one that was asked for, a score that is null.
    """
    try:
        document = json.loads(content)
        category = document["categories"]["performance"]
        error = document.get("runtimeError") or {}
        told = [str(warning) for warning in document["runWarnings"]]
        warnings = [warning for warning in told if not (signed_in and warning.startswith(STORED))]
        landed, score = str(document["finalDisplayedUrl"]), category["score"]
        losses = _losses(category["auditRefs"], document["audits"])
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise _unusable(url, f"its report is not one of Lighthouse's: {type(problem).__name__}: {problem}") from problem
    if error.get("code", "NO_ERROR") != "NO_ERROR":
        raise _unusable(url, f"{error.get('code')}: {error.get('message', '')}")
    if warnings:
        raise _unusable(url, f"it warns: {'; '.join(warnings)}")
    if _page(landed) != _page(url):
        raise _unusable(url, f"it was led to {landed}")
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise _unusable(url, f"its score is {score!r}, not a number from 0 to 1")
    return Report(round(score * 100, 2), losses)


def median_interval(scores: Sequence[float]) -> tuple[float, float]:
    """Return the interval of the median of all runs; of fewer than three scores it is endless."""
    count = len(scores)
    rank = next((rank for rank in range(count // 2, 0, -1) if _at_most_heads(rank - 1, count) <= ALPHA), 0)
    if not rank:
        return -math.inf, math.inf
    ordered = sorted(scores)
    return ordered[rank - 1], ordered[count - rank]


def is_open(scores: Sequence[float], at_least: float | None) -> bool:
    """Whether one more run is worth its time: the limit is not decided, and can still be with the most runs.

    Without a limit the fewest runs are enough: the score is only shown.
    """
    if len(scores) < FEWEST_RUNS:
        return True
    if at_least is None or _decides(scores, at_least):
        return False
    left = MOST_RUNS - len(scores)
    return left > 0 and any(_decides([*scores, *[rest] * left], at_least) for rest in (0.0, BEST))


def _decides(scores: Sequence[float], at_least: float) -> bool:
    low, high = median_interval(scores)
    return low >= at_least or high < at_least


def _at_most_heads(heads: int, coins: int) -> float:
    return float(sum(math.comb(coins, k) for k in range(heads + 1)) / 2**coins)


def _losses(references: Sequence[Mapping[str, Any]], audits: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the metrics that cost points, the dearest first."""
    lost = []
    for reference in references:
        audit = audits[reference["id"]]
        weight, score = float(reference["weight"]), audit.get("score")
        if weight and isinstance(score, int | float) and score < 1:
            lost.append((weight * (1 - score), f"{audit['title']} {audit.get('displayValue', '')}".strip()))
    return tuple(words for _, words in sorted(lost, key=lambda loss: -loss[0]))


def _page(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2].lower(), parts.path.rstrip("/")


def _unusable(url: str, why: str) -> CannotMeasure:
    return CannotMeasure(
        f"Lighthouse could not measure {url}: {why[:500]}", expected="a score", seen=why[:500], where=url
    )
