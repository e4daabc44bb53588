"""Firefox and WebKit: what is refused with a clear sentence, and how a phone is asked for."""

from pathlib import Path

import pytest

from postflight.browser.access.layout import phone
from postflight.browser.others import require_installed
from postflight.errors import BrowserUnavailable, CannotMeasure


def test_a_browser_that_playwright_has_not_installed_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailable, match=r"no firefox here\. Run `playwright install --with-deps firefox`"):
        require_installed("firefox", str(tmp_path / "firefox"))


def test_one_that_is_there_is_taken_unless_it_had_to_trust_an_authority_of_ours(tmp_path: Path) -> None:
    executable = tmp_path / "webkit"
    executable.touch()
    require_installed("webkit", str(executable))
    with pytest.raises(CannotMeasure, match="webkit cannot be told to trust"):
        require_installed("webkit", str(executable), ca_file="ca.pem")


def test_firefox_knows_no_phones_but_narrow_windows() -> None:
    assert "is_mobile" not in phone("firefox")
    assert phone("chromium")["is_mobile"] is phone("webkit")["is_mobile"] is True
