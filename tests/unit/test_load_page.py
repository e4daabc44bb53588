"""A visit asks for what a browser asks for: parts of the page's own origin, and with a cache only what is not fresh."""

from collections.abc import Callable

import pytest

from postflight.errors import UnexpectedAnswer
from postflight.flow import Request, Response, Together
from postflight.load.profiles.page import MOST_PARTS, Cache, parts_of, visit

HOME = "https://site.test/app/"
PAGE = """<!doctype html><html><head>
<link rel="icon" href="/i.svg"><link REL=Stylesheet href="a.css"><link rel="canonical" href="/elsewhere">
<link rel="modulepreload" href="/m.js"><script src="/m.js" type=module></script><script>"<img src=/text.png>"</script>
<script nomodule src="/old.js"></script></head>
<body><img src="b.png#top"><img src="data:image/gif;base64,xx"><img loading=lazy src="later.png">
<img src="//cdn.test/c.png"><noscript><img src="/without.png"></noscript><template><img src="/t.png"></template>
<a href="/next">next</a><img src="/app/b.png"><img src="http://[broken"></body></html>"""


def test_parts_are_what_a_browser_loads_from_the_same_origin() -> None:
    expected = ("i.svg", "app/a.css", "m.js", "app/b.png")
    assert parts_of(PAGE, HOME) == tuple(f"https://site.test/{path}" for path in expected)


def test_a_base_moves_relative_addresses() -> None:
    assert parts_of('<base href="/other/"><img src="x.png">', HOME) == ("https://site.test/other/x.png",)
    assert parts_of('<base href="https://else.test/"><img src="x.png">', HOME) == ()


@pytest.mark.parametrize(
    "hostile", ["<" * 5000, "<img src=" + "a" * 5000, '<img src="\x00">', "<link rel href>", "<img src>"]
)
def test_broken_markup_is_no_trouble(hostile: str) -> None:
    assert len(parts_of(hostile, HOME)) <= 1


def test_parts_are_bounded() -> None:
    assert len(parts_of("".join(f"<img src='/{n}'>" for n in range(5000)), HOME)) == MOST_PARTS


class Site:
    """Answers visits without I/O, and notes what was asked for."""

    def __init__(self, part: Callable[[Request], Response], page: str = "<link rel=stylesheet href=/a.css>") -> None:
        self.page, self.part = page, part
        self.asked: list[Request] = []

    def take(self, cache: Cache | None = None) -> list[str]:
        """Visit once; return the paths of the parts that were asked for."""
        flow, before = visit("/", cache), len(self.asked)
        wish = next(flow)
        assert isinstance(wish, Request)
        try:
            wish = flow.send(answer("https://site.test/", 200, self.page))
            assert isinstance(wish, Together)
            self.asked += wish.requests
            flow.send(tuple(self.part(request) for request in wish.requests))  # type: ignore[arg-type]
        except StopIteration:
            pass
        return [request.name for request in self.asked[before:]]


def answer(url: str, status: int, body: str = "", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, pairs, body.encode(), url, 0.01)


def part(status: int, **headers: str) -> Callable[[Request], Response]:
    return lambda request: answer(request.path, status, **headers)


def test_a_first_visit_loads_all_parts_each_time() -> None:
    site = Site(part(200, cache_control="max-age=60"))
    assert (site.take(), site.take()) == (["GET /a.css"], ["GET /a.css"])


def test_who_returns_asks_again_only_when_it_is_stale() -> None:
    now = 0.0
    cache = Cache(clock=lambda: now)
    site = Site(part(200, cache_control="public, max-age=60", etag='"v1"'))
    assert site.take(cache) == ["GET /a.css"]
    assert site.take(cache) == []
    now = 61.0
    site.part = part(304, cache_control="max-age=60")
    assert site.take(cache) == ["GET /a.css"]
    assert site.asked[-1].headers == {"If-None-Match": '"v1"'}
    assert site.take(cache) == [], "a 304 makes it fresh again"


@pytest.mark.parametrize("rule", ["no-store", "no-cache", "max-age=0", "", "max-age=x"])
def test_what_may_not_be_used_again_is_asked_for(rule: str) -> None:
    cache, site = Cache(clock=lambda: 0.0), Site(part(200, cache_control=rule, etag='"v1"'))
    site.take(cache)
    assert site.take(cache) == ["GET /a.css"]
    assert bool(site.asked[-1].headers) is (rule != "no-store")


def test_time_in_caches_before_ours_counts() -> None:
    now = 0.0
    cache, site = Cache(clock=lambda: now), Site(part(200, cache_control="max-age=60", age="50"))
    site.take(cache)
    now = 11.0
    assert site.take(cache) == ["GET /a.css"]


def test_a_part_that_is_missing_is_a_fault_and_so_is_a_304_that_nobody_asked_for() -> None:
    for status in (404, 500, 304):
        with pytest.raises(UnexpectedAnswer, match=r"site\.test/a\.css"):
            Site(part(status)).take()
