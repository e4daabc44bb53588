"""VEL-S3: the list of projects is true: every page size, total, order, search and default.

A search for the shelf's own mark keeps out what others do meanwhile.
"""

from collections.abc import Iterator

import pytest

from postflight.checks.invariants import lists
from postflight.checks.invariants.exchange import Object
from postflight.checks.invariants.lists import Page

from .caller import Caller
from .conftest import Hold
from .resources import PROJECT

pytestmark = [
    pytest.mark.contract,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-S3"),
    pytest.mark.needs("create", "fuzz"),
    pytest.mark.xdist_group("lists"),  # they share a shelf
]

ON_SHELF = 23  # more than the documented default of a page
NAMES = ("Zebra", "apple", "Apple", "10", "9", "\u00e9t\u00e9", "_", "zoo", "Mango", "\u4e2d", "a b", "a-b")
PAGE_SIZES = (1, 2, 3, 7)
MOST = 100


class Shelf:
    """Projects that nobody changes, and pages of them."""

    def __init__(self, call: Caller, mark: str) -> None:
        self.call = call
        self.mark = mark
        self.projects: list[Object] = []

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, the newest first: as the document says that a list is sorted."""
        return tuple(PROJECT.id_of(one) for one in reversed(self.projects))

    def page(self, **query: str | int) -> Page:
        """Ask for a page of the shelf."""
        return Page.of(PROJECT, self.call(PROJECT.list, query={PROJECT.search: self.mark, **query}))

    def walk(self, size: int, **query: str | int) -> list[Page]:
        """Ask for page after page, until one is empty or no more can come."""
        pages: list[Page] = []
        for offset in range(0, MOST, size):
            pages.append(self.page(**{PROJECT.limit: size, PROJECT.offset: offset, **query}))
            if not pages[-1].items:
                break
        return pages


@pytest.fixture(scope="session")
def shelf(call: Caller, mark: str) -> Iterator[Shelf]:
    """Twenty-three projects whose order by name, creation and change differ."""
    shelf = Shelf(call, f"{mark}shelf-")
    for number in range(ON_SHELF):
        name = f"{shelf.mark}{NAMES[number % len(NAMES)]}-{number * 7 % ON_SHELF}"
        made = call("createProject", {"name": name})
        shelf.projects.append(made.response.expect(200, 201).json_object().value)
    for number in (3, 11, 5):
        changed = call("changeProject", {"description": "later"}, id=PROJECT.id_of(shelf.projects[number]))
        shelf.projects[number] = changed.response.expect(200).json_object().value
    call("createProject", {"name": f"{mark}beside the shelf"})  # so that a list that lags lags behind this one
    yield shelf
    for project in shelf.projects:
        call("deleteProject", id=PROJECT.id_of(project))


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_pages_fit_together(shelf: Shelf, size: int, hold: Hold) -> None:
    """Pages show every project once, none has more than asked for, and all know the total"""
    pages = shelf.walk(size)
    hold(lists.honour_limit(pages))
    hold(lists.fit_together(pages, shelf.ids))
    hold(lists.count_truly(pages))


def test_beyond_the_end(shelf: Shelf, hold: Hold) -> None:
    """A page beyond the end is empty, and no error"""
    page = shelf.page(**{PROJECT.limit: 5, PROJECT.offset: 500_000})
    hold(lists.lacks(page, shelf.ids, "beyond its end", "page-beyond-end"))


def test_order(shelf: Shelf, hold: Hold) -> None:
    """The list is sorted by what is asked for, either way, and over all pages"""
    promise = shelf.call.promises[PROJECT.list]
    for field in promise.choices(PROJECT.sort):
        for order in promise.choices(PROJECT.order):
            pages = shelf.walk(7, **{PROJECT.sort: field, PROJECT.order: order})
            hold(lists.be_sorted(pages, field, order))
            hold(
                lists.fit_together(
                    pages, shelf.page(**{PROJECT.limit: MOST, PROJECT.sort: field, PROJECT.order: order}).ids
                )
            )


def test_search(shelf: Shelf, hold: Hold) -> None:
    """A search finds what holds the text, in upper or lower case, on whatever page it was, and nothing else"""
    oldest = str(shelf.projects[0][PROJECT.searched])
    part = oldest.removeprefix(shelf.mark)
    for wanted in (shelf.mark, oldest, f"{shelf.mark}{part[:3]}", f"{shelf.mark}ZEBRA", f"{shelf.mark}nothing"):
        for limit in (MOST, 20):
            hold(lists.be_found(shelf.page(**{PROJECT.search: wanted, PROJECT.limit: limit}), wanted, shelf.projects))


def test_defaults(shelf: Shelf, hold: Hold) -> None:
    """What is not asked for is as the document says: size of a page, order"""
    promise = shelf.call.promises[PROJECT.list]
    names = (PROJECT.limit, PROJECT.offset, PROJECT.sort, PROJECT.order)
    spelt = {name: str(default) for name in names if (default := promise.default(name)) is not None}
    bare = shelf.page()
    hold(lists.default_page(bare, int(spelt[PROJECT.limit]), len(shelf.ids)))
    hold(lists.same_list(bare, shelf.page(**spelt), ", ".join(f"{name}={value}" for name, value in spelt.items())))
    hold(lists.be_sorted([bare], spelt[PROJECT.sort], spelt[PROJECT.order]))


def test_new_ones_are_listed_at_once(call: Caller, project: str, hold: Hold) -> None:
    """A project is in the list as soon as it was created"""
    hold(lists.holds(Page.of(PROJECT, call(PROJECT.list)), [project], "right after it was created"))
