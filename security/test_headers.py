"""VEL-X1, P13-X1, X3: what browsers make of each header, on every kind of answer, held against the tier."""

import pytest

from postflight.checks.headers.finding import HeaderFinding
from postflight.checks.headers.overview import compare_headers, compare_policies
from postflight.checks.headers.tiers import Judgement
from postflight.pytest_plugin.fixtures import Show

from .conftest import Hold
from .surface import Seen

pytestmark = pytest.mark.security

NONCES = frozenset(
    {"csp-nonce-reused", "nonce-short", "nonce-placeholder"}
)  # test_nonces.py fetches each page more than once
ISOLATION = frozenset(
    {
        "Cross-Origin-Opener-Policy",
        "Cross-Origin-Embedder-Policy",
        "Cross-Origin-Resource-Policy",
        "Origin-Agent-Cluster",
    }
)
OF_THEIR_OWN = ISOLATION | {
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "Content-Type",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "Permissions-Policy",
    "Reporting-Endpoints",
    "Report-To",
    "Set-Cookie",
    "Cache-Control",
}


@pytest.mark.covers("VEL-X1", "P13-X1", "P13-X2")
def test_policy(hold: Hold, exhibit: Show, seen: tuple[Seen, ...], judged: tuple[Judgement, ...]) -> None:
    """Content-Security-Policy protects every page as its tier demands"""
    answers = [one.answer for one in seen]
    exhibit(compare_policies(answers, judged))
    exhibit(compare_headers(answers, judged))
    hold(lambda one: one.header == "Content-Security-Policy" and one.id not in NONCES)


@pytest.mark.covers("VEL-X1", "P13-X3")
def test_framing(hold: Hold) -> None:
    """X-Frame-Options keeps strangers from framing"""
    hold(lambda one: one.header == "X-Frame-Options")


@pytest.mark.covers("VEL-X1", "P13-X3")
def test_sniffing(hold: Hold) -> None:
    """X-Content-Type-Options keeps browsers from guessing types"""
    hold(lambda one: one.header in {"X-Content-Type-Options", "Content-Type"})


@pytest.mark.covers("VEL-X1")
def test_referrer(hold: Hold) -> None:
    """Referrer-Policy keeps paths and queries from other sites"""
    hold(lambda one: one.header == "Referrer-Policy")


@pytest.mark.covers("P13-X3", "VEL-X2")
def test_transport(hold: Hold) -> None:
    """Strict-Transport-Security keeps visitors on HTTPS"""
    hold(lambda one: one.header == "Strict-Transport-Security")


@pytest.mark.covers("P13-X3")
def test_permissions(hold: Hold) -> None:
    """Permissions-Policy switches off what pages do not use"""
    hold(lambda one: one.header == "Permissions-Policy")


@pytest.mark.covers("P13-X3")
def test_isolation(hold: Hold) -> None:
    """Cross-Origin-Opener-Policy and its kin keep other origins' windows and pages apart"""
    hold(lambda one: one.header in ISOLATION)


@pytest.mark.covers("P13-X4")
def test_reporting(hold: Hold) -> None:
    """Reporting-Endpoints can be used by browsers"""
    hold(lambda one: one.header in {"Reporting-Endpoints", "Report-To"})


@pytest.mark.covers("P13-X5")
def test_cookies_of_strangers(hold: Hold) -> None:
    """Cookies that anybody gets have the attributes they need"""
    hold(lambda one: one.header == "Set-Cookie")


@pytest.mark.covers("P13-X5")
def test_caching(hold: Hold) -> None:
    """Shared caches keep neither cookies nor nonces"""
    hold(lambda one: one.header == "Cache-Control")


@pytest.mark.covers("P13-X3")
def test_leaks(hold: Hold) -> None:
    """No header tells of software, versions or machines"""
    hold(_is_leak)


@pytest.mark.covers("P13-X3")
def test_other_headers(hold: Hold) -> None:
    """No header is doubled, broken or long gone"""
    hold(lambda one: one.header not in OF_THEIR_OWN and not _is_leak(one))


def _is_leak(one: HeaderFinding) -> bool:
    return one.id.startswith("leak-")
