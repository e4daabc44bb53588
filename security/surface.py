"""What is asked of a deployment to see its headers: not one page, but every kind of answer of every service."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from postflight.checks.headers.answer import HttpAnswer
from postflight.flow import Request, Response
from postflight.model import Deployment

WEB = "web"
MAX_ASSETS = 6  # of the landing page
LIKE_A_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
_URL_ATTRIBUTES = frozenset({"href", "src", "action", "formaction", "data-href"})


@dataclass(frozen=True, slots=True)
class Seen:
    """A request and its answer."""

    request: Request
    response: Response

    @property
    def answer(self) -> HttpAnswer:
        """The answer as the header checks want it."""
        return HttpAnswer.of(self.response)


def anywhere(deployment: Deployment, run_id: str) -> Iterator[Request]:
    """Yield what can be asked of any site: its page, a page that is not there, a wrong method, its health documents."""
    yield Request("GET", WEB, "", headers=LIKE_A_BROWSER)
    yield Request("GET", WEB, f"/postflight-{run_id}-is-not-there", headers=LIKE_A_BROWSER)
    for service in deployment.services.values():
        if service.health:
            yield from everywhere(deployment, Request("GET", service.name, service.health))


def everywhere(deployment: Deployment, request: Request) -> Iterator[Request]:
    """Yield a request for each region that its service has, or as it is."""
    service = deployment.services.get(request.service)
    for region in (service.regions if service else {}) or (None,):
        yield Request(request.method, request.service, request.path, request.json, request.headers, region=region)


def assets(page: Response) -> tuple[Request, ...]:
    """Return what a page loads from its own origin: scripts, style sheets, images; the first of them."""
    origin = urlsplit(page.url)[:2]
    found = (urljoin(page.url, url) for url in _read(page).loaded)
    return tuple(
        Request("GET", WEB, url) for url in list(dict.fromkeys(found))[:MAX_ASSETS] if urlsplit(url)[:2] == origin
    )


def addresses(response: Response) -> tuple[str, ...]:
    """Return every URL that an answer hands on: its own, Location, and those in its markup."""
    location = response.header("location")
    named = (*_read(response).named, *((location,) if location else ()))
    return (response.url, *(urljoin(response.url, url) for url in named))


def nonces_in(page: Response) -> frozenset[str]:
    """Return the nonces in a page's markup."""
    return frozenset(_read(page).nonces)


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.named: list[str] = []
        self.nonces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.named += [value for name, value in values.items() if name in _URL_ATTRIBUTES and value]
        if tag in {"script", "img"} and values.get("src"):
            self.loaded.append(values["src"])
        if tag == "link" and values.get("href") and values.get("rel", "").lower() in {"stylesheet", "icon"}:
            self.loaded.append(values["href"])
        if values.get("nonce"):
            self.nonces.append(values["nonce"])


def _read(response: Response) -> _Markup:
    markup = _Markup()
    if HttpAnswer.of(response).is_document:
        markup.feed(response.text)
    return markup


def pages(seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """Return the successful pages among the answers, each once."""
    found = [one for one in seen if one.request.method == "GET" and one.response.status == 200]
    return tuple({one.response.url: one for one in found if one.answer.is_document}.values())
