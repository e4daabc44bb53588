"""Offline: a service worker that answers, one that only passes on, and none. The network is really gone."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Browser

from postflight.browser.access.offline import go_offline
from tests.conftest import serving

ANSWERS = """addEventListener('install', event => event.waitUntil(skipWaiting()));
addEventListener('activate', event => event.waitUntil(clients.claim()));
addEventListener('fetch', event => event.respondWith(fetch(event.request).catch(() =>
  new Response('<!doctype html><h1>You are offline</h1>', {headers: {'content-type': 'text/html'}}))));"""
WORKERS = {
    "answers": ANSWERS,
    "passes-on": "addEventListener('fetch', event => event.respondWith(fetch(event.request)));",
    "is-empty": ANSWERS.replace("<h1>You are offline</h1>", ""),
}


class _Site(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        name = self.path.strip("/").partition("/")[0]
        script = self.path.endswith("/worker.js")
        register = "navigator.serviceWorker.register('worker.js')" if name in WORKERS else ""
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


def visited(chromium: Browser, site: tuple[str, list[str]], name: str) -> tuple[str, ...]:
    url, asked = site
    context = chromium.new_context()
    seen = go_offline(context, f"{url}/{name}/")
    context.close()
    assert bool(seen.workers) is (name in WORKERS)
    assert [path for path in asked if path.endswith("never-visited")] == [], "the network was not gone"
    return seen.troubles


def test_a_worker_that_answers_is_good(chromium: Browser, site: tuple[str, list[str]]) -> None:
    assert visited(chromium, site, "answers") == ()


@pytest.mark.parametrize(
    ("name", "says"), [("passes-on", "is the browser's own error"), ("is-empty", "is an empty page")]
)
def test_a_worker_that_does_not_is_named(chromium: Browser, site: tuple[str, list[str]], name: str, says: str) -> None:
    first, unvisited = visited(chromium, site, name)
    assert says in first
    assert says in unvisited


def test_without_a_worker_nothing_is_tried(chromium: Browser, site: tuple[str, list[str]]) -> None:
    assert visited(chromium, site, "none") == ()
    assert len([path for path in site[1] if path == "/none/"]) == 1
