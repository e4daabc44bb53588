"""Rules on what a page weighs: what each finds, what it leaves alone, and the file that it names."""

from dataclasses import replace

import pytest

from postflight.checks.weight import content, transfer
from postflight.checks.weight.flaw import Flaw, tell, total
from postflight.checks.weight.page import MAX_RESOURCES, Face, Image, Kind, PageWeight, Resource, ScriptUse, wire_bytes
from postflight.checks.weight.waterfall import draw
from postflight.exhibits import MAX_REQUESTS

SITE = "https://www.example.com"
HEALTHY = Resource(
    f"{SITE}/app.js", Kind.SCRIPT, wire=4000, decoded=12_000, protocol="h2", encoding="br",
    media_type="text/javascript", lifetime=31_536_000.0, identity="a", content="c", start=0.1, first_byte=0.2, end=0.3,
)  # fmt: skip


def page(*resources: Resource, **more: object) -> PageWeight:
    return replace(PageWeight(f"{SITE}/", resources), **more)


def script(**changes: object) -> Resource:
    return replace(HEALTHY, **changes)


def asset(name: str, kind: Kind = Kind.SCRIPT, **changes: object) -> Resource:
    return replace(HEALTHY, **{"url": f"{SITE}/{name}", "kind": kind, "identity": name, "content": name, **changes})


def words(flaws: tuple[Flaw, ...]) -> str:
    return tell(flaws)


def test_a_healthy_page_has_no_flaws() -> None:
    healthy = page(HEALTHY, asset("a.css", Kind.STYLE), scripts=(ScriptUse(HEALTHY.url, 12_000, 100),))
    rules = (
        transfer.uncompressed, transfer.uncached, transfer.old_protocol, transfer.strangers, transfer.fetched_twice,
        transfer.redirected, content.oversized, content.hidden_text, content.unused_preloads,
    )  # fmt: skip
    assert [rule(healthy) for rule in rules] == [()] * len(rules)
    assert content.blocking(healthy, Kind.SCRIPT) == ()


@pytest.mark.parametrize(
    ("media_type", "decoded", "encoding", "found"),
    [
        ("text/css", 1025, "", True),
        ("text/css", 1024, "", False),
        ("text/css", 9000, "gzip", False),
        ("application/json; charset=utf-8", 9000, "", True),
        ("application/problem+json", 9000, "", True),
        ("image/svg+xml", 9000, "", True),
        ("application/wasm", 9000, "", True),
        ("font/ttf", 9000, "", True),
        ("font/woff2", 9000, "", False),
        ("image/png", 9000, "", False),
        ("text/event-stream", 9000, "", False),
        ("", 9000, "", False),
    ],
)
def test_text_that_was_sent_as_it_is(media_type: str, decoded: int, encoding: str, found: bool) -> None:
    flaws = transfer.uncompressed(page(script(media_type=media_type, decoded=decoded, encoding=encoding)))
    assert [(flaw.subject, flaw.amount) for flaw in flaws] == ([("/app.js", decoded)] if found else [])


def test_other_parties_and_errors_are_not_ours_to_compress() -> None:
    large = script(decoded=90_000, encoding="", media_type="text/css")
    assert transfer.uncompressed(page(replace(large, third_party=True), replace(large, status=404))) == ()
    assert transfer.uncompressed(page(replace(large, made_here=True))) == (), "a service worker's own answer"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "public, max-age=600"}, 600.0),
        ({"cache-control": "PUBLIC, Max-Age=31536000, immutable"}, 31_536_000.0),
        ({"cache-control": 'max-age="60"'}, 60.0),
        ({"cache-control": "max-age=60, no-cache"}, 0.0),
        ({"cache-control": "no-store"}, 0.0),
        ({"cache-control": "private"}, None),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "max-age=-1"}, None),
        ({"cache-control": "max-age=abc"}, None),
        ({"cache-control": "max-age=" + "9" * 30}, transfer.LONGEST_LIFE),
        ({"cache-control": "max-age=" + "9" * 9000}, None),
        ({"cache-control": "," * 100_000 + "max-age=60"}, None),
        ({"expires": "0"}, 0.0),
        ({"expires": "Thu, 01 Dec 2099 16:00:00 GMT"}, None),
        ({"expires": "Thu, 31 Dec 2026 16:00:00 GMT", "date": "Tue, 01 Dec 2026 16:00:00 GMT"}, 30 * 86_400.0 + 1),
        ({"expires": "Tue, 01 Dec 2026 16:00:00 GMT", "date": "Thu, 31 Dec 2026 16:00:00 GMT"}, 0.0),
        ({"expires": "Thu, 31 Dec 2026 16:00:00 GMT", "cache-control": "max-age=60"}, 60.0),
        ({"expires": "soon" * 9000, "date": "Tue, 01 Dec 2026 16:00:00 GMT"}, 0.0),
    ],
)
def test_for_how_long_an_answer_may_be_kept(headers: dict[str, str], seconds: float | None) -> None:
    assert transfer.lifetime(headers) == seconds


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lifetime": None}, "does not say for how long"),
        ({"lifetime": 0.0, "stored": False}, "no-store"),
        ({"lifetime": 0.0}, "on every visit"),
        ({"lifetime": 600.0}, "10 min only"),
        ({"lifetime": 6 * 86400.0}, "6 days only"),
    ],
)
def test_an_asset_that_is_not_kept_for_a_week(changes: dict[str, object], says: str) -> None:
    assert says in words(transfer.uncached(page(script(**changes))))
    assert transfer.uncached(page(script(kind=Kind.FETCH, **changes))) == (), "an answer of the API is no asset"


def test_http1_counts_over_tls_only() -> None:
    assert "http/1.1" in words(transfer.old_protocol(page(script(protocol="http/1.1"))))
    plain = script(protocol="http/1.1", url="http://www.example.com/app.js")
    assert transfer.old_protocol(page(plain, script(protocol="h3"))) == ()


def test_strangers_are_told_by_host() -> None:
    other = [
        script(url=f"https://ads.test/{n}.gif", kind=Kind.IMAGE, third_party=True, stranger=True) for n in range(3)
    ]
    known = script(url="https://cdn.test/x.js", third_party=True)
    (flaw,) = transfer.strangers(page(HEALTHY, known, *other))
    assert (flaw.subject, flaw.amount) == ("ads.test", 3)
    assert "image /0.gif" in flaw.words


def test_the_same_address_and_the_same_body_are_one_too_much() -> None:
    again = asset("api", Kind.FETCH, content="")
    flaws = transfer.fetched_twice(page(again, again, again, asset("a.js"), asset("b.js", content="a.js")))
    assert total(flaws) == 3
    assert "/api: was fetched 3 times" in words(flaws)
    assert "/b.js: has the same content as /a.js: 4 KB too much" in words(flaws)


def test_what_is_no_repetition() -> None:
    posts = replace(asset("save", Kind.FETCH), method="POST")
    little = [asset(name, content="x", decoded=100) for name in ("dot.gif", "dot2.gif")]
    answers = [asset(name, Kind.FETCH, content="x") for name in ("page/1", "page/2")]
    failed = replace(asset("missing"), status=404)
    little += [asset(name, Kind.IMAGE, content="y") for name in ("people/1.png", "people/2.png")]
    part = replace(asset("film.mp4", Kind.OTHER), status=206)
    assert transfer.fetched_twice(page(posts, posts, *little, *answers, failed, failed, part, part)) == ()


def test_what_a_page_lacked_of_its_own_is_told() -> None:
    theirs = asset("ads.js", third_party=True, lost="net::ERR_CONNECTION_REFUSED")
    (flaw,) = transfer.lost(page(HEALTHY, theirs, asset("late.png", Kind.IMAGE, lost="answered 503")))
    assert str(flaw) == "/late.png: the image answered 503"


def test_chatter_counts_by_route() -> None:
    ids = ("7c9e6679-7425-40de-944b-e07fc1f90ae7", "8c9e6679-7425-40de-944b-e07fc1f90ae7", "17")
    asked = [asset(f"api/projects/{one}", Kind.FETCH) for one in ids]
    (items, whole) = transfer.chatter(page(*asked, asset("api/projects", Kind.FETCH)))
    assert (items.subject, items.amount) == ("GET /api/projects/{id}", 3)
    assert whole.amount == 1


def test_images_with_more_pixels_than_anybody_sees() -> None:
    def flaws(natural: tuple[int, int], box: tuple[float, float], pixels: float = 1.0) -> tuple[Flaw, ...]:
        return content.oversized(page(images=(Image(f"{SITE}/h.png", natural, box, 100_000),), device_pixels=pixels))

    (flaw,) = flaws((2000, 2000), (500.0, 500.0))
    assert flaw.amount == pytest.approx(75_000), "a quarter of its pixels is all that a sharp screen shows"
    assert "2000 x 2000 pixels in a box of 500 x 500: 75 KB for nothing" in flaw.words
    assert flaws((1000, 1000), (500.0, 500.0)) == ()
    assert flaws((2000, 2000), (500.0, 500.0), pixels=2.0) == ()
    assert flaws((4000, 300), (500.0, 500.0)) == (), "a wide image that is cut to its box"
    assert flaws((2000, 2000), (0.0, 0.0)) == (), "hidden: nobody knows how large it will be"


def test_the_share_of_script_that_nobody_calls() -> None:
    large = page(scripts=(ScriptUse("https://x/a.js", 80_000, 60_000), ScriptUse("https://x/b.js", 20_000, 0)))
    assert content.unused_share(large) == pytest.approx(0.6)
    assert "/a.js: 60 KB of 80 KB never executed (75 %)" in words(content.unused_scripts(large))
    assert content.unused_share(page(scripts=(ScriptUse("https://x/a.js", 1000, 900),))) == pytest.approx(0.018)
    assert content.unused_share(page()) == 0.0


def test_fonts_that_hide_text() -> None:
    font = asset("inter.woff2", Kind.FONT)
    flaws = content.hidden_text(page(font, faces=(Face("Inter", "auto", (font.url,)), Face("Mono", "swap"))))
    assert "/inter.woff2: font-display is auto" in words(flaws)
    assert "found late" in words(flaws)
    early = replace(font, preloaded=True)
    assert "found late" not in words(content.hidden_text(page(early, faces=(Face("Inter", "block", (font.url,)),))))


def test_what_holds_rendering_back_and_what_was_preloaded_for_nothing() -> None:
    held = page(script(blocking=True), asset("a.css", Kind.STYLE, blocking=True), unused_preloads=(HEALTHY.url,))
    assert [flaw.subject for flaw in content.blocking(held, Kind.SCRIPT)] == ["/app.js"]
    assert [flaw.subject for flaw in content.blocking(held, Kind.STYLE)] == ["/a.css"]
    assert "/app.js: preloaded and not used, 4 KB" in words(content.unused_preloads(held))


def test_a_sum_names_its_largest_files() -> None:
    files = [asset(f"{size}.js", wire=size * 1000) for size in (5, 1, 9, 7)]
    assert wire_bytes(files) == 22_000
    assert words(content.heaviest(files)) == "/9.js: 9 KB; /7.js: 7 KB; /5.js: 5 KB"


def test_many_flaws_are_one_bounded_line() -> None:
    line = tell([Flaw(f"/{n}.js", "x", n) for n in range(1000)])
    assert line.startswith("/999.js: x; ")
    assert line.endswith("; and 995 more")


def test_the_waterfall_is_bounded_and_says_what_is_wrong() -> None:
    many = [asset(f"{n}.js", blocking=n == 0, start=n / 10, end=n / 10 + 1) for n in range(MAX_RESOURCES)]
    drawn = draw(page(*many, asset("stream", end=None)))
    assert len(drawn.requests) == MAX_REQUESTS
    assert drawn.requests[0].note == "blocks rendering"
    assert "1 requests did not end" in drawn.note
