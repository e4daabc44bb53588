"""P13-X6: what vulnerability scanners say of dependencies, container and served libraries. They scan; this reads."""

from pathlib import Path

import pytest

from postflight.checks import scans
from postflight.checks.headers.finding import Severity
from postflight.errors import ConfigError, NotEnoughEvidence, UnexpectedAnswer
from postflight.model import Deployment, Weakness
from postflight.pytest_plugin.fixtures import Exclude

pytestmark = [pytest.mark.security, pytest.mark.covers("P13-X6")]

MAX_BYTES = 64 * 1024 * 1024
TOLERATED = Severity.LOW  # from here on: shown, and no fault


def test_scans_are_clean(deployment: Deployment, weaknesses: list[Weakness], exclude: Exclude) -> None:
    """Scanners know no grave vulnerability of what was deployed"""
    if not deployment.scan_results:
        exclude("deployments.yaml names no `scan_results`: whether anything is vulnerable was not looked at")
    missing = [name for name in deployment.scan_results if not Path(name).is_file()]
    for name in deployment.scan_results:
        if name not in missing:
            weaknesses += [one.weakness(name) for one in _read(Path(name)) if not TOLERATED.at_least(one.severity)]
    if weaknesses:
        worst = weaknesses[0]
        raise UnexpectedAnswer(
            f"{worst.value}: {worst.rule}. {worst.message} {worst.remedy}",
            expected="no known vulnerability of severity medium or above",
            seen=f"{len(weaknesses)} in {', '.join(sorted({one.where for one in weaknesses}))}",
            where=worst.where,
        )
    if missing:
        raise NotEnoughEvidence(f"{', '.join(missing)} is not there: the scanner has not run, so nothing is known")


def _read(path: Path) -> tuple[scans.HeaderFinding, ...]:
    if path.stat().st_size > MAX_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_BYTES // 2**20} MiB")
    try:
        return scans.parse(path.read_text("utf-8", "replace"))
    except ValueError as error:
        raise ConfigError(
            f"{path} cannot be read: {error}; scan_results takes SARIF, or JSON of trivy, pip-audit, retire"
        ) from error
