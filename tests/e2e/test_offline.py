"""Offline: service workers that answer, that promise nothing of the kind, and that fail. The network is really gone."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Browser

from postflight.browser.access import arrival, offline
from postflight.browser.access.offline import Offline, go_offline
from postflight.errors import NotEnoughEvidence
from tests.conftest import serving

ANSWERS = """addEventListener('install', event => event.waitUntil(skipWaiting()));
addEventListener('activate', event => event.waitUntil(clients.claim()));
addEventListener('fetch', event => event.respondWith(fetch(event.request).catch(() =>
  new Response('<!doctype html><h1>You are offline</h1>', {headers: {'content-type': 'text/html'}}))));"""
WORKERS = {
    "answers": ANSWERS,
    "passes-on": "addEventListener('fetch', event => event.respondWith(fetch(event.request)));",
    "is-empty": ANSWERS.replace("<h1>You are offline</h1>", ""),
    "draws-late": ANSWERS.replace(
        "<h1>You are offline</h1>",
        "<script>setTimeout(() => { document.body.innerHTML = \\'<p>late\\' }, 300)</script>",
    ),
    "keeps-visited": """let kept; addEventListener('fetch', event => event.respondWith(fetch(event.request)
      .then(answer => { kept = answer.clone(); return answer }).catch(() => kept.clone())));""",
    "listens-only": "addEventListener('fetch', () => {});",
    "for-messages": "addEventListener('push', () => {});",
    "elsewhere": "addEventListener('fetch', () => {});",
    "slow": "addEventListener('install', event => event.waitUntil(new Promise(() => {})));",
}
SCOPES = {"elsewhere": ", {scope: './messages'}"}


class _Site(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        name = self.path.strip("/").partition("/")[0]
        script = self.path.endswith("/worker.js")
        register = f"navigator.serviceWorker.register('worker.js'{SCOPES.get(name, '')})" if name in WORKERS else ""
        body = WORKERS[name] if script else f"<!doctype html><p>hello<script>{register}</script>"
        self.send_response(200)
        self.send_header("content-type", "text/javascript" if script else "text/html")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    with serving(type("Site", (_Site,), {"asked": asked})) as url:
        yield url, asked


def visited(chromium: Browser, site: tuple[str, list[str]], name: str) -> Offline:
    url, asked = site
    context = chromium.new_context()
    try:
        seen = go_offline(context, f"{url}/{name}/")
    finally:
        context.close()
    assert [path for path in asked if path.endswith("never-visited")] == [], "the network was not gone"
    return seen


@pytest.mark.parametrize("name", ["answers", "draws-late", "keeps-visited"])
def test_a_worker_that_answers_is_good(chromium: Browser, site: tuple[str, list[str]], name: str) -> None:
    seen = visited(chromium, site, name)
    assert (seen.answers_pages, seen.troubles) == (True, ())


@pytest.mark.parametrize(
    ("name", "says"), [("passes-on", "is the browser's own error"), ("is-empty", "is an empty page")]
)
def test_a_worker_that_does_not_is_named(
    chromium: Browser, site: tuple[str, list[str]], name: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "DEADLINE", 0.5)
    first, unvisited = visited(chromium, site, name).troubles
    assert says in first
    assert says in unvisited


@pytest.mark.parametrize("name", ["listens-only", "for-messages"])
def test_a_worker_that_leaves_pages_to_the_network_promises_nothing(
    chromium: Browser, site: tuple[str, list[str]], name: str
) -> None:
    seen = visited(chromium, site, name)
    assert (seen.worker.rpartition("/")[2], seen.answers_pages, seen.troubles) == ("worker.js", False, ())


@pytest.mark.parametrize("name", ["none", "elsewhere"])
def test_without_a_worker_of_the_page_nothing_is_tried(
    chromium: Browser, site: tuple[str, list[str]], name: str
) -> None:
    assert visited(chromium, site, name) == Offline()
    assert site[1].count(f"/{name}/") == 1


def test_a_worker_that_is_not_ready_says_nothing_of_the_page(
    chromium: Browser, site: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "READY", 0.2)
    with pytest.raises(NotEnoughEvidence, match=r"is not active after 0\.2 s"):
        visited(chromium, site, "slow")
