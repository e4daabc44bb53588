"""What a page shows when the network is gone: an answer of its service worker's, or the browser's error."""

from dataclasses import dataclass

from playwright.sync_api import BrowserContext
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.access.arrival import arrive

READY = 5.0  # seconds for a service worker that is registered to become active
UNSEEN = "postflight-never-visited"

_REGISTERED = """async () => {
  const found = await (navigator.serviceWorker?.getRegistrations() ?? []);
  return found.map((one) => (one.active ?? one.waiting ?? one.installing)?.scriptURL ?? one.scope);
}"""
_ACTIVE = f"""() => Promise.race([
  navigator.serviceWorker.ready.then(() => true),
  new Promise((done) => setTimeout(() => done(false), {READY * 1000})),
])"""


@dataclass(frozen=True, slots=True)
class Offline:
    """What came of going offline. `workers` are the scripts of service workers; without any, nothing was tried."""

    workers: tuple[str, ...]
    troubles: tuple[str, ...] = ()


def go_offline(context: BrowserContext, url: str) -> Offline:
    """Open a page, take the network away, and open it again, and an address that nobody has visited."""
    page = context.new_page()
    arrive(page, url)
    workers = tuple(map(str, page.evaluate(_REGISTERED)))
    if not workers:
        return Offline(())
    if not page.evaluate(_ACTIVE):
        return Offline(workers, (f"its service worker {workers[0]} is not active after {READY:g} s",))
    context.set_offline(True)
    try:
        asked = (url, f"{url.rstrip('/')}/{UNSEEN}")
        troubles = tuple(trouble for one in asked if (trouble := _trouble(context, one)))
    finally:
        context.set_offline(False)
    return Offline(workers, troubles)


def _trouble(context: BrowserContext, url: str) -> str:
    page = context.new_page()
    try:
        answer = page.goto(url)
        words = page.locator("body").inner_text()
    except PlaywrightError as error:
        return f"{url} offline is the browser's own error: {error.message.splitlines()[0]}"
    if answer is None or not answer.from_service_worker:
        return f"{url} offline is no answer of the service worker's"
    return "" if words.strip() else f"{url} offline is an empty page"
