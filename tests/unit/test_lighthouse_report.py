"""What a report of Lighthouse is worth, and how many runs decide a limit."""

import itertools
import json
import math
import random
from typing import Any

import pytest

from postflight.checks.lighthouse import FEWEST_RUNS, MOST_RUNS, is_open, median_interval, parse_report
from postflight.errors import CannotMeasure
from tests.lighthouse_stub import document

URL = "http://shop.example/start"


def parsed(score: Any = 0.83, **more: Any) -> Any:
    return parse_report(json.dumps(document(score, **{"finalDisplayedUrl": URL} | more)).encode(), URL)


def test_a_score_and_what_cost_it() -> None:
    report = parsed()
    assert report.score == 83
    assert report.losses == ("Total Blocking Time 1,210 ms", "Largest Contentful Paint 1.2 s")


@pytest.mark.parametrize("landed", [URL, f"{URL}/", f"{URL}#top", f"{URL}?from=ad"])
def test_the_same_page_by_another_spelling(landed: str) -> None:
    assert parsed(finalDisplayedUrl=landed).score == 83


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"score": None}, "its score is None"),
        ({"score": "0.9"}, "its score is '0.9'"),
        ({"score": True}, "its score is True"),
        ({"score": 9.1}, "its score is 9.1"),
        ({"score": -1}, "its score is -1"),
        ({"runWarnings": ["The page loaded too slowly to finish within the time limit."]}, "loaded too slowly"),
        (
            {"runtimeError": {"code": "NO_FCP", "message": "The page did not paint any content."}},
            "NO_FCP: The page did",
        ),
        ({"finalDisplayedUrl": "http://shop.example/login"}, "it was led to http://shop.example/login"),
        ({"finalDisplayedUrl": "http://other.example/start"}, "it was led to http://other"),
        ({"categories": {}}, "not one of Lighthouse's: KeyError: 'performance'"),
        ({"categories": None}, "not one of Lighthouse's: TypeError"),
        ({"audits": {}}, "not one of Lighthouse's: KeyError"),
        ({"runWarnings": None}, "not one of Lighthouse's: TypeError"),
    ],
)
def test_a_report_with_an_if_is_no_measurement(more: dict[str, Any], words: str) -> None:
    with pytest.raises(CannotMeasure, match=r"Lighthouse could not measure http://shop\.example/start: ") as error:
        parsed(**more)
    assert words in str(error.value)


def test_an_error_of_the_run_wins_over_its_score() -> None:
    with pytest.raises(CannotMeasure, match="ERRORED_DOCUMENT_REQUEST"):
        parsed(score=1, runtimeError={"code": "ERRORED_DOCUMENT_REQUEST", "message": "Status code: 500"})


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff", b'{"categories": {"performance": 7}}'])
def test_garbage_is_no_measurement(content: bytes) -> None:
    with pytest.raises(CannotMeasure, match="not one of Lighthouse's"):
        parse_report(content, URL)


def test_the_interval_needs_three_and_forgives_one_of_six() -> None:
    assert median_interval([91, 95]) == (-math.inf, math.inf)
    assert median_interval([95, 91, 93]) == (91, 95)
    assert median_interval([95, 91, 93, 40, 94]) == (40, 95)
    assert median_interval([95, 91, 93, 40, 94, 97]) == (91, 95)


@pytest.mark.parametrize(
    ("scores", "more"),
    [
        ([], True),
        ([100, 100], True),
        ([91, 92, 93], False),  # kept
        ([90, 89, 88], False),  # broken: 91 is asked for
        ([90, 92, 93], True),  # five of six could still lie above
        ([90, 92, 93, 94, 95], True),
        ([90, 92, 93, 94, 95, 96], False),  # kept
        ([90, 90, 93], True),  # five of six could still lie below
        ([90, 90, 93, 93], False),  # neither can be shown any more
        ([90, 92, 93, 94, 89], False),
    ],
)
def test_runs_go_on_while_they_can_decide(scores: list[float], *, more: bool) -> None:
    assert is_open(scores, 91) is more


def test_without_a_limit_the_fewest_runs_are_enough() -> None:
    assert [is_open([90.0] * count, None) for count in range(5)] == [True, True, True, False, False]


def test_how_often_a_page_at_its_limit_is_misjudged() -> None:
    """The claim of docs/lighthouse.md: with the median at the limit, each wrong answer comes in 17 % at most."""
    wrong = 0
    for coins in itertools.product((80.0, 100.0), repeat=MOST_RUNS):
        seen: list[float] = []
        rest = iter(coins)
        while is_open(seen, 91):
            seen.append(next(rest))
        assert FEWEST_RUNS <= len(seen) <= MOST_RUNS
        low, high = median_interval(seen)
        wrong += low >= 91
        assert not (low >= 91 and high < 91)
    assert wrong / 2**MOST_RUNS <= 0.172


def test_a_page_well_above_its_limit_is_kept() -> None:
    """Scores as they were seen here on one page: normal with a deviation of 3 points, the limit 2 deviations away."""
    dice = random.Random(7)
    ends = {"kept": 0, "broken": 0, "open": 0}
    for _ in range(2000):
        seen: list[float] = []
        while is_open(seen, 91):
            seen.append(min(100.0, round(dice.gauss(97, 3))))
        low, high = median_interval(seen)
        ends["kept" if low >= 91 else "broken" if high < 91 else "open"] += 1
    assert ends["broken"] == 0
    assert ends["kept"] > 1980
