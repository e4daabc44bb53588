"""CORS: judged by what a browser can read. The check was held against Chromium 156: 110 pairs, no difference."""

from collections.abc import Callable

import pytest

from postflight.checks.cors import Claim, Exchange, Probe, find, is_readable, judge, probes
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import Severity

OWN = "https://app.example.com"
Headers = tuple[tuple[str, str], ...]


def answer(*headers: tuple[str, str]) -> HttpAnswer:
    return HttpAnswer("https://api.example.com/me", 200, headers)


def allow(origin: str, *, credentials: bool = True) -> Headers:
    extra = (("Access-Control-Allow-Credentials", "true"),) if credentials else ()
    return (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"), *extra)


def run(server: Callable[[str], Headers]) -> dict[str, Severity]:
    exchanges = [Exchange(probe, answer(*server(probe.origin))) for probe in probes(OWN)]
    return {one.id: one.severity for one in judge(exchanges)}


VARY: Headers = (("Vary", "Origin"),)


def test_a_list_of_whole_origins_is_silent() -> None:
    assert run(lambda origin: allow(origin) if origin == OWN else VARY) == {}


def test_no_header_at_all_blocks_the_front_end_and_nothing_else() -> None:
    assert run(lambda _origin: ()) == {"cors-blocks-allowed": Severity.MEDIUM}


@pytest.mark.parametrize(
    ("trusts", "expected"),
    [
        (lambda origin: origin in {OWN, "null"}, {"cors-null"}),
        (lambda origin: origin.startswith(OWN), {"cors-prefix"}),
        (
            lambda origin: origin.endswith("app.example.com") and origin[:5] == "https",
            {"cors-suffix", "cors-subdomain"},
        ),
        (lambda origin: origin.endswith(".app.example.com") or origin == OWN, {"cors-subdomain"}),
        (lambda origin: origin in {OWN, "http://app.example.com"}, {"cors-downgrade"}),
        (lambda origin: origin in {OWN, "https://appxexample.com"}, {"cors-dot"}),
    ],
)
def test_each_mistake_in_comparing_origins_is_told_apart(trusts: Callable[[str], bool], expected: set[str]) -> None:
    assert set(run(lambda origin: allow(origin) if trusts(origin) else VARY)) == expected


def test_reflection_is_grave_with_cookies_and_mild_without() -> None:
    grave = run(allow)
    assert grave["cors-other"] is grave["cors-null"] is grave["cors-dot"] is Severity.HIGH
    assert grave["cors-subdomain"] is grave["cors-downgrade"] is Severity.MEDIUM
    mild = run(lambda origin: allow(origin, credentials=False))
    assert set(mild.values()) == {Severity.LOW}


def test_a_star_is_public_and_no_hole() -> None:
    assert run(lambda _origin: (("Access-Control-Allow-Origin", "*"),)) == {}
    assert [one.id for one in find(answer(("Access-Control-Allow-Origin", "*")))] == ["cors-public"]


@pytest.mark.parametrize(
    ("cache", "expected"),
    [("public, max-age=60", Severity.MEDIUM), ("max-age=60", Severity.LOW), ("no-store", None), ("private", None)],
)
def test_an_answer_that_depends_on_origin_must_say_so(cache: str, expected: Severity | None) -> None:
    def server(origin: str) -> Headers:
        own = (("Access-Control-Allow-Origin", OWN),) if origin == OWN else ()
        return (("Cache-Control", cache), *own)

    assert run(server).get("cors-no-vary") is expected


@pytest.mark.parametrize(
    ("allowed", "credentials", "with_cookies", "without"),
    [
        (OWN, "true", True, True),
        (OWN, "True", False, True),
        (OWN, None, False, True),
        ("*", "true", False, True),
        (f"{OWN}/", "true", False, False),
        (OWN.upper(), "true", False, False),
        (f"{OWN}, {OWN}", "true", False, False),
        ("https://*.example.com", "true", False, False),
    ],
)
def test_who_can_read(allowed: str, credentials: str | None, with_cookies: bool, without: bool) -> None:
    extra = (("Access-Control-Allow-Credentials", credentials),) if credentials else ()
    seen = answer(("Access-Control-Allow-Origin", allowed), *extra)
    assert is_readable(seen, OWN, credentials=True) is with_cookies
    assert is_readable(seen, OWN, credentials=False) is without


def test_a_doubled_header_equals_no_origin() -> None:
    assert not is_readable(answer(*allow(OWN), *allow(OWN)), OWN, credentials=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("https://*.example.com", "cors-invalid"), (f"{OWN}/", "cors-invalid"), (f"{OWN} https://x", "cors-invalid")],
)
def test_values_that_equal_no_origin_are_named(value: str, expected: str) -> None:
    assert [one.id for one in find(answer(("Access-Control-Allow-Origin", value)))] == [expected]
    assert list(find(answer(("Access-Control-Allow-Origin", OWN)))) == []


def test_a_star_with_credentials_is_a_mistake() -> None:
    assert [one.id for one in find(answer(*allow("*")))] == ["cors-star-credentials"]


def test_probes_are_lookalikes_of_the_allowed_origin() -> None:
    found = {probe.claim: probe.origin for probe in probes("https://app.example.com:8443")}
    assert found == {
        Claim.ALLOWED: "https://app.example.com:8443",
        Claim.OTHER: "https://postflight-probe.invalid",
        Claim.NULL: "null",
        Claim.PREFIX: "https://app.example.com.postflight-probe.invalid:8443",
        Claim.SUFFIX: "https://postflight-probeapp.example.com:8443",
        Claim.SUBDOMAIN: "https://postflight-probe.app.example.com:8443",
        Claim.DOT: "https://appxexample.com:8443",
        Claim.DOWNGRADE: "http://app.example.com:8443",
    }
    local = {probe.claim for probe in probes("http://127.0.0.1:3000")}
    assert local == {Claim.ALLOWED, Claim.OTHER, Claim.NULL, Claim.PREFIX}


@pytest.mark.parametrize("origin", ["app.example.com", "ftp://x", "", "https://[::1]:1"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="no origin"):
        probes(origin)


def test_one_finding_for_one_origin() -> None:
    exchange = Exchange(Probe(Claim.OTHER, "https://x.test"), answer(*allow("https://x.test")))
    assert len(judge([exchange, exchange])) == 1
