"""Tiers, waivers and the forecast: healthy tiers are clean, each planted fault fails, waivers end on their day."""

from datetime import date

import pytest

from postflight.checks.csp import parse_policies as parse
from postflight.checks.headers.analysis import analyse
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.demands import Demand, find_unmet
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.tiers import (
    DEFAULT_TIERS,
    VELOCITY_POLICY,
    Judgement,
    Outcome,
    failures,
    forecast,
    judge,
    unused_waivers,
)

TODAY = date(2026, 11, 21)
BASELINE = DEFAULT_TIERS["baseline"]
HTML = ("Content-Type", "text/html; charset=utf-8")
PLANNED = (
    ("Content-Security-Policy", VELOCITY_POLICY),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
)
STRICT_POLICY = (
    "default-src 'none'; script-src 'nonce-{}' 'strict-dynamic'; style-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; report-uri /csp"
)
STRICT = (
    HTML,
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"),
    ("Permissions-Policy", "camera=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


def answer(*headers: tuple[str, str], url: str = "https://app.example.com/", status: int = 200) -> HttpAnswer:
    return HttpAnswer(url, status, headers)


def strict(nonce: str = "r4nd0m", *more: tuple[str, str], without: str = "") -> HttpAnswer:
    kept = [pair for pair in STRICT if pair[0] != without]
    return answer(*kept, ("Content-Security-Policy", STRICT_POLICY.format(nonce)), *more)


def failed(judgements: tuple[Judgement, ...]) -> set[str]:
    return {one.finding.id for one in failures(judgements)}


def test_the_plan_word_for_word_is_baseline() -> None:
    judged = judge(BASELINE, [answer(HTML, *PLANNED)], TODAY)
    assert failed(judged) == set()
    waived = {(one.finding.id, one.finding.value) for one in judged if one.outcome is Outcome.WAIVED}
    assert waived == {
        ("script-unsafe-inline", "script-src 'unsafe-inline'"),
        ("style-unsafe-inline", "style-src 'unsafe-inline'"),
        ("script-unsafe-eval", "script-src 'unsafe-eval'"),
        ("multi-tenant-host", "script-src *.vercel.app"),
        ("multi-tenant-host", "script-src *.supabase.co"),
        ("multi-tenant-host", "connect-src *.supabase.co"),
        ("multi-tenant-host", "connect-src *.fly.dev"),
    }
    assert unused_waivers(BASELINE, judged) == ()


@pytest.mark.parametrize("waiver", BASELINE.waivers, ids=lambda one: f"{one.rule} {one.value}")
def test_a_waiver_holds_through_its_day_and_fails_after_it(waiver: object) -> None:
    page = [answer(HTML, *PLANNED)]
    last = max(one.until for one in BASELINE.waivers)
    assert failed(judge(BASELINE, page, last)) == set()
    after = failures(judge(BASELINE, page, date.fromordinal(last.toordinal() + 1)))
    assert waiver in {one.waiver for one in after}


@pytest.mark.parametrize(
    ("kind", "status"), [("text/html", 200), ("application/json", 401), ("text/css", 200), ("", 307), ("", 204)]
)
@pytest.mark.parametrize("name", [name for name, _ in PLANNED])
def test_baseline_misses_each_planned_header_on_every_kind_of_answer(name: str, kind: str, status: int) -> None:
    around = [("Content-Type", kind)] if kind else [("Location", "/cn")]
    whole = answer(*around, *PLANNED, status=status)
    without = answer(*around, *(pair for pair in PLANNED if pair[0] != name), status=status)
    assert failed(judge(BASELINE, [whole], TODAY)) == set()
    assert failed(judge(BASELINE, [without], TODAY)) == {f"{name.lower()}-missing"}


@pytest.mark.parametrize(
    ("policy", "extra"),
    [
        (VELOCITY_POLICY.replace("*.fly.dev", "*.fly.dev https://evil.example"), "connect-src https://evil.example"),
        (VELOCITY_POLICY.replace("img-src 'self'", "img-src * 'self'"), "img-src *"),
        (VELOCITY_POLICY.replace("default-src 'self'; ", ""), "default-src is not restricted"),
        (VELOCITY_POLICY + " frame-src https://x.example", "frame-src https://x.example"),
        (VELOCITY_POLICY.replace("*.fly.dev", "http://127.0.0.1:5000"), "connect-src http://127.0.0.1:5000"),
    ],
)
def test_a_policy_looser_than_the_plan_fails_baseline(policy: str, extra: str) -> None:
    page = answer(HTML, ("Content-Security-Policy", policy), *PLANNED[1:])
    values = {one.finding.value for one in failures(judge(BASELINE, [page], TODAY))}
    assert extra in values


def test_local_stand_ins_are_as_planned_on_loopback_only() -> None:
    policy = VELOCITY_POLICY.replace("wss:", "wss: ws://127.0.0.1:4000 http://localhost:*")
    headers = (HTML, ("Content-Security-Policy", policy), *PLANNED[1:])
    assert failed(judge(BASELINE, [answer(*headers, url="http://127.0.0.1:3000/")], TODAY)) == set()
    assert failed(judge(BASELINE, [answer(*headers)], TODAY)) == {"csp-looser-than-planned"}


@pytest.mark.parametrize("tier", list(DEFAULT_TIERS))
def test_a_strict_page_satisfies_every_tier(tier: str) -> None:
    assert failed(judge(DEFAULT_TIERS[tier], [strict("a"), strict("b")], TODAY)) == set()


@pytest.mark.parametrize("name", [name for name, _ in STRICT if name != "Content-Type"])
def test_strict_misses_each_of_its_headers(name: str) -> None:
    found = failed(judge(DEFAULT_TIERS["strict"], [strict(without=name)], TODAY))
    expected = {f"{name.lower()}-missing"}
    # frame-ancestors protects as well, and browsers obey it first
    assert found == (set() if name == "X-Frame-Options" else expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("'strict-dynamic'", "", "strict-dynamic-missing"),
        ("script-src 'nonce-{}' 'strict-dynamic'", "script-src 'self'", "csp-no-nonce"),
        ("require-trusted-types-for 'script'", "", "trusted-types-missing"),
        ("base-uri 'none'", "", "missing-base-uri"),
        ("form-action 'self'", "", "missing-form-action"),
        ("frame-ancestors 'none'", "", "missing-frame-ancestors"),
        ("report-uri /csp", "", "reporting-missing"),
        ("object-src 'none'", "object-src 'self'", "csp-plugins"),
        ("style-src 'self'", "style-src 'unsafe-inline'", "style-unsafe-inline"),
        ("'nonce-{}' 'strict-dynamic'", "'unsafe-inline'", "script-unsafe-inline"),
        ("'strict-dynamic'", "'strict-dynamic' 'unsafe-eval'", "script-unsafe-eval"),
        ("connect-src 'self'", "connect-src *.vercel.app", "multi-tenant-host"),
        ("script-src 'nonce-{}' 'strict-dynamic'", "script-src https:", "csp-any-host"),
    ],
)
def test_strict_fails_for_each_weakness_of_the_policy(old: str, new: str, expected: str) -> None:
    assert old in STRICT_POLICY
    page = answer(*STRICT, ("Content-Security-Policy", STRICT_POLICY.replace(old, new).format("abc")))
    assert expected in failed(judge(DEFAULT_TIERS["strict"], [page], TODAY))


def test_of_two_policies_one_that_meets_the_demand_is_enough() -> None:
    both = parse("script-src 'unsafe-inline', script-src 'self'")
    assert find_unmet(Demand.NO_INLINE_SCRIPT, both) == ()
    assert find_unmet(Demand.NO_INLINE_SCRIPT, both[:1])[0].value == "script-src 'unsafe-inline'"


def test_a_shared_host_must_get_past_all_policies() -> None:
    both = parse("connect-src *.vercel.app *.fly.dev, script-src 'none'; connect-src *.fly.dev")
    assert {one.value for one in find_unmet(Demand.NO_SHARED_HOSTS, both)} == {"connect-src *.fly.dev"}
    silent = parse("connect-src *.vercel.app, script-src 'none'")
    assert [one.value for one in find_unmet(Demand.NO_SHARED_HOSTS, silent)] == ["connect-src *.vercel.app"]


def test_what_no_directive_governs_is_unmet() -> None:
    nothing = parse("img-src 'self'")
    for demand in (Demand.NO_INLINE_SCRIPT, Demand.NO_EVAL, Demand.NO_ANY_HOST):
        assert find_unmet(demand, nothing)[0].value == "(no directive)"


def test_hosts_do_not_count_beside_strict_dynamic() -> None:
    policy = parse("script-src 'nonce-a' 'strict-dynamic' https: *.vercel.app")
    assert find_unmet(Demand.NO_ANY_HOST, policy) == find_unmet(Demand.NO_SHARED_HOSTS, policy) == ()


def test_a_nonce_switches_unsafe_inline_off() -> None:
    assert find_unmet(Demand.NO_INLINE_SCRIPT, parse("script-src 'nonce-a' 'unsafe-inline'")) == ()


def test_a_nonce_that_two_answers_share_fails_every_tier() -> None:
    for tier in DEFAULT_TIERS.values():
        assert failed(judge(tier, [strict("same"), strict("same")], TODAY)) == {"csp-nonce-reused"}


def test_the_forecast_is_what_the_next_tier_still_misses() -> None:
    page = [answer(HTML, *PLANNED)]
    coming = {one.finding.id for one in forecast(DEFAULT_TIERS, "baseline", page, TODAY)}
    assert {"strict-transport-security-missing", "script-unsafe-inline", "missing-base-uri"} <= coming
    assert "trusted-types-missing" not in coming  # that is the tier after the next
    assert forecast(DEFAULT_TIERS, "strict", page, TODAY) == ()


def test_hsts_is_demanded_over_https_only() -> None:
    plain = HttpAnswer("http://127.0.0.1/", 200, strict(without="Strict-Transport-Security").headers)
    assert failed(judge(DEFAULT_TIERS["strict"], [plain], TODAY)) == set()


def test_304_is_not_judged() -> None:
    assert judge(BASELINE, [answer(status=304)], TODAY) == ()


def test_findings_of_others_join_and_can_be_waived() -> None:
    def examine(one: HttpAnswer) -> tuple[HeaderFinding, ...]:
        return (
            *analyse(one),
            HeaderFinding("script-unsafe-eval", Severity.HIGH, "Content-Security-Policy", "other", "", ""),
        )

    judged = judge(BASELINE, [answer(HTML, *PLANNED)], TODAY, examine=examine)
    assert [one.finding.value for one in failures(judged)] == ["other"]


def test_the_severity_from_which_a_defect_fails_is_the_tiers_own() -> None:
    page = strict("abc", ("X-Powered-By", "Express"))
    assert failed(judge(BASELINE, [page], TODAY)) == set()
    assert failed(judge(DEFAULT_TIERS["strict"], [page], TODAY)) == {"leak-software"}
