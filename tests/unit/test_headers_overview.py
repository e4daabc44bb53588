"""Answers side by side: which header of which answer is good, weak, bad or not there."""

from postflight.checks.headers.analysis import examine
from postflight.checks.headers.overview import DIRECTIVES, HEADERS, compare_headers, compare_policies
from postflight.checks.headers.tiers import DEFAULT_TIERS, judge
from postflight.exhibits import Matrix
from tests.unit.test_headers_tiers import HTML, PLANNED, STRICT, STRICT_POLICY, TODAY, answer

POLICY = STRICT_POLICY.format("4f90d13a42d84b0f9f3a3b4a5c6d7e8f")
GOOD = answer(*STRICT, ("Content-Security-Policy", POLICY))
BARE = answer(HTML, url="https://app.example.com/forgotten?token=hunter2hunter2")


def cells(matrix: Matrix, columns: tuple[str, ...], row: str) -> dict[str, tuple[str, str]]:
    found = next(one for one in matrix.rows if one.name == row)
    return dict(zip(columns, found.cells, strict=True))


def test_the_page_that_was_forgotten_stands_out() -> None:
    judged = judge(DEFAULT_TIERS["strict"], [GOOD, BARE], TODAY, examine=examine)
    matrix = compare_headers([GOOD, BARE], judged)
    good, bare = (cells(matrix, HEADERS, row) for row in ("/", "/forgotten"))
    assert {state for state, _ in good.values()} == {"ok"}
    assert good["X-Frame-Options"] == ("ok", "DENY")
    assert {state for state, _ in bare.values()} == {"bad"}
    assert "hunter2" not in str(matrix)


def test_what_nobody_demands_and_nobody_sends_is_neither_good_nor_bad() -> None:
    planned = answer(HTML, *PLANNED)
    matrix = compare_headers([planned], judge(DEFAULT_TIERS["baseline"], [planned], TODAY, examine=examine))
    assert cells(matrix, HEADERS, "/")["Cross-Origin-Opener-Policy"] == ("none", "not sent")


def test_directives_show_what_is_in_force_and_what_is_weak_in_it() -> None:
    planned = answer(HTML, *PLANNED, url="https://app.example.com/planned")
    data = answer(("Content-Type", "application/json"), url="https://app.example.com/api")
    answers = [GOOD, planned, data]
    matrix = compare_policies(answers, judge(DEFAULT_TIERS["baseline"], answers, TODAY, examine=examine))
    columns = tuple(DIRECTIVES)
    assert [row.name for row in matrix.rows] == ["/", "/planned"], "only pages run anything"
    good, weak = (cells(matrix, columns, row) for row in ("/", "/planned"))
    assert good["object-src"] == ("ok", "'none'")
    assert good["script-src"] == ("ok", "'nonce-…' 'strict-dynamic'")
    assert weak["script-src"][0] == "weak", "excused by a waiver, and no good"
    assert "'unsafe-inline'" in weak["script-src"][1]
    assert weak["font-src"] == ("ok", "'self' fonts.gstatic.com")
    assert weak["base-uri"] == ("weak", "not restricted")


def test_a_policy_that_fails_its_tier_is_bad_where_it_fails() -> None:
    planned = answer(HTML, *PLANNED)
    matrix = compare_policies([planned], judge(DEFAULT_TIERS["strict"], [planned], TODAY, examine=examine))
    found = cells(matrix, tuple(DIRECTIVES), "/")
    assert [name for name in ("script-src", "style-src", "base-uri", "font-src") if found[name][0] == "bad"] == [
        "script-src", "style-src", "base-uri",
    ]  # fmt: skip


def test_a_page_without_a_policy_is_bad_all_over_and_comes_first() -> None:
    judged = judge(DEFAULT_TIERS["baseline"], [GOOD, BARE], TODAY, examine=examine)
    first = compare_policies([GOOD, BARE], judged).rows[0]
    assert first.name == "/forgotten"
    assert set(first.cells) == {("bad", "no policy")}


def test_long_paths_keep_both_ends() -> None:
    (row,) = compare_headers([answer(url=f"https://a.test/{'x' * 99}/end")], ()).rows
    assert row.name == f"/{'x' * 17}…{'x' * 14}/end"


def test_another_service_is_named_by_its_host() -> None:
    answers = [GOOD, answer(*STRICT, url="https://api.example.com/health", status=503)]
    assert [row.name for row in compare_headers(answers, ()).rows] == ["/", "api.example.com/health (503)"]


def test_answers_that_look_the_same_are_one_row() -> None:
    many = [answer(*STRICT, url=f"https://app.example.com/{n}") for n in range(6)]
    assert [row.name for row in compare_headers([*many, BARE], ()).rows] == ["/0, /1, /2 and 3 more", "/forgotten"]
