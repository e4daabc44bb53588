"""What a page shows when the network is gone: an answer of its service worker's, or the browser's error."""

from dataclasses import dataclass

from playwright.sync_api import BrowserContext
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.access.arrival import arrive, rest, shows_something
from postflight.errors import NotEnoughEvidence

READY = 5.0  # seconds for a service worker that is registered to become active
UNSEEN = "postflight-never-visited"

# of this page: others of the same origin may be there for messages, or for another part of it
_REGISTERED = """async () => {
  const found = await navigator.serviceWorker?.getRegistration();
  return found ? (found.active ?? found.waiting ?? found.installing)?.scriptURL ?? found.scope : "";
}"""
_ACTIVE = """(seconds) => Promise.race([
  navigator.serviceWorker.ready.then(() => true),
  new Promise((done) => setTimeout(() => done(false), seconds * 1000)),
])"""


@dataclass(frozen=True, slots=True)
class Offline:
    """What came of going offline. `worker` is the script of the page's service worker; without one, nothing was tried.

    Nor was it where the worker leaves pages to the network although there is one: then it promises none without.
    """

    worker: str = ""
    answers_pages: bool = False
    troubles: tuple[str, ...] = ()


def go_offline(context: BrowserContext, url: str) -> Offline:
    """Open a page, take the network away, and open it again, and an address that nobody has visited.

    Raises `NotEnoughEvidence` if the service worker is not ready in time: it may have much to fetch.
    """
    page = context.new_page()
    arrive(page, url)
    worker = str(page.evaluate(_REGISTERED))
    if not worker:
        return Offline()
    if not page.evaluate(_ACTIVE, READY):
        raise NotEnoughEvidence(
            f"The service worker {worker} is not active after {READY:g} s, so nobody knows what it would answer",
            expected="an active service worker",
            seen="one that is still being installed",
            where=url,
        )
    answer = page.goto(url)  # the second visit is the first that it may answer, and keep for later
    rest(page)
    if answer is None or not answer.from_service_worker:
        return Offline(worker)
    context.set_offline(True)
    try:
        asked = (url, f"{url.rstrip('/')}/{UNSEEN}")
        troubles = tuple(trouble for one in asked if (trouble := _trouble(context, one)))
    finally:
        context.set_offline(False)
    return Offline(worker, answers_pages=True, troubles=troubles)


def _trouble(context: BrowserContext, url: str) -> str:
    page = context.new_page()
    try:
        answer = page.goto(url)
        shows = shows_something(page)
    except PlaywrightError as error:
        return f"{url} offline is the browser's own error: {error.message.splitlines()[0]}"
    if answer is None or not answer.from_service_worker:
        return f"{url} offline is no answer of the service worker's"
    return "" if shows else f"{url} offline is an empty page"
