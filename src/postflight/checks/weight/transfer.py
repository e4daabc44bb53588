"""Rules on how files travel: packed, kept, asked for once, over HTTP/2, from whom. Each returns flaws, file by file."""

import re
from collections import defaultdict
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from postflight.checks.weight.flaw import Flaw, size
from postflight.checks.weight.names import shape, short
from postflight.checks.weight.page import Kind, PageWeight, Resource

PACKED_FROM = 1024  # bytes: below, packing gains nothing (RFC 9110 says no number; nginx begins at 20, CDNs near 1 KB)
KEPT_FOR = 7 * 86400.0  # seconds that an asset ought to be kept at least
_PART = 206  # of a video: players ask for part after part
LONGEST_LIFE = 10 * 365 * 86400.0  # seconds; what a header claims beyond this is read as this
SAME_BODY_FROM = 200  # bytes: shorter bodies are equal by chance
ASSETS = (Kind.SCRIPT, Kind.STYLE, Kind.IMAGE, Kind.FONT)
_BUILT = (Kind.SCRIPT, Kind.STYLE, Kind.FONT)  # pictures are also people's: many have the same face, each its address
_TEXT = re.compile(
    r"text/(?!event-stream)|application/(json|javascript|xml|xhtml|manifest|wasm|[\w.]+\+(json|xml))|image/svg\+xml"
    r"|font/(ttf|otf|sfnt)|application/(x-)?(font-(ttf|otf|sfnt)|javascript)",
    re.IGNORECASE,
)


def lifetime(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds a browser may use an answer again without asking; None where it does not say.

    RFC 9111, 5.2.2 (`no-store`, `no-cache`, `max-age`), then 5.3: `Expires`, from the `Date` of the same clock on; one
    that is no date is the past. Names of `headers` are lower case.
    """
    control = {part.strip().lower() for part in headers.get("cache-control", "")[:1000].split(",")}
    if control & {"no-store", "no-cache"}:
        return 0.0
    for part in sorted(control):
        if found := re.fullmatch(r'max-age="?(\d{1,30})"?', part):
            return min(float(found[1]), LONGEST_LIFE)
    if not (expires := headers.get("expires", "")):
        return None
    until, since = _moment(expires), _moment(headers.get("date", ""))
    if until is None:
        return 0.0
    if since is None or until <= since:
        return None if since is None else 0.0
    return min(until - since + 1.0, LONGEST_LIFE)  # both are cut to whole seconds: a week may look shorter


def _moment(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date[:100]).timestamp()
    except (ValueError, OverflowError):
        return None


def uncompressed(page: PageWeight) -> tuple[Flaw, ...]:
    """Return own text that was sent as it is, though it has more than 1 KB; amounts are bytes."""
    return tuple(
        Flaw(short(one.url), f"{_named(one)} is sent without compression, {size(one.decoded)}", one.decoded)
        for one in page.resources
        if one.is_ok and not one.third_party and not one.made_here and not one.encoding
        if one.decoded > PACKED_FROM and _TEXT.match(one.media_type)
    )


def lost(page: PageWeight) -> tuple[Flaw, ...]:
    """Return what of its own the page asked for and did not get; one each."""
    return tuple(Flaw(short(one.url), f"{_named(one)} {one.lost}") for one in page.lost)


def uncached(page: PageWeight) -> tuple[Flaw, ...]:
    """Return own assets that a browser must ask for again within a week; one each."""
    return tuple(
        Flaw(short(one.url), _life(one))
        for one in page.of(*ASSETS)
        if one.is_ok and not one.third_party and (one.lifetime or 0.0) < KEPT_FOR
    )


def old_protocol(page: PageWeight) -> tuple[Flaw, ...]:
    """Return own files that came over HTTP/1.x and TLS, where browsers would speak HTTP/2; one each."""
    return tuple(
        Flaw(short(one.url), f"came over {one.protocol}, though HTTP/2 needs only TLS")
        for one in page.resources
        if one.url.startswith("https:") and one.protocol.lower().startswith("http/1") and not one.third_party
    )


def strangers(page: PageWeight) -> tuple[Flaw, ...]:
    """Return other parties that nobody has allowed, host by host; amounts are requests."""
    asked: dict[str, list[Resource]] = defaultdict(list)
    for one in page.resources:
        if one.stranger:
            asked[urlsplit(one.url).netloc].append(one)
    return tuple(
        Flaw(
            host, f"{_times(found)} to a third party that deployments.yaml does not allow: {_first(found)}", len(found)
        )
        for host, found in asked.items()
    )


def fetched_twice(page: PageWeight) -> tuple[Flaw, ...]:
    """Return what was fetched more than once: the same address, or the same body under two names."""
    flaws = []
    by_address: dict[str, list[Resource]] = defaultdict(list)
    by_body: dict[tuple[Kind, str], dict[str, Resource]] = defaultdict(dict)
    for one in page.resources:
        if one.method != "GET" or not one.is_ok or one.status == _PART or one.kind is Kind.DOCUMENT:
            continue
        if one.identity:
            by_address[one.identity].append(one)
        if one.content and one.decoded >= SAME_BODY_FROM and one.kind in _BUILT:
            by_body[one.kind, one.content].setdefault(one.identity, one)
    for found in by_address.values():
        if len(found) > 1:
            wasted = size(sum(one.wire for one in found[1:]))
            flaws.append(
                Flaw(short(found[0].url), f"was fetched {len(found)} times, {wasted} too much", len(found) - 1)
            )
    for same in by_body.values():
        if len(same) > 1:
            names = [short(one.url) for one in same.values()]
            words = f"has the same content as {', '.join(names[:3])}: {size(next(iter(same.values())).wire)} too much"
            flaws.append(Flaw(names[-1], words.replace(f", {names[-1]}", ""), len(same) - 1))
    return tuple(flaws)


def chatter(page: PageWeight) -> tuple[Flaw, ...]:
    """Return routes of the API by how often one page view asks them; amounts are requests. Every route has an entry."""
    asked: dict[tuple[str, str, str], list[Resource]] = defaultdict(list)
    for one in page.of(Kind.FETCH):
        asked[one.method, urlsplit(one.url).netloc, shape(one.url)].append(one)
    return tuple(
        Flaw(f"{method} {route}", f"{_times(found)} from one page view: one for each item of a list?", len(found))
        for (method, _host, route), found in asked.items()
    )


def redirected(page: PageWeight) -> tuple[Flaw, ...]:
    """Return the addresses that only led on to the page; one each."""
    return tuple(Flaw(short(url), "only leads on: a round trip before anything is shown") for url in page.redirects)


def is_loopback(url: str) -> bool:
    """Whether this is an address of the machine itself."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def _named(one: Resource) -> str:
    return {Kind.DOCUMENT: "the page", Kind.FETCH: "the answer"}.get(one.kind, f"the {one.kind.value}")


def _life(one: Resource) -> str:
    if not one.stored:
        return "is kept by no browser (no-store)"
    if one.lifetime is None:
        return "does not say for how long it may be kept"
    if one.lifetime < 1:
        return "must be asked for on every visit"
    units = (("days", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))
    unit, seconds = next((unit, seconds) for unit, seconds in units if one.lifetime >= seconds)
    return f"is kept for {one.lifetime / seconds:.3g} {unit} only"


def _times(found: list[Resource]) -> str:
    return f"{len(found)} request{'' if len(found) == 1 else 's'}"


def _first(found: list[Resource]) -> str:
    return f"{found[0].kind.value} {short(found[0].url)}"
