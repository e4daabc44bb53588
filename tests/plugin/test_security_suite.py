"""The stage `security` on a site that nobody has described, and on scanners' files."""

import json
import sys
from pathlib import Path

import pytest

from tests.conftest import Result, run_process

TRIVY = {
    "SchemaVersion": 2,
    "Results": [
        {
            "Vulnerabilities": [
                {"VulnerabilityID": "CVE-1", "PkgName": "zlib", "InstalledVersion": "1", "Severity": "HIGH"}
            ]
        }
    ],
}


def run(tmp_path: Path, *arguments: str) -> Result:
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", "-m", "security", "--reports", str(reports), "-p", "no:cacheprovider"]
    return run_process(*command, *arguments, reports=reports)


def scanned(tmp_path: Path, site: str, file: Path) -> Result:
    deployments = tmp_path / "deployments.yaml"
    budgets = tmp_path / "budgets.yaml"
    budgets.write_text("version: 1\nplatforms: {}\n")
    environment = f"{{base_url: '{site}', scan_results: ['{file}']}}"
    deployments.write_text(f"version: 1\nplatforms: {{shop: {{environments: {{live: {environment}}}}}}}\n")
    files = ["--deployments", str(deployments), "--budgets", str(budgets)]
    return run(tmp_path, "security/test_scans.py", *files, "--platform", "shop", "--environment", "live")


def test_a_site_without_a_policy_is_held(tmp_path: Path, site: str) -> None:
    result = run(tmp_path, "security", "--ignore-glob", "*/test_browser_*.py", "--base-url", site)
    bad = {name for name, status in result.statuses().items() if status not in {"good", "excluded"}}
    assert (bad, result.decision) == ({"test_policy"}, "hold"), result.output
    assert [one["rule"] for one in result.finding("test_policy")["weaknesses"]][:1] == ["csp-missing"]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (json.dumps(TRIVY), "bad"),
        (json.dumps(TRIVY | {"Results": []}), "good"),
        ("{}", "invalid"),
        (None, "unknown"),
    ],
    ids=["vulnerable", "clean", "broken", "absent"],
)
def test_what_a_scan_means(tmp_path: Path, site: str, content: str | None, status: str) -> None:
    file = tmp_path / "trivy.json"
    if content is not None:
        file.write_text(content)
    result = scanned(tmp_path, site, file)
    assert result.statuses()["test_scans_are_clean"] == status, result.output
    (log,) = json.loads((result.reports / "results.sarif").read_text())["runs"]
    assert ("CVE-1" in {one["ruleId"] for one in log["results"]}) == (status == "bad")
