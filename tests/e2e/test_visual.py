"""Pictures of pages: the same page gives the same picture, and baselines are written, reviewed and held against."""

import itertools
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from postflight.browser import visual
from postflight.browser.guard import Guard
from postflight.browser.visual import VIEWS, View, renderer_of, take
from postflight.checks.visual.change import Shot
from postflight.errors import ConfigError, NotEnoughEvidence, UnexpectedAnswer
from postflight.reference_process import reference_platform
from tests.conftest import Result, run_process, serving

DESKTOP = VIEWS[0]
HEALTHY = """<!doctype html><html lang=en><meta name=color-scheme content="light dark"><title>t</title>
<style>p { animation: blink 1s infinite } @keyframes blink { 50% { opacity: .2 } }</style>
<h1 id=hello>hello</h1><p>Seen <time>COUNTth</time>, <b data-visual-mask>number COUNT</b>. <input autofocus></p>"""


@dataclass
class Site:
    """A page that says something else each time, and what it is like."""

    url: str = ""
    page: str = HEALTHY
    status: int = 200
    count: Iterator[int] = field(default_factory=lambda: itertools.count(7))
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def site() -> Iterator[Site]:
    shown = Site()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/never":
                shown.over.wait(20)
                return
            body = shown.page.replace("COUNT", str(next(shown.count))).encode()
            self.send_response(shown.status)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Page) as shown.url:
        yield shown
        shown.over.set()


@pytest.fixture
def photograph(chromium: Browser) -> Callable[..., Shot]:
    def shoot(url: str, view: View = DESKTOP, **options: Any) -> Shot:
        context = chromium.new_context(**view.context_options())
        try:
            return take(context.new_page(), url, **options)
        finally:
            context.close()

    return shoot


@pytest.fixture(scope="module")
def strict() -> Iterator[str]:
    """The reference platform with the strictest policy: nothing may be injected but what we do."""
    with reference_platform(("--tier", "strict")) as ready:
        yield str(json.loads(ready)["web"])


def test_healthy_repeats_are_identical(
    strict: str, photograph: Callable[..., Shot], pytestconfig: pytest.Config
) -> None:
    """Of each view 2 pictures, or 20 of two pages with --prove: not one pixel differs, and no element."""
    paths, repeats = (("/", "/login"), 20) if pytestconfig.getoption("--prove") else (("/",), 2)
    for path, view in itertools.product(paths, VIEWS):
        shots = [photograph(strict + path, view) for _ in range(repeats)]
        assert {shot.pixels.tobytes() for shot in shots} == {shots[0].pixels.tobytes()}, f"{path} {view}"
        assert {shot.elements for shot in shots} == {shots[0].elements}
        assert len(shots[0].elements) >= 10


def test_taking_a_picture_troubles_no_policy(strict: str, chromium: Browser) -> None:
    context = chromium.new_context(**DESKTOP.context_options())
    try:
        guard = Guard(context, base_url=strict, today=datetime.now(UTC).date())
        take(context.new_page(), strict, masks=["h1"], without=["#features"])
        guard.check()
    finally:
        context.close()


def test_a_masked_text_moves_nothing(site: Site, photograph: Callable[..., Shot]) -> None:
    """A time that grows from one digit to two, and to a line of its own."""
    shots = [photograph(site.url)]
    for count in (10, 100_000_000_000_000_000_000):
        site.count = itertools.count(count)
        shots.append(photograph(site.url))
    assert len({shot.pixels.tobytes() for shot in shots}) == 1
    assert not {"time", "p > time"} & {element.name for element in shots[0].elements}


def test_what_a_route_hides_is_not_seen(site: Site, photograph: Callable[..., Shot]) -> None:
    whole, masked, without = (
        photograph(site.url),
        photograph(site.url, masks=["h1"]),
        photograph(site.url, without=["h1"]),
    )
    tops = [next(e.box.top for e in shot.elements if e.name == "p") for shot in (whole, masked, without)]
    assert tops[0] > tops[1] >= tops[2]
    assert (masked.pixels[: tops[1]] == 255).all()
    with pytest.raises(ConfigError, match="'h1 >>' is no selector"):
        photograph(site.url, masks=["h1 >>"])


def test_a_page_that_never_rests_has_no_picture(
    site: Site, photograph: Callable[..., Shot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visual, "REST_DEADLINE", 0.5)
    script = "let n = 0; setInterval(() => { document.querySelector('h1').textContent = `hello ${n++}` }, 1)"
    site.page = f"{HEALTHY}<script>{script}</script>"
    with pytest.raises(NotEnoughEvidence, match="does not come to rest within") as error:
        photograph(site.url)
    assert "h1#hello: " in str(error.value)
    assert "data-visual-mask" in error.value.facts.seen
    photograph(site.url, masks=["h1"])


def test_a_late_answer_is_waited_for(site: Site, photograph: Callable[..., Shot]) -> None:
    """What a page fetches after it has loaded is in the picture, although the page rests before."""
    script = "setTimeout(() => fetch('/late').then(r => r.text()).then(() => { document.body.append('late') }), 30)"
    site.page = f"{HEALTHY}<script>{script}</script>"
    assert (photograph(site.url).pixels == photograph(site.url).pixels).all()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("<img src=/never loading=lazy alt=x>", "image http://127.0.0.1"),
        (
            "<style>@font-face { font-family: f; src: url(/never) } h1 { font-family: f }</style>",
            "font http://127.0.0.1",
        ),
    ],
    ids=["image", "font"],
)
def test_a_page_without_its_parts_has_no_picture(
    site: Site, photograph: Callable[..., Shot], part: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come after the page's load event, and do not come."""
    monkeypatch.setattr(visual, "REST_DEADLINE", 0.5)
    site.page = (
        HEALTHY
        + f"<script>onload = () => setTimeout(() => document.body.insertAdjacentHTML('beforeend', `{part}`))</script>"
    )
    with pytest.raises(NotEnoughEvidence, match="is not there as a whole") as error:
        photograph(site.url)
    assert words in str(error.value)


ORDINARY = {
    "a form with a field called so": "<!doctype html><form><p>a<p>b<select name=children></select><input name=id>",
    "without a doctype": "<body style='margin:0'><p style='position:absolute;top:0'>words",
    "frames": "<frameset><frame></frameset>",
    "a time in a shadow root": (
        "<!doctype html><p>a<x-t></x-t><script>customElements.define('x-t', class extends HTMLElement { constructor() {"
        " super(); this.attachShadow({ mode: 'open' }).innerHTML = '<time>COUNT</time>' } })</script>"
    ),
}


@pytest.mark.parametrize("html", ORDINARY.values(), ids=ORDINARY)
def test_any_page_has_the_same_picture_twice(site: Site, photograph: Callable[..., Shot], html: str) -> None:
    site.page = html
    one, other = photograph(site.url), photograph(site.url)
    assert (one.pixels == other.pixels).all()
    assert one.size == "1280x800"


def test_later_is_later(site: Site, photograph: Callable[..., Shot]) -> None:
    site.page = HEALTHY + "<b>news</b>"
    expected = photograph(site.url)
    site.page = HEALTHY + "<b id=b></b><script>setTimeout(() => { b.textContent = 'news' }, 900)</script>"
    assert (photograph(site.url, later=1.0).pixels == expected.pixels).all()


def test_a_page_of_one_colour_is_known(site: Site, photograph: Callable[..., Shot]) -> None:
    assert not photograph(site.url).is_blank
    assert photograph(site.url, masks=["html"]).is_blank


def test_an_error_page_has_no_picture(site: Site, photograph: Callable[..., Shot]) -> None:
    site.status = 503
    with pytest.raises(UnexpectedAnswer, match="answered 503"):
        photograph(site.url)


def test_a_renderer_has_one_name(chromium: Browser) -> None:
    (name,) = {renderer_of(chromium) for _ in range(8)}
    assert name.startswith(f"chromium-{chromium.version.partition('.')[0]}-")


def look(site: Site, folder: Path, *arguments: str) -> Result:
    """Run the check on the site's one page, as a user does."""
    options = ["--base-url", site.url, "--baselines", str(folder / "baselines"), "--reports", str(folder / "reports")]
    command = [sys.executable, "-m", "pytest", "performance/test_visual.py", "-p", "no:cacheprovider", "-k", "not dark"]
    return run_process(*command, *options, *arguments, reports=folder / "reports")


PICTURE = "test_page_looks_as_it_did[chromium-landing-desktop]"
ORPHANS = "test_every_baseline_has_a_page[chromium]"


def test_the_life_of_a_baseline(site: Site, tmp_path: Path) -> None:
    """One story, because each step needs the one before: none, new, kept, broken, changed."""
    none = look(site, tmp_path)
    assert set(none.statuses().values()) == {"good", "excluded"}, none.output  # the preflight is good
    assert "--update-baselines" in none.finding(PICTURE)["summary"]

    new = look(site, tmp_path, "--update-baselines")
    assert (new.decision, new.statuses()[PICTURE]) == ("hold", "unknown"), new.output
    assert "new baseline" in new.finding(PICTURE)["summary"]
    files = {path.name: path for path in (tmp_path / "baselines").rglob("*.png")}
    assert set(files) == {"landing.desktop.png", "landing.phone.png"}
    written = {name: path.read_bytes() for name, path in files.items()}

    kept = look(site, tmp_path, "--update-baselines")  # although the masked texts are others
    assert (kept.decision, kept.exit_code) == ("promote", 0), kept.output
    assert {name: path.read_bytes() for name, path in files.items()} == written

    site.page = HEALTHY.replace("<p>", "<p>news<p>")
    files["landing.phone.png"].write_bytes(b"broken")
    orphan = files["landing.desktop.png"].with_name("about.desktop.png")
    orphan.write_bytes(written["landing.desktop.png"])
    broken = look(site, tmp_path)
    assert broken.decision == "hold", broken.output
    assert broken.statuses()[PICTURE.replace("desktop", "phone")] == "invalid"
    assert broken.statuses()[ORPHANS] == "invalid"
    assert "about.desktop.png" in broken.finding(ORPHANS)["summary"]
    assert (broken.statuses()[PICTURE], broken.finding(PICTURE)["on_breach"]) == ("bad", "hold")
    assert "is new: " in broken.finding(PICTURE)["summary"]

    changed = look(site, tmp_path, "--update-baselines")
    assert changed.decision == "hold", changed.output
    assert "changed baseline" in changed.finding(PICTURE)["summary"]
    assert "new baseline" in changed.finding(PICTURE.replace("desktop", "phone"))["summary"]
    assert "removed baselines" in changed.finding(ORPHANS)["summary"]
    assert not orphan.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--visual-against", "http://user:pass@127.0.0.1:1"], "without user and password"),
        (["--visual-against", "nowhere"], "--visual-against"),
        (["--visual-against", "http://127.0.0.1:1", "--update-baselines"], "leave one of both out"),
    ],
)
@pytest.mark.usefixtures("prove")
def test_what_makes_no_sense_is_invalid(site: Site, tmp_path: Path, options: list[str], words: str) -> None:
    result = look(site, tmp_path, *options)
    assert result.decision == "invalid", result.output
    assert words in result.finding(PICTURE)["summary"]


@pytest.fixture
def prove(pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--prove"):
        pytest.skip("a longer one: runs with --prove (make prove)")


@pytest.mark.usefixtures("prove")
def test_nothing_on_the_page_is_nothing_compared(site: Site, tmp_path: Path) -> None:
    """Neither is a blank page ever written, nor is one that was written good against another."""
    site.page = "<!doctype html><title>t</title>"
    blank = look(site, tmp_path, "--update-baselines")
    assert (blank.decision, blank.statuses()[PICTURE]) == ("hold", "unknown"), blank.output
    assert "has one colour everywhere" in blank.finding(PICTURE)["summary"]
    assert not list((tmp_path / "baselines").rglob("*.png"))

    site.page = HEALTHY
    look(site, tmp_path, "--update-baselines")
    site.page = "<!doctype html><title>t</title>"
    gone = look(site, tmp_path)
    assert gone.statuses()[PICTURE] == "bad", gone.output


@pytest.mark.usefixtures("prove")
def test_a_page_that_changes_by_itself_is_not_held_against_anything(site: Site, tmp_path: Path) -> None:
    site.page = HEALTHY.replace("hello</h1>", "COUNT</h1>")
    look(site, tmp_path, "--update-baselines")
    changes = look(site, tmp_path)
    assert (changes.decision, changes.statuses()[PICTURE]) == ("hold", "unknown"), changes.output
    assert "but from visit to visit, too: h1#hello" in changes.finding(PICTURE)["summary"]


@pytest.mark.usefixtures("prove")
def test_baselines_of_another_renderer_are_not_good_here(site: Site, tmp_path: Path) -> None:
    look(site, tmp_path, "--update-baselines")
    (drawn,) = (tmp_path / "baselines").glob("*/chromium-*")
    drawn.rename(drawn.with_name("chromium-99-0000"))
    result = look(site, tmp_path)
    assert (result.decision, result.statuses()[ORPHANS]) == ("hold", "unknown"), result.output
    assert "has baselines by chromium-99-0000" in result.finding(ORPHANS)["summary"]
    assert result.statuses()[PICTURE] == "excluded"


@pytest.mark.usefixtures("prove")
def test_another_deployment_that_is_gone_is_not_this_ones_fault(site: Site, tmp_path: Path) -> None:
    result = look(site, tmp_path, "--visual-against", "http://127.0.0.1:1")
    assert (result.decision, result.statuses()[PICTURE]) == ("invalid", "invalid"), result.output
    assert "--visual-against http://127.0.0.1:1 has no picture" in result.finding(PICTURE)["summary"]
