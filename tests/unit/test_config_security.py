"""What deployments.yaml says for the stage `security`: tiers, TLS, rate limits, scans; and how the reference starts."""

from pathlib import Path

import pytest

from postflight.config.deployments import Deployments, load_deployments
from postflight.config.resolve import choose, resolve
from postflight.errors import ConfigError
from postflight.model import RateLimit

FILE = """\
version: 1
platforms:
  shop:
    environments:
      reference: {start: reference}
      reference-strict: {start: reference, tier: strict, tls: true}
      staging:
        base_url: https://staging.shop.example
        rate_limits:
          sign_in: {request: POST /login, body: {email: a@b.test}, at_most: 10 requests, within: 1 min}
        scan_results: [scans/trivy.sarif]
"""


def load(tmp_path: Path, text: str = FILE) -> Deployments:
    file = tmp_path / "deployments.yaml"
    file.write_text(text)
    return load_deployments(file)


def test_limits_scans_and_no_tier(tmp_path: Path) -> None:
    found = resolve(load(tmp_path), environment="staging", environ={})
    assert found.rate_limits == (RateLimit("sign_in", "POST", "/login", {"email": "a@b.test"}, 10, 60.0),)
    assert (found.scan_results, found.tier) == (("scans/trivy.sarif",), "")


def test_an_environment_says_how_the_reference_starts(tmp_path: Path) -> None:
    deployments = load(tmp_path)
    assert choose(deployments, environment="reference-strict").start_arguments == ("--tier", "strict", "--tls")
    assert choose(deployments, environment="reference").start_arguments == ()


def test_without_options_the_plain_reference_is_meant(tmp_path: Path) -> None:
    assert choose(load(tmp_path)).environment == "reference"
    with pytest.raises(ConfigError, match="may mean shop/first, shop/reference-strict"):
        choose(load(tmp_path, FILE.replace("reference: {start", "first: {start")))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("request: POST /login", "request: DELETE /login", "rate_limits.sign_in.request"),
        ("at_most: 10 requests", "at_most: 10000 requests", "no limit that a short burst can find"),
        ("within: 1 min", "within: 60", "60 is a bare number"),
        ("        scan_results", "        tls: true\n        scan_results", "'tls' belongs to 'start'"),
        ("tier: strict", "tier: stricter", "'stricter' is not one of baseline, hardened, strict"),
    ],
)
def test_mistakes_are_named(old: str, new: str, expected: str, tmp_path: Path) -> None:
    assert old in FILE
    with pytest.raises(ConfigError, match=expected):
        load(tmp_path, FILE.replace(old, new))
