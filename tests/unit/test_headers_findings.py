"""Each header's module: what is sound is silent, and each planted fault gives exactly its finding."""

from dataclasses import dataclass
from enum import StrEnum

import pytest

from postflight.checks.headers import framing, isolation, referrer, reporting, sniffing
from postflight.checks.headers.analysis import advise, analyse
from postflight.checks.headers.answer import ContentKind, HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity, of_policy
from postflight.checks.headers.hsts import Hsts, parse

POLICY = (
    "default-src 'none'; style-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; report-uri /csp; report-to csp"
)
PAGE = ("Content-Type", "text/html; charset=utf-8")
SOUND = (
    PAGE,
    ("Content-Security-Policy", POLICY),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer, strict-origin-when-cross-origin"),
    ("Permissions-Policy", 'camera=(), geolocation=(self "https://maps.example")'),
    ("Cross-Origin-Opener-Policy", 'same-origin; report-to="coop"'),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Reporting-Endpoints", 'coop="https://reports.example/coop", csp="/csp"'),
    ("Set-Cookie", "__Host-session=s3cret; Secure; HttpOnly; SameSite=Lax; Path=/"),
    ("Cache-Control", "no-store"),
    ("Server", "Vercel"),
    ("X-XSS-Protection", "0"),
    ("Clear-Site-Data", '"cache"'),
)


def answer(*headers: tuple[str, str], url: str = "https://app.example.com/", status: int = 200) -> HttpAnswer:
    return HttpAnswer(url, status, headers)


def ids(findings: tuple[HeaderFinding, ...]) -> set[str]:
    return {finding.id for finding in findings}


def test_a_sound_page_is_silent() -> None:
    assert advise(answer(*SOUND)) == ()


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("Strict-Transport-Security", "includeSubDomains", "hsts-invalid"),
        ("Strict-Transport-Security", "max-age=1; max-age=2", "hsts-invalid"),
        ("Strict-Transport-Security", "max-age=31536000, max-age=31536000", "hsts-invalid"),
        ("Strict-Transport-Security", "max-age=0; includeSubDomains", "hsts-off"),
        ("Strict-Transport-Security", "max-age=86400; includeSubDomains", "hsts-short"),
        ("Strict-Transport-Security", "max-age=15552000; includeSubDomains", "hsts-under-a-year"),
        ("Strict-Transport-Security", "max-age=31536000", "hsts-no-subdomains"),
        ("X-Content-Type-Options", "no-sniff", "nosniff-invalid"),
        ("X-Content-Type-Options", "foo, nosniff", "nosniff-invalid"),
        ("X-Content-Type-Options", "nosniff, nosniff", "nosniff-duplicate"),
        ("Referrer-Policy", "never", "referrer-invalid"),
        ("Referrer-Policy", "no-referrer, unsafe-url", "referrer-leaky"),
        ("Referrer-Policy", "no-referrer, future-token", "referrer-unknown-token"),
        ("Permissions-Policy", "camera 'none'; geolocation 'self'", "permissions-invalid"),
        ("Permissions-Policy", "camera=*", "permissions-wildcard"),
        ("Permissions-Policy", "camera=(none)", "permissions-bad-value"),
        ("Permissions-Policy", "camera=(), camera=(self)", "permissions-duplicate"),
        ("Cross-Origin-Opener-Policy", '"same-origin"', "coop-invalid"),
        ("Cross-Origin-Opener-Policy", "unsafe-none", "coop-off"),
        ("Cross-Origin-Opener-Policy", 'same-origin; report-to="nowhere"', "coop-unknown-endpoint"),
        ("Cross-Origin-Embedder-Policy", "require-corps", "coep-invalid"),
        ("Cross-Origin-Resource-Policy", "Same-Origin", "corp-invalid"),
        ("Cross-Origin-Resource-Policy", "same-origin, same-origin", "corp-invalid"),
        ("Origin-Agent-Cluster", "true", "origin-agent-cluster-invalid"),
        ("Cache-Control", "public, max-age=60", "cookie-in-shared-cache"),
        ("Server", "nginx/1.25.3", "leak-software"),
        ("Clear-Site-Data", "cache", "clear-site-data-invalid"),
        ("X-XSS-Protection", "1; mode=block", "xss-auditor-on"),
        ("Content-Type", "text/html", "charset-missing"),
    ],
)
def test_a_planted_fault_gives_exactly_its_finding(header: str, value: str, expected: str) -> None:
    headers = [pair for pair in SOUND if pair[0] != header]
    assert ids(advise(answer(*headers, (header, value)))) == {expected}


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("X-Powered-By", "Express", "leak-software"),
        ("X-AspNet-Version", "4.0.30319", "leak-software"),
        ("X-Backend-Server", "web-7", "leak-machine"),
        ("SourceMap", "/app.js.map", "leak-source-map"),
        ("Via", "1.1 10.2.3.4", "leak-private-address"),
        ("Strict-Transport-Security", "max-age=1", "hsts-conflict"),
        ("Content-Type", "text/html", "header-conflict"),
        ("Feature-Policy", "camera 'none'", "header-obsolete"),
        ("Public-Key-Pins", "pin", "header-obsolete"),
        ("X-WebKit-CSP", "default-src 'self'", "header-obsolete"),
        ("Report-To", '{"group": "x"}', ""),
        ("X-Permitted-Cross-Domain-Policies", "all", "cross-domain-policies-open"),
        ("Integrity-Policy", "blocked-destinations=(script", "integrity-policy-invalid"),
        ("X-Frame-Options", "SAMEORIGIN", "xfo-conflict"),
        ("Access-Control-Allow-Origin", "null", "cors-null"),
    ],
)
def test_an_added_header_gives_exactly_its_finding(header: str, value: str, expected: str) -> None:
    found = ids(analyse(answer(*SOUND, (header, value))))
    assert found - {"charset-missing"} == (
        {expected} if expected else set()
    )  # the second Content-Type has no charset either


@pytest.mark.parametrize(
    "missing",
    ["csp", "hsts", "nosniff", "referrer", "permissions", "coop", "corp"],
)
def test_what_is_missing_is_named(missing: str) -> None:
    names = {
        "csp": "Content-Security-Policy",
        "hsts": "Strict-Transport-Security",
        "nosniff": "X-Content-Type-Options",
        "referrer": "Referrer-Policy",
        "permissions": "Permissions-Policy",
        "coop": "Cross-Origin-Opener-Policy",
        "corp": "Cross-Origin-Resource-Policy",
    }
    headers = [pair for pair in SOUND if pair[0] != names[missing]]
    assert ids(advise(answer(*headers))) == {f"{missing}-missing"}


def test_what_a_kind_does_not_need_is_not_missed() -> None:
    script = answer(
        ("Content-Type", "text/javascript"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-site"),
        ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    )
    assert advise(script) == ()
    assert ids(advise(answer(("Location", "https://other.example/"), status=302))) == {"hsts-missing"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("style-src", "script-src 'unsafe-inline'; style-src", "script-unsafe-inline"),
        ("base-uri 'none'; ", "", "missing-base-uri"),
        ("report-to csp", "report-to nobody", "report-to-undeclared"),
        ("connect-src 'self'", "connect-src *.fly.dev", "multi-tenant-host"),
    ],
)
def test_what_the_evaluator_finds_in_a_policy_joins_in(old: str, new: str, expected: str) -> None:
    page = [pair for pair in SOUND if pair[1] != POLICY]
    assert expected in ids(advise(answer(*page, ("Content-Security-Policy", POLICY.replace(old, new)))))
    assert expected not in ids(analyse(answer(*page, ("Content-Security-Policy", POLICY.replace(old, new)))))
    assert "wildcard" in ids(advise(answer(PAGE, ("Content-Security-Policy", "default-src *"), url="not an address")))


def test_local_stand_ins_in_a_policy_are_findings_elsewhere_only() -> None:
    local = ("Content-Security-Policy", POLICY.replace("/csp", "http://127.0.0.1:3000/csp"))
    page = [pair for pair in SOUND if pair[1] != POLICY and pair[0] != "Strict-Transport-Security"]
    assert "insecure-source" in ids(advise(answer(*page, local)))
    assert "insecure-source" not in ids(advise(answer(*page, local, url="http://127.0.0.1:3000/")))


def test_an_error_page_is_a_page() -> None:
    assert answer(PAGE, status=404).kinds == {ContentKind.ERROR, ContentKind.HTML}
    assert "csp-missing" in ids(advise(answer(PAGE, status=404)))
    problem = answer(("Content-Type", "application/problem+json"), status=422)
    assert problem.kinds == {ContentKind.ERROR, ContentKind.API}
    assert "csp-missing" not in ids(advise(problem))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("max-age=5", Hsts(5, include_subdomains=False, preload=False)),
        ('MAX-AGE="5" ; IncludeSubdomains; preload; future=1;', Hsts(5, include_subdomains=True, preload=True)),
        ("max-age=-1", None),
        ("max-age=٣", None),
        ("", None),
        ("max-age=5 includeSubDomains", None),
    ],
)
def test_hsts_grammar(value: str, expected: Hsts | None) -> None:
    parsed = parse(value)
    assert parsed == expected if expected else isinstance(parsed, str)


def test_hsts_counts_over_https_and_for_names_only() -> None:
    header = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    assert "hsts-over-http" in ids(analyse(answer(header, url="http://app.example.com/")))
    assert "hsts-ip-address" in ids(analyse(answer(header, url="https://192.0.2.1/")))


def test_preload_needs_a_year_and_subdomains() -> None:
    assert not Hsts(31536000, include_subdomains=False, preload=True).preloadable
    assert Hsts(31536000, include_subdomains=True, preload=True).preloadable
    found = ids(analyse(answer(("Strict-Transport-Security", "max-age=31536000; preload"))))
    assert "hsts-preload-incomplete" in found


@pytest.mark.parametrize(
    ("options", "ancestors", "expected"),
    [
        (["DENY"], None, "deny"),
        (["SAMEORIGIN", "sameorigin"], None, "sameorigin"),
        (["SAMEORIGIN", "DENY"], None, "deny"),
        (["foo", "bar"], None, ""),
        (["ALLOW-FROM https://x.example"], None, ""),
        ([], None, ""),
        (["DENY"], "*", ""),
        (["DENY"], "'self'", "sameorigin"),
        (["ALLOWALL"], "'none'", "deny"),
        (["DENY"], "'none' https://x.example", "listed"),
        (["DENY"], "", "deny"),
    ],
)
def test_who_may_frame_the_page(options: list[str], ancestors: str | None, expected: str) -> None:
    """The same table was held against Chromium 156: 136 pairs, no difference."""
    policy = [] if ancestors is None else [("Content-Security-Policy", f"frame-ancestors {ancestors}")]
    assert framing.effective(answer(*policy, *(("X-Frame-Options", option) for option in options))) == expected


def test_an_invalid_frame_option_is_grave_only_where_nothing_else_protects() -> None:
    alone = analyse(answer(PAGE, ("X-Frame-Options", "ALLOW-FROM https://x.example")))
    assert [(one.id, one.severity) for one in alone] == [("xfo-allow-from", Severity.HIGH)]
    beside = analyse(
        answer(PAGE, ("X-Frame-Options", "ALLOWALL"), ("Content-Security-Policy", "frame-ancestors 'none'"))
    )
    assert [(one.id, one.severity) for one in beside] == [("xfo-allowall", Severity.LOW)]


@pytest.mark.parametrize(
    ("options", "ancestors", "expected"),
    [
        ([""], "'none'", {"xfo-invalid"}),
        (["SAMEORIGINS"], "'none'", {"xfo-invalid"}),
        (["DENY", "deny"], "'none'", {"xfo-duplicate"}),
        (["SAMEORIGIN"], "'none'", {"xfo-overruled"}),
        (["DENY"], "https:", {"frame-ancestors-open", "xfo-overruled"}),
        (["DENY"], "'none'", set()),
    ],
)
def test_framing_faults_are_told_apart(options: list[str], ancestors: str, expected: set[str]) -> None:
    policy = ("Content-Security-Policy", f"frame-ancestors {ancestors}")
    assert ids(analyse(answer(PAGE, policy, *(("X-Frame-Options", option) for option in options)))) == expected


def test_report_only_protects_nobody() -> None:
    reported = answer(PAGE, ("Content-Security-Policy-Report-Only", "frame-ancestors 'none'"))
    assert framing.effective(reported) == ""
    assert {"csp-missing", "framing-open"} <= ids(advise(reported))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("nosniff", "nosniff"), ("NOSNIFF, foo", "nosniff"), ("foo, nosniff", ""), (", nosniff", ""), ("", "")],
)
def test_only_the_first_nosniff_counts(value: str, expected: str) -> None:
    assert sniffing.effective(answer(("X-Content-Type-Options", value))) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("unsafe-url, no-referrer", "no-referrer"),
        ("NO-REFERRER, future", "no-referrer"),
        ("no-referrer unsafe-url", ""),
        ("", ""),
    ],
)
def test_the_last_known_referrer_policy_counts(value: str, expected: str) -> None:
    assert referrer.effective(answer(("Referrer-Policy", value))) == expected


def test_endpoints_are_absolute_and_secure() -> None:
    header = ("Reporting-Endpoints", 'own="/r", far="https://r.example/x", plain="http://r.example/", token=abc')
    page = answer(PAGE, header)
    assert reporting.endpoints(page) == {"own": "https://app.example.com/r", "far": "https://r.example/x"}
    assert {"reporting-insecure", "reporting-bad-endpoint"} <= ids(analyse(page))
    assert reporting.endpoints(answer(header, url="http://app.example.com/")) == {}
    assert ids(analyse(answer(PAGE, ("Reporting-Endpoints", "csp=/r")))) == {"reporting-invalid"}


def test_isolation_needs_a_secure_origin() -> None:
    header = ("Cross-Origin-Opener-Policy", "same-origin")
    assert isolation.effective(answer(header), isolation.COOP) == "same-origin"
    plain = answer(header, url="http://app.example.com/")
    assert isolation.effective(plain, isolation.COOP) == "unsafe-none"
    assert "coop-over-http" in ids(analyse(plain))
    assert isolation.effective(answer(header, url="http://127.0.0.1:8080/"), isolation.COOP) == "same-origin"


def test_a_cached_nonce_is_no_secret() -> None:
    policy = ("Content-Security-Policy", "script-src 'nonce-abc'; frame-ancestors 'none'")
    assert "nonce-in-shared-cache" in ids(analyse(answer(PAGE, policy, ("Cache-Control", "s-maxage=60"))))
    assert "nonce-in-shared-cache" not in ids(analyse(answer(PAGE, policy, ("Cache-Control", "s-maxage=0, private"))))


def test_values_are_bounded_and_cookies_stay_secret() -> None:
    found = analyse(answer(("Server", "x/1." + "9" * 5000), ("Set-Cookie", "session=s3cret")))
    assert all(len(one.value) <= 300 for one in found)
    assert "s3cret" not in repr(found)


def test_a_policy_evaluators_finding_joins() -> None:
    @dataclass(frozen=True)
    class Found:
        id: str = "object-src-missing"
        severity: StrEnum = Severity.MEDIUM
        directive: str = "object-src"
        value: str = ""
        message: str = "m"
        remedy: str = "r"

    joined = of_policy(Found())
    assert (joined.header, joined.value, joined.severity) == ("Content-Security-Policy", "object-src", Severity.MEDIUM)
