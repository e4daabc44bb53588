"""`report.html` in a real browser: what it shows, and that text from a target stays text."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from postflight.model import Finding, Measurement, OnBreach, Status, Unit
from postflight.report import document, html
from postflight.report.document import About, Document
from postflight.report.drawing.images import MAX_IMAGE
from postflight.verdict import decide

HOSTILE = (
    '</pre></style></title><script>document.title="owned"</script><img src=x onerror=document.title="owned">'
    '<a href="javascript:document.title=1">x</a> {{ 7 * 7 }} {% raw %} " \' \x00 \x1b[31m \u202e'
)
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def finding(status: Status, check: str, *, on_breach: OnBreach = OnBreach.ROLLBACK, text: str = "because") -> Finding:
    return Finding(
        check,
        "smoke",
        status,
        on_breach,
        title=f"Title of {check} {text}",
        summary=f"Summary {text}",
        expected=text,
        seen=text,
        where=text,
        covers=("VEL-S1",),
        curl=text,
        rerun=text,
        details=text,
    )


def written(folder: Path, *findings: Finding, text: str = "x") -> Document:
    started, finished = "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:09+00:00"
    about = About(text, text, text, f"https://{text}", True, started, finished, "0", text)
    verdict = decide(findings, planned=[each.check for each in findings], may_roll_back=True)
    doc = document.make_document(about, verdict)
    html.write(folder, doc)
    return doc


@pytest.fixture
def page(chromium: Browser) -> Page:
    page = chromium.new_context().new_page()
    page.set_default_timeout(10_000)
    return page


def test_it_says_what_was_decided_and_why(page: Page, tmp_path: Path) -> None:
    slow = Measurement("edit.sync", (5.0, 1.0), Unit.SECONDS, limit="at most 2 s", met=False, bound=2.0)
    bad = replace(finding(Status.BAD, "a"), measurements=(slow,))
    written(tmp_path, bad, finding(Status.GOOD, "b"), finding(Status.BAD, "c", on_breach=OnBreach.WARN))
    page.goto((tmp_path / "report.html").as_uri())
    assert page.get_by_role("heading", level=1).inner_text().lower() == "rollback"
    assert page.locator(".reason .word").all_inner_texts() == ["rollback", "warn"]
    assert page.locator(".bars .broken").first.inner_text().split("\n")[0] == "edit.sync"
    assert page.get_by_role("img", name="5 s, at most 2 s").count() == 1
    assert page.locator(".grid > .bad").inner_text().startswith("VEL-S1")


def test_nothing_stands_against_a_good_deployment(page: Page, tmp_path: Path) -> None:
    written(tmp_path, finding(Status.GOOD, "a"))
    page.goto((tmp_path / "report.html").as_uri())
    assert page.get_by_role("heading", level=1).inner_text().lower() == "promote"
    assert page.locator(".reason").count() == 0


def test_text_of_a_target_stays_text(page: Page, tmp_path: Path) -> None:
    hostile = replace(
        finding(Status.BAD, "a", text=HOSTILE),
        covers=(HOSTILE,),
        evidence=(f"{HOSTILE}.png", "javascript:alert(1)"),
        measurements=(Measurement(HOSTILE, (1.0,), Unit.SECONDS, where=HOSTILE, limit=HOSTILE, met=False, bound=1.0),),
    )
    written(tmp_path, hostile, text=HOSTILE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("script, img, iframe, object, embed, base, form").count() == 0
    assert "owned" not in page.title() or "<script>" in page.title()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == 1
    assert "{{ 7 * 7 }}" in page.locator(".reason .text").inner_text()
    assert all("javascript:" not in (link.get_attribute("href") or "") for link in page.locator("a").all())


def test_its_policy_stops_a_script_that_got_in(page: Page, tmp_path: Path) -> None:
    written(tmp_path, finding(Status.GOOD, "a"))
    file = tmp_path / "report.html"
    file.write_text(file.read_text().replace("</main>", "<script>document.title='owned'</script></main>"))
    page.goto(file.as_uri())
    assert page.title().startswith("PROMOTE")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(chromium: Browser, tmp_path: Path, scheme: str) -> None:
    long = "https://example.com/" + "a" * 300
    written(tmp_path, *(finding(status, status.value, text=long) for status in Status))
    page = chromium.new_context(viewport={"width": 360, "height": 700}, color_scheme=scheme).new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_screenshots_are_in_the_file_and_only_those_of_its_folder(page: Page, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    (reports / "smoke").mkdir(parents=True)
    (reports / "smoke" / "shot.png").write_bytes(PIXEL)
    (tmp_path / "secret.png").write_bytes(PIXEL)
    (reports / "large.png").write_bytes(b"\0" * (MAX_IMAGE + 1))
    evidence = ("smoke/shot.png", "../secret.png", "large.png", "absent.png")
    written(reports, replace(finding(Status.BAD, "a"), evidence=evidence))
    page.goto((reports / "report.html").as_uri())
    assert page.locator(".reason img").count() == 1
    assert page.locator(".reason img").evaluate("image => image.naturalWidth") == 1
    assert page.locator(".files a").all_inner_texts() == ["shot.png", "secret.png", "large.png", "absent.png"]
