"""`report.html` in a real browser: what it shows, and that text from a target stays text."""

import base64
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from postflight.exhibits import (
    Exhibit,
    Frame,
    Line,
    Mark,
    Request,
    Row,
    make_chart,
    make_filmstrip,
    make_matrix,
    make_waterfall,
)
from postflight.model import Decision, Finding, Measurement, OnBreach, Status, Unit
from postflight.report import document, html
from postflight.report.background import NOTHING_KNOWN, Background, Past
from postflight.report.document import About, Document
from postflight.report.drawing.images import MAX_IMAGE
from postflight.verdict import decide
from tests import report_sample

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


def pictures(text: str) -> tuple[Exhibit, ...]:
    """One of each kind, with this text wherever there may be one."""
    return (
        make_chart(
            text,
            [Line(text, ((0.0, 1.0), (1.0, 2.0)))],
            unit=text,
            x_label=text,
            x_unit=text,
            limit=1.5,
            limit_name=text,
            note=text,
        ),
        make_waterfall(text, [Request(text, text, 0.0, 1.0, 0.5, 10, text)], [Mark(text, 0.5)], note=text),
        make_filmstrip(text, [Frame(f"{text}.png", 0.0)], [Mark(text, 0.5)], note=text),
        make_matrix(text, [text], [Row(text, (("weak", text),))], note=text),
    )


def written(folder: Path, *findings: Finding, text: str = "x", background: Background = NOTHING_KNOWN) -> Document:
    started, finished = "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:09+00:00"
    about = About(text, text, text, f"https://{text}", True, started, finished, "0", text)
    verdict = decide(findings, planned=[each.check for each in findings], may_roll_back=True)
    doc = document.make_document(about, verdict)
    html.write(folder, doc, background)
    return doc


OUTSIDE_ITS_BOX = """
() => [...document.querySelectorAll('body *')].filter(each => {
  const box = each.getBoundingClientRect();
  if (!box.width || box.right <= innerWidth + 1 || each.closest('svg, .skip, .hidden')) return false;
  for (let up = each.parentElement; up; up = up.parentElement)
    if (getComputedStyle(up).overflowX !== 'visible') return false;
  return true;
}).map(each => `${each.tagName}.${each.className}`)
"""
WITHOUT_A_NAME = """
() => [
  ...[...document.querySelectorAll('svg:not([aria-hidden])')].filter(each => !each.querySelector('title')?.textContent),
  ...[...document.querySelectorAll('img')].filter(each => !each.alt),
  ...[...document.querySelectorAll('[role=region], section')].filter(
    each => !each.ariaLabel && !document.getElementById(each.getAttribute('aria-labelledby'))?.textContent),
  ...[...document.querySelectorAll('th, summary, a, figcaption')].filter(each => !each.textContent.trim()),
].map(each => each.outerHTML.slice(0, 200))
"""


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
        exhibits=pictures(HOSTILE),
    )
    background = Background(
        {HOSTILE: HOSTILE},
        (Past(Decision.HOLD, HOSTILE, HOSTILE, {(HOSTILE, Unit.SECONDS): 1.0}, {}, HOSTILE, HOSTILE),),
    )
    written(tmp_path, hostile, replace(hostile, check="b", status=Status.GOOD), text=HOSTILE, background=background)
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
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(chromium: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    long = "https://example.com/" + "a" * 300
    found = [replace(finding(status, status.value, text=long), exhibits=pictures(long)) for status in Status]
    slow = Measurement(long, (5.0, 1.0), Unit.SECONDS, where=long, limit=long, met=False, bound=2.0, interval=(1, 5))
    found[0] = replace(found[0], measurements=(slow,))
    background = Background({f"VEL-S{n}": long for n in range(30)}, report_sample.background().past)
    written(tmp_path, *found, *report_sample.findings(), background=background)
    page = chromium.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme).new_page()
    page.goto((tmp_path / "report.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OUTSIDE_ITS_BOX) == []


def test_it_can_be_used_with_the_keyboard_alone(page: Page, tmp_path: Path) -> None:
    html.write(tmp_path, report_sample.sample(), report_sample.background())
    page.goto((tmp_path / "report.html").as_uri())
    reached = []
    while True:
        page.keyboard.press("Tab")
        focused = page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
        if focused in reached or page.evaluate("document.activeElement === document.body"):  # round again
            break
        reached.append(focused)
        page.evaluate(
            "document.activeElement.matches('details:not([open]) > summary') && document.activeElement.click()"
        )
        assert len(reached) < 500
    wanted = page.evaluate(
        "(all => [...document.querySelectorAll('summary, a[href], [tabindex]')].map(each => all.indexOf(each)))"
        "([...document.querySelectorAll('*')])"
    )
    assert sorted(wanted) == sorted(reached)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first of all: past the navigation
    assert page.url.endswith("#reasons")


def test_it_says_what_it_is_to_whoever_cannot_see_it(page: Page, tmp_path: Path) -> None:
    html.write(tmp_path, report_sample.sample(), report_sample.background())
    page.goto((tmp_path / "report.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    levels = [
        int(tag[1]) for tag in page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(each => each.tagName)")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), "no level is left out"
    for landmark in ("navigation", "main", "banner", "contentinfo"):
        assert page.get_by_role(landmark, include_hidden=False).count() == 1, landmark
    assert page.evaluate(WITHOUT_A_NAME) == []
    ids = page.locator("[id]").evaluate_all("all => all.map(each => each.id)")
    assert len(ids) == len(set(ids))
    assert set(page.locator("nav a").evaluate_all("all => all.map(each => each.hash.slice(1))")) <= set(ids)


def test_each_picture_is_drawn_and_told(page: Page, tmp_path: Path) -> None:
    html.write(tmp_path, report_sample.sample(), report_sample.background())
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("figcaption strong").all_inner_texts() == [
        "How the landing page came to be",
        "Landing page, phone, cold cache",
        "Content Security Policy: pages by directives",
        "landing: latency under load",
        "landing: requests",
        "api: p95 by release",
        "Editor, desktop, warm cache",
    ]
    chart = page.get_by_role("img", name="landing: latency under load: p50: 102 ms to 238 ms")
    assert chart.locator("path.line").count() == 4, "three lines, and the limit"
    assert chart.locator("rect.stop").first.locator("title").text_content() == (
        "0 · p50 120 ms · p95 310 ms · p99 450 ms"
    )
    assert page.get_by_text("… 40 more requests").count() == 1
    assert page.locator(".strip .mark").all_inner_texts() == ["FCP 710 ms", "LCP 1.84 s"]
    assert page.locator(".runs > rect").count() == 20
    assert page.get_by_role("img", name="19 runs before: 2.1 s to 2.54 s; this one: 2.65 s (medians)").count() == 1
    assert page.locator("pre", has_text="playwright show-trace").text_content() == (
        "playwright show-trace performance/evidence/lcp/trace.zip"
    )
    assert "VIB-O1" in page.locator("details", has_text="Not verified by this run").last.inner_html()


def test_it_is_light_enough_for_a_bad_line(tmp_path: Path) -> None:
    found = [replace(each, check=f"{each.check}-{n}") for n in range(8) for each in report_sample.findings()]
    written(tmp_path, *found, background=report_sample.background())
    assert (tmp_path / "report.html").stat().st_size < 2_000_000


def test_what_is_broken_is_not_lost_among_what_is_kept(page: Page, tmp_path: Path) -> None:
    def measured(number: int, *, met: bool) -> Measurement:
        name = f"landing.requests.number_{number}"
        return Measurement(name, (1.0,), Unit.COUNT, limit="at most 2", met=met, bound=2.0)

    broken = replace(finding(Status.BAD, "a"), measurements=tuple(measured(n, met=False) for n in range(3)))
    kept = replace(finding(Status.GOOD, "b"), measurements=tuple(measured(n, met=True) for n in range(3, 400)))
    written(tmp_path, kept, broken)
    page.goto((tmp_path / "report.html").as_uri())
    shown = page.locator("#measured li").filter(visible=True)
    assert shown.count() == 3
    assert shown.first.inner_text().startswith("landing.requests.number_0")
    assert page.get_by_text("The other 297, all kept").is_visible()
    assert page.get_by_text("100 more are not drawn: they are in verdict.json.").is_visible()


def test_a_run_of_nothing_has_a_report_that_says_so(page: Page, tmp_path: Path) -> None:
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text))
    written(tmp_path)
    page.goto((tmp_path / "report.html").as_uri())
    assert page.get_by_role("heading", level=1).inner_text().lower() == "invalid"
    assert "nothing was verified" in page.locator(".reason .text").inner_text()
    html.write(tmp_path, report_sample.sample(), report_sample.background())
    page.goto((tmp_path / "report.html").as_uri())
    assert violations == [], "its own policy allows all that is in it"


def test_on_paper_what_is_closed_is_open(page: Page, tmp_path: Path) -> None:
    html.write(tmp_path, report_sample.sample(), report_sample.background())
    page.goto((tmp_path / "report.html").as_uri())
    hidden = page.get_by_text("every region is healthy").first
    assert not hidden.is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    assert hidden.evaluate("each => each.checkVisibility({contentVisibilityAuto: true})")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(23, 26, 33)"


def test_screenshots_are_in_the_file_and_only_those_of_its_folder(page: Page, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    (reports / "smoke").mkdir(parents=True)
    (reports / "smoke" / "shot.png").write_bytes(PIXEL)
    (tmp_path / "secret.png").write_bytes(PIXEL)
    (reports / "large.png").write_bytes(b"\0" * (MAX_IMAGE + 1))
    os.mkfifo(reports / "pipe.png")  # whoever reads it waits for ever
    evidence = ("smoke/shot.png", "../secret.png", "large.png", "absent.png", "pipe.png")
    written(reports, replace(finding(Status.BAD, "a"), evidence=evidence))
    page.goto((reports / "report.html").as_uri())
    assert page.locator(".reason img").count() == 1
    assert page.locator(".reason img").evaluate("image => image.naturalWidth") == 1
    assert page.locator(".files a").all_inner_texts() == [
        "shot.png", "secret.png", "large.png", "absent.png", "pipe.png",
    ]  # fmt: skip
