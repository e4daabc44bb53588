"""`header_tiers:` of budgets.yaml: what may be written, what it means, and errors that name the line."""

from datetime import date
from pathlib import Path

import pytest

from postflight.checks.headers.answer import ContentKind
from postflight.checks.headers.finding import Severity
from postflight.checks.headers.rules import EVERYWHERE, HeaderRule, HstsRule, PolicyRule
from postflight.checks.headers.tiers import DEFAULT_TIERS, Waiver
from postflight.config.budgets import load_budgets
from postflight.errors import ConfigError

ROOT = Path(__file__).parents[2]
GOOD = """\
version: 1
platforms: {}
header_tiers:
  hardened:
    fails_at: medium
    rules:
      - policy: {demands: [no-eval], no_looser_than: "script-src 'self'"}
        kinds: all
        covers: [P13-X1]
      - {header: X-Frame-Options, one_of: [DENY], kinds: [html, error]}
      - hsts: {min_age: 180 d, subdomains: true}
    waivers:
      - {rule: csp-any-host, value: "script-src *", until: 2027-01-31, why: the partner moves in January}
"""


def test_the_projects_own_file_says_what_the_library_does() -> None:
    assert load_budgets(ROOT / "budgets.yaml").header_tiers == DEFAULT_TIERS


def test_what_is_written_counts_and_what_is_not_stays(tmp_path: Path) -> None:
    file = tmp_path / "budgets.yaml"
    file.write_text(GOOD)
    tiers = load_budgets(file).header_tiers
    assert list(tiers) == ["baseline", "hardened", "strict"]
    assert tiers["strict"] == DEFAULT_TIERS["strict"]
    policy, header, hsts = tiers["hardened"].rules
    assert isinstance(policy, PolicyRule)
    assert (policy.demands, policy.no_looser_than, policy.kinds) == (("no-eval",), "script-src 'self'", EVERYWHERE)
    assert header == HeaderRule("X-Frame-Options", frozenset({ContentKind.HTML, ContentKind.ERROR}), ("DENY",))
    assert hsts == HstsRule(180 * 86400, subdomains=True, covers=())
    assert tiers["hardened"].fails_at is Severity.MEDIUM
    waiver = Waiver("csp-any-host", "script-src *", date(2027, 1, 31), "the partner moves in January")
    assert tiers["hardened"].waivers == (waiver,)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  hardened:", "  hard:", "FILE:4: header_tiers.hard"),
        ("fails_at: medium", "fails_at: grave", "FILE:5: header_tiers.hardened.fails_at: 'grave' is not one of high"),
        ("demands: [no-eval]", "demands: [no-evil]", "FILE:7: header_tiers.hardened.rules.0.policy.demands.0"),
        ("script-src 'self'", ";", "FILE:7: header_tiers.hardened.rules.0.policy: no_looser_than is no policy"),
        ("kinds: all", "kinds: [htlm]", "FILE:8: header_tiers.hardened.rules.0.kinds.0: 'htlm' is not one of html"),
        ("covers: [P13-X1]", "covers: [P13-X0]", "FILE:9: header_tiers.hardened.rules.0.covers.0: unknown requirement"),
        ("{header: X-Frame-Options, ", "{", "FILE:10: header_tiers.hardened.rules.1: write exactly one of header"),
        ("min_age: 180 d", "min_age: 180", "FILE:11: header_tiers.hardened.rules.2.hsts.min_age: 180 is a bare number"),
        ("until: 2027-01-31", "until: soon", "FILE:13: header_tiers.hardened.waivers.0.until: expected a date"),
        ("rule: csp-any-host", "role: csp-any-host", "did you mean"),
        (
            ", why: the partner moves in January",
            "",
            "FILE:13: header_tiers.hardened.waivers.0.why: this key is missing",
        ),
    ],
)
def test_errors_name_the_line(old: str, new: str, expected: str, tmp_path: Path) -> None:
    assert old in GOOD
    file = tmp_path / "budgets.yaml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(ConfigError) as error:
        load_budgets(file)
    assert expected in str(error.value).replace(f"{file}:", "FILE:")
