"""Each law of lists holds of true lists, and names what is wrong with the others."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.checks.invariants import lists
from postflight.checks.invariants.lists import Page
from postflight.checks.invariants.resource import Resource
from postflight.errors import UnexpectedAnswer
from tests.exchanges import exchange, laws

THINGS = Resource(
    "thing", "things", list="listThings", limit="limit", offset="offset", total="total", sort="sort", order="order",
    search="q", searched="name",
)  # fmt: skip
Names = Sequence[str]


def page(names: Names, *, limit: int | None = None, offset: int = 0, total: int | None = None) -> Page:
    query = "&".join(f"{key}={value}" for key, value in (("limit", limit), ("offset", offset)) if value is not None)
    items = [{"id": name, "name": name} for name in names]
    return Page.of(
        THINGS, exchange(f"GET /t?{query}", 200, {"things": items, "total": len(names) if total is None else total})
    )


def walk(
    names: Names, size: int, cut: Callable[[Names, int, int], Names] = lambda all_, at, size: all_[at : at + size]
) -> list[Page]:
    pages = []
    for offset in range(0, len(names) + size, size):
        pages.append(page(cut(names, offset, size), limit=size, offset=offset, total=len(names)))
    return pages


@given(st.integers(0, 30), st.integers(1, 9))
def test_true_pages_keep_all_laws(count: int, size: int) -> None:
    names = [f"{number:02}" for number in range(count)]
    pages = walk(names, size)
    found = [*lists.honour_limit(pages), *lists.fit_together(pages, names), *lists.count_truly(pages)]
    assert [*found, *lists.be_sorted(pages, "name", "asc")] == []


TEN = [f"{number:02}" for number in range(10)]


@pytest.mark.parametrize(
    ("cut", "law"),
    [
        (lambda all_, at, size: all_[:size], "offset-ignored"),
        (lambda all_, at, size: all_[at + 1 : at + 1 + size], "page-off-by-one"),
        (lambda all_, at, size: all_[max(0, at - 1) : max(0, at - 1) + size], "pages-overlap"),
        (lambda all_, at, size: all_[at + 1 : at + 1 + size] if at else all_[:size], "page-gap"),
        (lambda all_, at, size: all_[at : at + size - 1], "page-short"),
    ],
)
@pytest.mark.parametrize("size", [2, 3, 7])
def test_wrong_pages_are_named(cut: Callable[[Names, int, int], Names], law: str, size: int) -> None:
    assert laws(lists.fit_together(walk(TEN, size, cut), TEN)) == [law]


def test_a_page_beyond_its_limit_and_a_total_of_the_page() -> None:
    assert laws(lists.honour_limit([page(TEN, limit=5)])) == ["limit-ignored"]
    pages = [page(TEN[:5], limit=5, total=5), page(TEN[5:], limit=5, offset=5, total=5)]
    [violation] = lists.count_truly(pages)
    assert (violation.law, "counts the page" in violation.cause) == ("total-wrong", True)


@pytest.mark.parametrize(
    ("pages", "law"),
    [
        ([["a", "b"], ["c", "d"]], None),
        ([["d", "c"], ["b", "a"]], "order-ignored"),
        ([["b", "d"], ["a", "c"]], "sort-of-page"),
        ([["b", "a"], ["d", "c"]], "sort-ignored"),
    ],
)
def test_order(pages: list[list[str]], law: str | None) -> None:
    assert laws(lists.be_sorted([page(names) for names in pages], "name", "asc")) == ([law] if law else [])


def test_code_points_decide() -> None:
    assert laws(lists.be_sorted([page(["10", "9", "Apple", "apple", "été", "中"])], "name", "asc")) == []


def test_search() -> None:
    own = [{"id": name, "name": name} for name in ("Zebra-1", "apple-1")]
    assert laws(lists.be_found(page(["Zebra-1"], limit=9), "zebra", own)) == []
    assert laws(lists.be_found(page(["Zebra-1", "apple-1"], limit=9), "zebra", own)) == ["filter-ignored"]
    assert laws(lists.be_found(page([], limit=9), "ZEBRA", own)) == ["filter-misses"]


def test_defaults_and_members() -> None:
    assert laws(lists.default_page(page(TEN), 10, 12)) == laws(lists.default_page(page(TEN[:4]), 10, 4)) == []
    assert laws(lists.default_page(page(TEN[:5]), 10, 12)) == ["default-ignored"]
    assert laws(lists.same_list(page(TEN), page(TEN), "")) == []
    assert laws(lists.same_list(page(TEN), page(TEN[::-1]), "")) == ["default-ignored"]
    assert laws(lists.holds(page(TEN), ["11"], "now")) == ["list-lacks"]
    assert laws(lists.lacks(page(TEN), ["03"], "now")) == ["list-shows-deleted"]


def test_what_is_no_page_is_told() -> None:
    with pytest.raises(UnexpectedAnswer, match="crash: GET /t answers 500"):
        Page.of(THINGS, exchange("GET /t", 500))
    with pytest.raises(UnexpectedAnswer, match="things"):
        Page.of(THINGS, exchange("GET /t", 200, {"items": []}))
