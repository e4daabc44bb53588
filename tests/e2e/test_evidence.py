"""What a failed test leaves: enough to understand it, and none of its secrets."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from postflight.browser import evidence
from postflight.browser.evidence import Recorder

SITE = "https://site.test"
PASSWORD = 'typed"&hunter2'
TOKEN = "eyJ-token-of-this-session"
COOKIE = "cookie-of-this-session"
FORM = f"""<!doctype html><form><input name=email><input id=word type=password><b>Sign in</b></form>
<script>
  async function signIn() {{
    await fetch('/login', {{method: 'POST', body: JSON.stringify({{password: word.value}})}})
    await fetch('/projects?key=declared-secret', {{headers: {{Authorization: 'Bearer {TOKEN}'}}}})
    console.error('could not, said declared-secret')
  }}
</script>"""


class DeclaredSecret:
    """A redactor as evidence needs one: it takes out what was declared."""

    def text(self, text: str, /) -> str:
        return text.replace("declared-secret", "[declared]")

    def zip(self, path: Path, /) -> None:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content.replace(b"declared-secret", b"[declared]"))


class Broken(DeclaredSecret):
    def zip(self, path: Path, /) -> None:
        raise RuntimeError(path.name)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    context.route(f"{SITE}/form", lambda route: route.fulfill(content_type="text/html", body=FORM))
    context.route(f"{SITE}/login", lambda route: route.fulfill(json={"token": TOKEN}))
    context.route(f"{SITE}/projects*", lambda route: route.fulfill(status=500, body="no"))
    context.add_cookies([{"name": "session", "value": COOKIE, "url": SITE}])
    yield context
    context.close()


@pytest.fixture
def recorder(context: BrowserContext) -> Recorder:
    return Recorder(context)


@pytest.fixture
def page(context: BrowserContext, recorder: Recorder) -> Page:
    page = context.new_page()
    page.goto(f"{SITE}/form")
    page.fill("#word", PASSWORD)
    page.evaluate("signIn()")
    page.click("b")
    return page


def everything_in(reports: Path) -> dict[str, bytes]:
    found = {}
    for path in reports.rglob("*"):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                found |= {f"{path.name}/{name}": archive.read(name) for name in archive.namelist()}
        elif path.is_file():
            found[path.name] = path.read_bytes()
    return found


@pytest.mark.usefixtures("page")
def test_a_failure_leaves_screenshot_trace_and_logs(recorder: Recorder, tmp_path: Path) -> None:
    kept = recorder.keep(tmp_path, "smoke/test_sign_in.py::test_it[chromium]", DeclaredSecret())
    assert [Path(path).name for path in kept] == ["screenshot.png", "trace.zip", "console.log", "network.log"]
    assert all((tmp_path / path).stat().st_size for path in kept)
    found = everything_in(tmp_path)
    assert found["screenshot.png"].startswith(b"\x89PNG")
    assert b"error: could not, said [declared]" in found["console.log"]
    assert b"500 GET https://site.test/projects?key=[declared]" in found["network.log"]
    assert b'"method": "fill"' in found["trace.zip/trace.trace"]


@pytest.mark.parametrize("secret", [PASSWORD, 'typed\\"&hunter2', "hunter2", TOKEN, COOKIE, "declared-secret"])
@pytest.mark.usefixtures("page")
def test_no_secret_is_left_in_it(recorder: Recorder, tmp_path: Path, secret: str) -> None:
    recorder.keep(tmp_path, "test", DeclaredSecret())
    found = everything_in(tmp_path)
    assert len(found) > 5
    assert [name for name, content in found.items() if secret.encode() in content] == []


def test_the_trace_without_cleaning_holds_them(context: BrowserContext, page: Page, tmp_path: Path) -> None:
    """The red case: were Playwright to stop writing them, the test above would prove nothing."""
    context.tracing.stop(path=tmp_path / "raw.zip")
    content = b"".join(everything_in(tmp_path).values())
    assert [secret in content for secret in (b"hunter2", TOKEN.encode(), COOKIE.encode())] == [True] * 3


@pytest.mark.usefixtures("page")
def test_nothing_is_published_when_the_redactor_breaks(recorder: Recorder, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"trace\.zip"):
        recorder.keep(tmp_path, "test", Broken())
    assert set(everything_in(tmp_path)) == {"screenshot.png"}


def test_the_screenshot_masks_what_a_password_field_shows(
    context: BrowserContext, recorder: Recorder, tmp_path: Path
) -> None:
    page = context.new_page()
    pictures = []
    for word in ("first", "a second one"):
        page.set_content(f"<input name=new_password type=text value='{word}' style='width: 200px'>")
        recorder._screenshots(tmp_path)
        pictures.append((tmp_path / "screenshot.png").read_bytes())
    assert pictures[0] == pictures[1]


def test_a_page_that_hangs_costs_its_screenshot_and_no_more(
    page: Page, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "DEADLINE", 200.0)
    page.evaluate("() => void setTimeout(() => { for (;;); })")
    kept = recorder.keep(tmp_path, "test", DeclaredSecret())
    assert "screenshot.png" not in [Path(path).name for path in kept]
    assert b"postflight: no screenshot of https://site.test/form" in everything_in(tmp_path)["console.log"]


def test_a_trace_too_large_is_named(recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MAX_TRACE", 10)
    kept = recorder.keep(tmp_path, "test", DeclaredSecret())
    assert [Path(path).name for path in kept] == ["console.log"]
    assert b"are more than 10" in everything_in(tmp_path)["console.log"]


def test_a_passed_test_leaves_nothing(context: BrowserContext, recorder: Recorder) -> None:
    recorder.discard()
    Recorder(context).discard()  # a recording that was not ended would refuse another
