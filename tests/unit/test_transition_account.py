"""Every request of a switch is in exactly one class, and the windows and versions are what the requests say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.model import OnBreach, Secret, Status
from postflight.redact import Redactor
from postflight.verdict import decide
from postflight.watch.transition import files
from postflight.watch.transition.account import Account, Change, End, Trouble, Visit, Window, account_of
from postflight.watch.transition.judge import findings_of, in_words
from postflight.watch.transition.strip import strip

TENTH = 0.1  # seconds between two requests of a story
VISITS = st.lists(
    st.builds(
        Visit,
        at=st.floats(0, 100),
        seconds=st.floats(0, 5),
        end=st.sampled_from(End),
        version=st.sampled_from(("", "1.4.2", "1.5.0", "2.0.0")),
        said=st.just("said"),
    ),
    max_size=60,
)
TROUBLES = st.lists(
    st.builds(lambda start, length: Trouble(start, start + length, "slow"), st.floats(0, 100), st.floats(0, 20)),
    max_size=6,
)


def story(text: str) -> Account:
    """`ooXXlnn`: old good, failed (X), lost (l), slow (s), new good, missing (?); ten a second."""
    ends = {"X": End.FAILED, "l": End.LOST, "s": End.SLOW, "?": End.MISSING}
    versions = {"o": "1.4.2", "n": "1.5.0", "s": "1.5.0", "p": "1.6.0"}
    return account_of(
        Visit(
            round(number * TENTH, 6),
            0.01,
            ends.get(letter, End.GOOD),
            versions.get(letter, ""),
            "said" * (letter in "Xl?"),
        )
        for number, letter in enumerate(text)
    )


@given(VISITS, TROUBLES)
def test_every_request_is_in_exactly_one_class(visits: list[Visit], troubles: list[Trouble]) -> None:
    account = account_of(visits, troubles)
    assert account.sent == len(visits) == sum(account.count(end) for end in End)
    assert account.measured == sum(account.count(end) for end in End if end is not End.MISSING)
    assert account.bad == sum(window.requests for window in account.windows)
    assert account.count(End.LOST) == sum(window.lost for window in account.windows)


@given(VISITS, TROUBLES)
def test_what_was_under_way_in_trouble_is_missing_and_nothing_else_changes(
    visits: list[Visit], troubles: list[Trouble]
) -> None:
    for visit in account_of(visits, troubles).visits:
        touched = any(each.start <= visit.at + visit.seconds and visit.at <= each.end for each in troubles)
        assert (visit.end is End.MISSING) if touched else visit in visits


@given(VISITS, TROUBLES)
def test_windows_are_apart_and_in_order_and_within_their_bounds(visits: list[Visit], troubles: list[Trouble]) -> None:
    account = account_of(visits, troubles)
    good = [visit.at for visit in account.visits if visit.end in (End.GOOD, End.SLOW)]
    answered = [visit.answered for visit in account.visits if visit.end in (End.GOOD, End.SLOW)]
    for window in account.windows:
        assert window.first <= window.last
        assert window.requests >= 1
        if window.at_most is not None:
            assert window.at_least <= window.at_most
        assert not any(window.first < at < window.last for at in good)
        assert window.after is None or window.after in good
        assert window.before is None or window.before in answered
    assert all(one.last <= other.first for one, other in zip(account.windows, account.windows[1:], strict=False))


@given(VISITS)
def test_the_strip_has_a_letter_for_each_slice(visits: list[Visit]) -> None:
    account = account_of(visits)
    assert len(strip(account, 20)) == min(20, len(visits))
    assert ("X" in strip(account, 20).upper()) == (account.bad > 0)


def test_a_window_and_its_bounds() -> None:
    assert story("oooXllnn").windows == (
        Window(first=0.3, last=0.5, requests=3, lost=2, after=0.2, before=pytest.approx(0.61), said="said"),
    )
    [window] = story("oooXllnn").windows
    assert (window.at_least, window.at_most) == (pytest.approx(0.2), pytest.approx(0.41))
    assert in_words(window) == "3 in a row from 0.30 s to 0.50 s: down for 0.20 s at least, 0.41 s at most"


def test_a_window_without_an_end_has_no_upper_bound() -> None:
    [window] = story("ooXX").windows
    assert (window.before, window.at_most) == (None, None)
    assert "how long at most is not known" in in_words(window)


def test_missing_requests_neither_end_a_window_nor_bound_it() -> None:
    [window] = story("o?X?X?n").windows
    assert (window.requests, window.after, window.before) == (2, 0.0, pytest.approx(0.61))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oooo", None),
        ("XXll", None),
        ("oonn", Change("1.4.2", "1.5.0", first_new=0.2, last_old=0.1, stragglers=0)),
        ("oononn", Change("1.4.2", "1.5.0", first_new=0.2, last_old=0.3, stragglers=1)),
        ("onpp", Change("1.4.2", "1.6.0", first_new=0.1, last_old=0.0, stragglers=0, others=("1.5.0",))),
        ("onoo", Change("1.4.2", "1.4.2", first_new=0.1, last_old=0.3, stragglers=2, others=("1.5.0",))),
    ],
)
def test_the_change_of_versions(text: str, expected: Change | None) -> None:
    assert story(text).change == expected


def test_one_version_through_the_runner_s_trouble_shows_nothing() -> None:
    visits = [Visit(0.0, 0.0, End.GOOD, "1.4.2"), Visit(1.0, 0.0, End.GOOD, "1.5.0")]
    account = account_of(visits, [Trouble(0.9, 1.1, "slow")])
    assert account.change is None
    assert account.by_version == {"1.4.2": {End.GOOD: 1}, "1.5.0": {End.MISSING: 1}}


def test_the_strip() -> None:
    assert strip(story("oo" * 4 + "on" + "Xl" + "Xn" + "??" + "nn" * 4), 12) == "oooom" + "X" + "x" + "?" + "nnnn"
    assert strip(story("")) == ""


class TestJudgement:
    def asked(self, account: Account) -> tuple[str, list[Status]]:
        findings = findings_of(account)
        verdict = decide(findings, planned=[each.check for each in findings], may_roll_back=True)
        return verdict.decision.value, [each.status for each in findings]

    def test_a_clean_switch_that_was_watched_long_enough_is_promoted(self) -> None:
        assert self.asked(story("o" * 2000 + "n" * 2603)) == ("promote", [Status.GOOD] * 3)

    def test_one_request_less_is_unknown_and_says_how_many_more(self) -> None:
        account = story("o" * 2000 + "n" * 2602)
        assert self.asked(account) == ("hold", [Status.UNKNOWN, Status.GOOD, Status.GOOD])
        assert "1 more needed" in findings_of(account)[0].summary

    def test_one_lost_request_is_a_reason_to_look_also_where_the_objective_is_shown(self) -> None:
        account = story("o" * 5000 + "l" + "n" * 5000)
        assert self.asked(account) == ("hold", [Status.GOOD, Status.BAD, Status.GOOD])

    def test_a_gap_that_is_over_is_a_hold(self) -> None:
        account = story("o" * 500 + "l" * 20 + "n" * 500)
        assert self.asked(account) == ("hold", [Status.BAD, Status.BAD, Status.GOOD])
        availability, every, _ = findings_of(account)
        assert "to roll back is to switch again" in availability.summary
        assert every.summary == (
            "20 requests lost and 0 failed of 1020; 20 in a row from 50.00 s to 51.90 s: down for 1.90 s at least,"
            " 2.11 s at most"
        )

    def test_what_is_still_broken_at_the_end_is_a_rollback(self) -> None:
        account = story("o" * 500 + "n" * 10 + "X" * 200)
        assert self.asked(account)[0] == "rollback"
        assert "the last 200 requests were bad" in findings_of(account)[0].summary

    def test_a_switch_that_was_not_seen_is_unknown(self) -> None:
        account = story("o" * 5000)
        assert self.asked(account) == ("hold", [Status.GOOD, Status.GOOD, Status.UNKNOWN])
        assert "1.4.2 answered all the time" in findings_of(account)[2].summary

    def test_the_old_version_that_comes_back_is_a_hold(self) -> None:
        account = story("o" * 2500 + "n" * 100 + "o" * 2500)
        assert self.asked(account) == ("hold", [Status.GOOD, Status.GOOD, Status.BAD])
        assert findings_of(account)[2].summary == "1.4.2 answers again at the end, after 1.5.0"

    @pytest.mark.parametrize(("both", "status"), [(20, Status.GOOD), (30, Status.BAD)])
    def test_both_versions_may_answer_for_five_seconds(self, both: int, status: Status) -> None:
        account = story("o" * 3000 + "no" * both + "n" * 3000)
        assert findings_of(account)[2].status is status
        assert f"1.4.2 {both} times after 1.5.0 had begun" in findings_of(account)[2].summary

    def test_nothing_measured_is_invalid(self) -> None:
        assert self.asked(story(""))[0] == "invalid"
        assert self.asked(story("?" * 60 + "o" * 40))[0] == "invalid"

    def test_a_runner_that_was_blind_at_the_switch_does_not_say_that_none_was_lost(self) -> None:
        seen = story("o" * 3000 + "n" * 3000).visits
        account = account_of(seen, [Trouble(299.0, 301.0, "this runner is slow")])
        assert self.asked(account) == ("hold", [Status.GOOD, Status.UNKNOWN, Status.GOOD])
        assert findings_of(account)[1].summary.startswith("at the switch itself, ")

    def test_an_unknown_deployment_is_never_rolled_back(self) -> None:
        findings = findings_of(story("n" * 10 + "X" * 200))
        assert findings[0].on_breach is OnBreach.ROLLBACK
        decision = decide(findings, planned=[each.check for each in findings], may_roll_back=False).decision
        assert decision.value == "hold"


def test_the_files_tell_each_request_and_no_secret(tmp_path: Path) -> None:
    account = story("ooXln")
    told = replace(account, visits=tuple(replace(visit, said="at pa55word-of-nobody") for visit in account.visits))
    redactor = Redactor([Secret("PASSWORD", "pa55word-of-nobody")])
    files.write(tmp_path, told, run_id="run", redactor=redactor)
    lines = [json.loads(line) for line in (tmp_path / files.REQUESTS).read_text().splitlines()]
    assert [line[2] for line in lines] == ["good", "good", "failed", "lost", "good"]
    assert "pa55word" not in (tmp_path / files.REQUESTS).read_text()
    summary = json.loads((tmp_path / files.SUMMARY).read_text())
    assert (summary["sent"], summary["bad"], summary["availability"]) == (5, 2, 0.6)
    assert summary["windows"][0]["at_most"] == pytest.approx(0.31)
