"""What is made of a database that was watched: leaks, and statements without what they looked for."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postflight.checks.database import Statement, Watched, scans_for_each, without_literals


def watched(*connections: int) -> Watched:
    return Watched(60, connections, max(connections), 100, transactions=60, active=6.0)


@pytest.mark.parametrize(
    "connections",
    [
        (1, 1, 1, 1, 1),
        (1, 10, 10, 10, 10),  # a pool that fills, and stays
        (3, 9, 8, 9, 3),  # users come and go
        (3, 6, 9, 12, 3),  # all came back
        (5, 4, 3, 2, 2),
    ],
)
def test_a_pool_is_no_leak(connections: tuple[int, ...]) -> None:
    assert not watched(*connections).leak()


def test_a_pool_that_fills_all_the_time_is_taken_for_a_leak_once() -> None:
    """One series cannot tell: the check is run again, finds it full, and calls it flaky."""
    assert watched(1, 4, 8, 10, 10).leak()
    assert not watched(10, 10, 10, 10, 10).leak()


def test_a_leak_is_told_with_its_numbers() -> None:
    assert watched(2, 5, 9, 12, 12).leak() == (
        "connections are opened and never given back: 2 before 60 requests sent one after the other, then 5, 9, 12, and"
        " 12 when all was quiet again"
    )


def test_the_mean_is_of_the_transactions() -> None:
    assert watched(1, 1).mean_transaction == pytest.approx(0.1)
    assert Watched(60, (1, 1), 1, 100, transactions=0, active=1.0).mean_transaction is None
    assert Watched(60, (1, 1), 1, 100, transactions=60, active=None).mean_transaction is None


def test_the_slowest_statement_is_that_with_the_longest_mean_of_those_that_the_requests_led_to() -> None:
    quick, slow = Statement("select ?", 1000, 0.001), Statement("select pg_sleep(?)", 60, 0.15)
    nightly = Statement("copy everything to stdout", 1, 40.0)
    seen = Watched(60, (1, 1), 1, 100, transactions=60, active=None, statements=(quick, nightly, slow))
    assert seen.slowest_statement == slow


@pytest.mark.parametrize(("transactions", "served"), [(0, False), (14, False), (15, True), (600, True)])
def test_a_database_that_the_requests_did_not_reach_is_told(transactions: int, served: bool) -> None:
    assert Watched(60, (1, 1), 1, 100, transactions=transactions, active=None).served is served


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("select * from users where email = 'a@b.c'", "select * from users where email = ?"),
        ("select 'it''s', E'a\\'b', $1, x1", "select ?, ..., $1, x1"),
        ("select $tag$ secret 'quoted' $tag$ as a", "select ? as a"),
        ("select $$secret$$", "select ?"),
        ("select 'cut off in the mid", "select ?"),
        ("select $$cut off", "select ?"),
        ("select * from t where id in (1, 2, 30) limit 10", "select * from t where id in (?, ...) limit ?"),
        ("select 1.5e3, -7", "select ?, ..."),
        ("select a -- password hunter2\nfrom /* token abc */ t", "select a from t"),
        ('select "Column 1" from t2', 'select "Column ?" from t2'),
    ],
)
def test_literals_are_taken_out_of_a_statement(statement: str, shown: str) -> None:
    assert without_literals(statement) == shown


@given(st.text(min_size=4).filter(lambda text: "'" not in text and "\\" not in text))
@example("00--")
@example("/* x */")
def test_no_text_survives(secret: str) -> None:
    shown = without_literals(f"update users set password = '§{secret}§' where id = 7")
    assert shown == "update users set password = ? where id = ?"


def test_a_long_statement_is_cut() -> None:
    assert len(without_literals("select " + "a, " * 500)) == 160


def test_a_table_that_is_scanned_for_each_item_is_found() -> None:
    few, many = {"projects": 2.0, "files": 1.0}, {"projects": 2.1, "files": 20.0, "users": 38.0}
    assert scans_for_each(few, many, 19) == [("users", 2.0), ("files", 1.0)]
