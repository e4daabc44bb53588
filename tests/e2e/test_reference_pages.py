"""The reference platform's pages in a real Chromium: under each tier of headers they work, and nobody complains."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from postflight.reference_process import READY_VARIABLE, reference_platform

TYPED = "<!doctype html>\n<title>typed</title>\n<h1>Typed just now</h1>\n"
LANDING_LIMIT = 60_000  # bytes on the wire, everything in


@dataclass
class Diary:
    """All that a page said, whatever its level, and each report that the browser sent about it."""

    said: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    received: int = 0  # bytes

    def keep(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(f"uncaught: {error}"))
        page.on("request", self._request)
        page.on("requestfinished", self._finished)
        page.on("requestfailed", self._failed)

    def _console(self, message: ConsoleMessage) -> None:
        # the new project's own main.js says that it runs, at the level of debugging
        if message.type != "debug":
            self.said.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if request.url.endswith(("/api/csp-report", "/api/errors")):
            self.reports.append(request.post_data or "")

    def _failed(self, request: Request) -> None:
        # a preview's event stream, and what it still loads, are given up when it reloads after an edit
        given_up = request.failure == "net::ERR_ABORTED" and "/__preview/" in request.url
        if not given_up:
            self.said.append(f"failed: {request.url} {request.failure}")

    def _finished(self, request: Request) -> None:
        sizes = request.sizes()
        self.received += sizes["responseBodySize"] + sizes["responseHeadersSize"]


@pytest.fixture
def ready(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A platform of the test's own, started with the arguments that the test is parametrized with."""
    monkeypatch.delenv(READY_VARIABLE, raising=False)
    with reference_platform(request.param) as line:
        yield json.loads(line)


@pytest.fixture
def page(chromium: Browser, ready: dict[str, Any]) -> Iterator[Page]:
    context = chromium.new_context(base_url=ready["web"], ignore_https_errors=ready["web"].startswith("https"))
    yield context.new_page()
    context.close()


def sign_in(page: Page, account: dict[str, str]) -> None:
    page.locator("[name=email]").fill(account["email"])
    page.locator("[name=password]").fill(account["password"])
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize(
    "ready",
    [["--tier", "baseline"], ["--tier", "hardened"], ["--tier", "strict"], ["--tier", "strict", "--tls"]],
    indirect=True,
    ids=["baseline", "hardened", "strict", "strict-tls"],
)
def test_a_whole_visit_without_a_complaint(page: Page, ready: dict[str, Any]) -> None:
    diary = Diary()
    diary.keep(page)

    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Velocity")
    expect(page.get_by_test_id("hero")).to_have_js_property("complete", value=True)
    assert 0 < diary.received < LANDING_LIMIT
    page.get_by_test_id("cta").click()
    sign_in(page, ready["accounts"]["primary"])

    name = "Tea & <b>biscuits</b>"
    page.get_by_test_id("new-project-name").fill(name)
    page.get_by_test_id("create-project").click()
    page.get_by_test_id("project").filter(has_text=name).click()
    expect(page).to_have_title(f"{name} · Velocity")

    page.get_by_test_id("start-preview").click()
    preview = page.frame_locator("[data-testid=preview-frame]")
    expect(preview.get_by_role("heading")).to_have_text(name, timeout=30_000)
    page.get_by_test_id("editor").fill(TYPED)
    expect(preview.get_by_role("heading")).to_have_text("Typed just now")
    expect(page.locator(".panes")).to_have_attribute("data-saved", "saved")  # typing has set it to "changed"
    expect(page.get_by_test_id("save-status")).to_have_text("Saved")

    page.reload()  # finds its text and its preview again
    expect(page.get_by_test_id("editor")).to_have_value(TYPED)
    expect(preview.get_by_role("heading")).to_have_text("Typed just now")
    page.get_by_test_id("stop-preview").click()
    expect(page.get_by_test_id("preview-status")).to_have_attribute("data-status", "ended")

    page.goto("/cn")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.goto("/projects")
    page.get_by_test_id("sign-out").click()
    expect(page).to_have_url(f"{ready['web']}/")

    assert diary.said == [], diary.said
    assert diary.reports == []


@pytest.mark.parametrize("ready", [["--tier", "strict"]], indirect=True, ids=["strict"])
def test_the_diary_hears_what_a_policy_forbids(page: Page, ready: dict[str, Any]) -> None:
    """The red case: were there a violation on a page, the visit above would fail."""
    diary = Diary()
    page.goto("/")
    diary.keep(page)
    with page.expect_request("**/api/csp-report"):
        page.evaluate("try { document.body.innerHTML = 'x' } catch (e) { setTimeout(() => { throw e }) }")
    expect(page.get_by_role("heading", level=1)).to_be_visible()  # the sink did nothing
    assert any("TrustedHTML" in line for line in diary.said)
    assert any("require-trusted-types-for" in report for report in diary.reports)


@pytest.mark.parametrize("ready", [["--pool", "1"]], indirect=True, ids=["pool-of-one"])
def test_what_goes_wrong_is_said_on_the_page(page: Page, ready: dict[str, Any]) -> None:
    page.goto("/projects")
    expect(page).to_have_url(f"{ready['web']}/login?next=/projects")
    sign_in(page, ready["accounts"]["primary"] | {"password": "wrong"})
    expect(page.get_by_test_id("login-error")).to_have_text("E-mail or password is wrong.")
    sign_in(page, ready["accounts"]["primary"])
    expect(page).to_have_url(f"{ready['web']}/projects")

    for name in ("First", "Second"):
        page.get_by_test_id("new-project-name").fill(name)
        page.get_by_test_id("create-project").click()
        expect(page.get_by_test_id("project").filter(has_text=name)).to_be_visible()
    page.get_by_test_id("project").filter(has_text="First").click()
    page.get_by_test_id("start-preview").click()
    expect(page.get_by_test_id("preview-status")).to_have_attribute("data-status", "active", timeout=30_000)
    page.get_by_role("link", name="Projects").click()
    page.get_by_test_id("project").filter(has_text="Second").click()
    page.get_by_test_id("start-preview").click()
    expect(page.get_by_test_id("editor-error")).to_contain_text("in use")
    expect(page.get_by_test_id("editor-error")).to_contain_text("Try again in")
    expect(page.get_by_test_id("start-preview")).to_be_enabled()


@pytest.mark.parametrize("ready", [["--tier", "strict"]], indirect=True, ids=["strict"])
def test_signing_in_never_leads_elsewhere(page: Page, ready: dict[str, Any]) -> None:
    for elsewhere in ("https://example.com/", "//example.com", "/%5Cexample.com", "javascript:alert(1)", "http://["):
        page.goto(f"/login?next={elsewhere}")
        sign_in(page, ready["accounts"]["primary"])
        expect(page).to_have_url(f"{ready['web']}/projects")
    page.goto("/login?next=/cn")  # and does lead to where somebody of this site wanted to go
    sign_in(page, ready["accounts"]["primary"])
    expect(page).to_have_url(f"{ready['web']}/cn")
