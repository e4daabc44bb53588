"""Laws of lists: pages fit together, nothing is on two or on none, totals, sorting, searching and defaults are true."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from postflight.checks.invariants.exchange import Exchange, Object, Violation
from postflight.checks.invariants.resource import Resource

DESCENDING = "desc"


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was answered. `limit` and `offset` are what was asked for; no limit: the default's page."""

    resource: Resource
    exchange: Exchange
    items: tuple[Object, ...]
    limit: int | None
    offset: int
    total: int | None

    @classmethod
    def of(cls, resource: Resource, exchange: Exchange) -> "Page":
        """Read a page. Raises `UnexpectedAnswer` where there is none."""
        if exchange.status != 200:
            law = "crash" if exchange.status >= 500 else "list-fails"
            raise Violation(law, f"{exchange.name} answers {exchange.status}", exchange, "200 and a page").error()
        answer = exchange.response.json_object()
        items = tuple(item for item in answer.items(resource.items) if isinstance(item, dict))
        limit, total = exchange.asked(resource.limit), answer.value.get(resource.total)
        return cls(
            resource,
            exchange,
            items,
            int(limit) if limit else None,
            int(exchange.asked(resource.offset) or 0),
            total if isinstance(total, int) else None,
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids on the page, in order."""
        return tuple(self.resource.id_of(item) for item in self.items)


def honour_limit(pages: Sequence[Page]) -> Iterator[Violation]:
    """Demand that no page has more than was asked for."""
    for page in pages:
        if page.limit is not None and len(page.items) > page.limit:
            cause = f"`{page.resource.limit}` has no effect: a page of {page.limit} was asked for"
            yield Violation(
                "limit-ignored",
                cause,
                page.exchange,
                f"at most {page.limit}",
                f"{len(page.items)} {page.resource.items}",
            )
            return


def fit_together(pages: Sequence[Page], whole: Sequence[str]) -> Iterator[Violation]:
    """Demand that pages of one size, first to last, show each of `whole` (ids, in the list's order) once."""
    shown = [(one, page) for page in pages for one in page.ids]
    resource = pages[0].resource
    if len(pages) > 2 and pages[0].ids and pages[0].ids == pages[1].ids == pages[2].ids:
        cause = f"`{resource.offset}` has no effect: the page at {pages[1].offset} is the one at {pages[0].offset}"
        yield Violation("offset-ignored", cause, pages[1].exchange, "the next page", "the same page")
        return
    seen: dict[str, Page] = {}
    for one, page in shown:
        if one in seen:
            where = f"offsets {seen[one].offset} and {page.offset}"
            cause = f"the {resource.name} {one} is on two pages of {page.limit}, at {where}: pages overlap"
            yield Violation("pages-overlap", cause, page.exchange, "each once", f"twice, at {where}")
            return
        seen[one] = page
    missing = [index for index, one in enumerate(whole) if one not in seen]
    if missing:
        yield _gap(pages, whole, missing)


def _gap(pages: Sequence[Page], whole: Sequence[str], missing: Sequence[int]) -> Violation:
    first, resource, size = missing[0], pages[0].resource, pages[0].limit or 1
    page = pages[min(first // size, len(pages) - 1)]
    lost = f"the {resource.name} {whole[first]}"
    expected, seen = f"all {len(whole)} on the pages together", f"{len(missing)} of them on no page of {size}"
    if first == 0:
        cause = f"{lost}, the first of the list, is on no page: paging is off by one"
        return Violation("page-off-by-one", cause, pages[0].exchange, expected, seen)
    if any(len(before.items) < size and after.items for before, after in pairwise(pages)):
        cause = f"{lost} is on no page: pages of {size} are shorter than asked for, though others follow"
        return Violation("page-short", cause, page.exchange, expected, seen)
    cause = f"{lost} is on no page of {size}: it is left out between two pages"
    return Violation("page-gap", cause, page.exchange, expected, seen)


def count_truly(pages: Sequence[Page]) -> Iterator[Violation]:
    """Demand that the total, on every page of a walk, is the number of what the walk has shown."""
    count = len({one for page in pages for one in page.ids})
    for page in pages:
        if page.total is not None and page.total != count:
            of_page = page.total == len(page.items) < count
            what = "counts the page, not the list" if of_page else f"is not what can be listed, {count}"
            cause = f"`{page.resource.total}` {what}"
            yield Violation("total-wrong", cause, page.exchange, f"{count}", f"{page.total}")
            return


def be_sorted(pages: Sequence[Page], field: str, order: str) -> Iterator[Violation]:
    """Demand that the list is sorted over all its pages: texts by code point, moments as they are written."""
    falling = order == DESCENDING
    values = [str(item.get(field, "")) for page in pages for item in page.items]
    if _is_sorted(values, falling=falling):
        return
    resource = pages[0].resource
    at = next(index for index, pair in enumerate(pairwise(values)) if not _is_sorted(pair, falling=falling))
    asked = f"`{resource.sort}={field}`, `{resource.order}={order}`"
    paged = [[str(item.get(field, "")) for item in page.items] for page in pages]
    if _is_sorted(values, falling=not falling):
        law, cause = "order-ignored", f"the list for {asked} is sorted the other way round"
    elif all(_is_sorted(page, falling=falling) for page in paged) and max(map(len, paged)) > 1:
        law, cause = "sort-of-page", f"for {asked} each page is sorted by itself, and the list is not"
    else:
        law, cause = "sort-ignored", f"the list for {asked} is not sorted by {field}"
    yield Violation(law, cause, pages[0].exchange, f"{order} {field}", f"{values[at]!r} before {values[at + 1]!r}")


def _is_sorted(values: Sequence[str], *, falling: bool) -> bool:
    return all(one >= other if falling else one <= other for one, other in pairwise(values))


def be_found(page: Page, wanted: str, own: Sequence[Object]) -> Iterator[Violation]:
    """Demand that a search finds what holds the text, in any case, and nothing else. `own` are objects that exist."""
    resource, part = page.resource, wanted.lower()
    parameter, field = resource.search, resource.searched
    strangers = [item for item in page.items if part not in str(item.get(field, "")).lower()]
    if strangers:
        shown = str(strangers[0].get(field))[:80]
        cause = f"`{parameter}` has no effect: a search for {wanted!r} shows what does not hold it"
        yield Violation("filter-ignored", cause, page.exchange, f"{field} with {wanted!r}", repr(shown))
    lost = [one for one in own if part in str(one.get(field, "")).lower() and resource.id_of(one) not in page.ids]
    if lost and len(page.items) < (page.limit or len(own)):
        cause = (
            f"`{parameter}={wanted}` does not find the {resource.name} {str(lost[0].get(field))[:80]!r}, which holds it"
        )
        yield Violation("filter-misses", cause, page.exchange, f"{resource.id_of(lost[0])}", f"{len(page.items)} found")


def default_page(page: Page, size: int, available: int) -> Iterator[Violation]:
    """Demand that a page without a limit has as many as the document says, where there are so many."""
    expected = min(size, available)
    if len(page.items) != expected:
        cause = (
            f"without `{page.resource.limit}` a page has {len(page.items)} of {available}, and the document says {size}"
        )
        yield Violation("default-ignored", cause, page.exchange, f"{expected}", f"{len(page.items)}")


def same_list(bare: Page, spelt: Page, defaults: str) -> Iterator[Violation]:
    """Demand that a list that is asked for without parameters is the one with the documented defaults."""
    if bare.ids != spelt.ids:
        cause = f"the list without parameters is not the one with the documented defaults ({defaults})"
        yield Violation("default-ignored", cause, bare.exchange, "the same list", "another order or other members")


def holds(page: Page, ids: Sequence[str], when: str) -> Iterator[Violation]:
    """Demand that all of these are in the list."""
    for one in ids:
        if one not in page.ids:
            cause = f"the {page.resource.name} {one} is not in the list {when}"
            yield Violation("list-lacks", cause, page.exchange, "in the list", f"{len(page.items)} others")
            return


def lacks(page: Page, ids: Sequence[str], when: str, law: str = "list-shows-deleted") -> Iterator[Violation]:
    """None of these is in the list."""
    for one in ids:
        if one in page.ids:
            yield Violation(
                law, f"the {page.resource.name} {one} is in the list {when}", page.exchange, "not in the list"
            )
            return
