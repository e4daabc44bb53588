"""Firefox and WebKit: Playwright's own builds, which it installs itself. Chromium is another matter (`find`)."""

from pathlib import Path

from postflight.errors import BrowserUnavailable, CannotMeasure

CHROMIUM = "chromium"


def require_installed(name: str, executable: str, *, ca_file: str | None = None) -> None:
    """Refuse a browser that is not here, or could not do what the deployment needs.

    Raises `BrowserUnavailable` if Playwright has not installed it, and `CannotMeasure` for a `ca_file`: only Chromium
    can be told to trust one authority more, and one that trusts everything would measure something else.
    """
    if not Path(executable).is_file():
        raise BrowserUnavailable(
            f"Playwright has no {name} here. Run `playwright install --with-deps {name}`, or leave `--browser` out.",
            expected=f"{name} at {executable}",
            seen="no file",
            where=executable,
        )
    if ca_file:
        raise CannotMeasure(
            f"{name} cannot be told to trust {ca_file}: verify this deployment with Chromium",
            expected="a certificate that the system trusts",
            seen=f"ca_file: {ca_file}",
        )
