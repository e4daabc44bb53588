"""What a page weighs, against its limits: bytes and requests by type, elements, what its scripts do not use."""

import pytest

from postflight.checks.weight import content, transfer
from postflight.checks.weight.flaw import Flaw, total
from postflight.checks.weight.page import Kind, PageWeight, wire_bytes
from postflight.checks.weight.waterfall import draw
from postflight.model import Deployment, Unit
from postflight.pytest_plugin.fixtures import Exclude, Measure, Show

from ..routes import Route
from .pages import Telling, each_page

pytestmark = [
    pytest.mark.performance,
    pytest.mark.covers("VEL-P3", "P13-P1"),
    pytest.mark.only_browser("chromium"),  # others have no protocol that tells what came over the network
    each_page,
]


@pytest.fixture
def say(measure: Measure, route: Route, page_weight: PageWeight) -> Telling:
    return Telling(measure, route, page_weight)


@pytest.mark.measures(
    "bytes.total", "bytes.document", "bytes.script", "bytes.style", "bytes.image", "bytes.font", "bytes.fetch"
)
def test_bytes(page_weight: PageWeight, say: Telling, exhibit: Show) -> None:
    """A page brings no more bytes than it may, of each type."""
    exhibit(draw(page_weight))
    say.say(
        "bytes.total", wire_bytes(page_weight.resources), Unit.BYTES, because=content.heaviest(page_weight.resources)
    )
    for kind in (Kind.DOCUMENT, Kind.SCRIPT, Kind.STYLE, Kind.IMAGE, Kind.FONT, Kind.FETCH):
        files = page_weight.of(kind)
        say.say(f"bytes.{kind.value}", wire_bytes(files), Unit.BYTES, because=content.heaviest(files))


@pytest.mark.measures("requests.total", "requests.script", "requests.api", "requests.third_party")
def test_requests(page_weight: PageWeight, say: Telling) -> None:
    """A page makes no more requests than it may."""
    third = tuple(one for one in page_weight.resources if one.third_party)
    scripts, api = page_weight.of(Kind.SCRIPT), page_weight.of(Kind.FETCH)
    say.say("requests.total", page_weight.requests, because=content.most_asked(page_weight.resources))
    say.say("requests.script", len(scripts), because=content.heaviest(scripts))
    say.say("requests.api", len(api), because=transfer.chatter(page_weight))
    say.say("requests.third_party", len(third), because=content.heaviest(third))


@pytest.mark.measures("requests.repeated")
def test_api_is_not_asked_item_by_item(page_weight: PageWeight, say: Telling) -> None:
    """A page does not ask one route of the API again for each item that it shows."""
    routes = transfer.chatter(page_weight)
    say.say("requests.repeated", max((one.amount for one in routes), default=0), because=routes)


@pytest.mark.measures("requests.duplicate")
def test_nothing_is_fetched_twice(page_weight: PageWeight, say: Telling) -> None:
    """Nothing is fetched twice, and no two files are the same."""
    flaws = transfer.fetched_twice(page_weight)
    say.say("requests.duplicate", total(flaws), because=flaws)


@pytest.mark.measures("requests.stranger")
def test_third_parties_are_known(
    page_weight: PageWeight, say: Telling, deployment: Deployment, exclude: Exclude
) -> None:
    """A page asks no host of others but those that deployments.yaml allows."""
    if deployment.third_parties is None:
        exclude("deployments.yaml does not say which third parties are allowed here (third_parties)")
    flaws = transfer.strangers(page_weight)
    say.say("requests.stranger", total(flaws), because=flaws)


@pytest.mark.measures("redirects.page")
def test_page_is_reached_directly(page_weight: PageWeight, say: Telling) -> None:
    """A page is reached without detours."""
    flaws = transfer.redirected(page_weight)
    say.say("redirects.page", len(flaws), because=flaws)


@pytest.mark.measures("dom.nodes")
def test_elements(page_weight: PageWeight, say: Telling) -> None:
    """A page has no more elements than it may."""
    count = page_weight.elements
    say.say("dom.nodes", count, because=(Flaw("elements", f"{count} in the document once it is quiet", count),))


@pytest.mark.measures("script.unused")
def test_scripts_are_used(page_weight: PageWeight, say: Telling) -> None:
    """What scripts a page loads, it executes."""
    share = content.unused_share(page_weight)
    say.say("script.unused", share, Unit.RATIO, because=content.unused_scripts(page_weight))


@pytest.mark.measures("images.wasted")
def test_images_fit_their_boxes(page_weight: PageWeight, say: Telling) -> None:
    """Images have about as many pixels as are shown of them."""
    flaws = content.oversized(page_weight)
    say.say("images.wasted", total(flaws), Unit.BYTES, because=flaws)


@pytest.mark.measures("fonts.files", "fonts.hiding")
def test_fonts(page_weight: PageWeight, say: Telling) -> None:
    """There are few fonts, and text is shown while they come."""
    files, flaws = page_weight.of(Kind.FONT), content.hidden_text(page_weight)
    say.say("fonts.files", len(files), because=content.heaviest(files))
    say.say("fonts.hiding", len(flaws), because=flaws)


@pytest.mark.measures("preloads.unused")
def test_preloads_are_used(page_weight: PageWeight, say: Telling) -> None:
    """What is preloaded is used."""
    flaws = content.unused_preloads(page_weight)
    say.say("preloads.unused", len(flaws), because=flaws)


@pytest.mark.measures("blocking.scripts", "blocking.styles")
def test_nothing_holds_rendering_back(page_weight: PageWeight, say: Telling) -> None:
    """No script and few style sheets keep a page from being shown."""
    scripts, styles = content.blocking(page_weight, Kind.SCRIPT), content.blocking(page_weight, Kind.STYLE)
    say.say("blocking.scripts", len(scripts), because=scripts)
    say.say("blocking.styles", len(styles), because=styles)


@pytest.mark.measures("text.uncompressed")
def test_text_is_compressed(page_weight: PageWeight, say: Telling) -> None:
    """Text of more than 1 KB is sent compressed."""
    flaws = transfer.uncompressed(page_weight)
    say.say("text.uncompressed", total(flaws), Unit.BYTES, because=flaws)


@pytest.mark.measures("assets.uncached")
def test_assets_are_kept(page_weight: PageWeight, say: Telling) -> None:
    """Browsers may keep scripts, style sheets, images and fonts for a week or more."""
    flaws = transfer.uncached(page_weight)
    say.say("assets.uncached", len(flaws), because=flaws)


@pytest.mark.measures("requests.http1")
def test_http2(page_weight: PageWeight, say: Telling, exclude: Exclude) -> None:
    """What comes over TLS comes over HTTP/2 or newer."""
    if not page_weight.url.startswith("https:"):
        exclude("browsers speak HTTP/2 over TLS only, and this is plain HTTP")
    if transfer.is_loopback(page_weight.url):
        exclude("HTTP/2 is the edge's business, and there is none in front of a loopback address")
    flaws = transfer.old_protocol(page_weight)
    say.say("requests.http1", len(flaws), because=flaws)
