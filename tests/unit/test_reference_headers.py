"""The reference platform's security headers: what each tier promises, and for which answers."""

import pytest

from reference.headers import NOT_A_PAGE, TIERS, Headers, Tier, security_headers

NONCE = "Zm9vYmFyYmF6cXV4cXV1eA=="
PAGE = "text/html; charset=utf-8"
JSON = "application/json"
TRUSTING: list[Tier] = ["hardened", "strict"]  # the tiers that trust nonces


def headers(tier: Tier, *, content_type: str = PAGE, tls: bool = False, nonce: str = NONCE) -> dict[str, str]:
    sent: Headers = security_headers(
        tier,
        nonce=nonce,
        tls=tls,
        content_type=content_type,
        orchestrator="http://127.0.0.1:4001/",
        realtime="ws://127.0.0.1:4002/realtime/v1",
        preview_sources=("http://127.0.0.1:*",),
        report_url="https://localhost:4000/api/csp-report",
    )
    assert len({name.lower() for name, _ in sent}) == len(sent), "a header is sent twice"
    return dict(sent)


def policy(tier: Tier, *, content_type: str = PAGE, tls: bool = False) -> dict[str, list[str]]:
    directives = headers(tier, content_type=content_type, tls=tls)["Content-Security-Policy"].split("; ")
    parsed = {name: sources.split() for name, _, sources in (directive.partition(" ") for directive in directives)}
    assert len(parsed) == len(directives), "a directive is written twice: browsers ignore the second"
    return parsed


def test_baseline_is_velocitys_plan_and_only_adds_local_addresses() -> None:
    plan = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'", "'unsafe-inline'", "*.vercel.app", "*.supabase.co"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "https:"],
        "connect-src": ["'self'", "*.supabase.co", "*.fly.dev", "wss:"],
        "font-src": ["'self'", "fonts.gstatic.com"],
    }
    ours = policy("baseline")
    assert ours.pop("frame-src") == ["'self'", "http://127.0.0.1:*"]
    assert ours["connect-src"][len(plan["connect-src"]) :] == ["http://127.0.0.1:4001", "ws://127.0.0.1:4002"]
    ours["connect-src"] = ours["connect-src"][: len(plan["connect-src"])]
    assert ours == plan
    rest = headers("baseline", tls=True)
    del rest["Content-Security-Policy"]
    assert rest == {
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }


def test_baseline_is_the_same_on_every_route() -> None:
    assert headers("baseline", content_type=JSON) == headers("baseline", content_type=PAGE)


@pytest.mark.parametrize("tier", TRUSTING)
def test_no_script_runs_without_a_reason(tier: Tier) -> None:
    scripts = policy(tier)["script-src"]
    assert f"'nonce-{NONCE}'" in scripts
    assert not {"'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "https:", "data:", "*"} & set(scripts)
    for directive, expected in {"object-src": ["'none'"], "base-uri": ["'none'"], "form-action": ["'self'"]}.items():
        assert policy(tier)[directive] == expected


@pytest.mark.parametrize("tier", TRUSTING)
def test_the_editor_reaches_its_realtime_and_its_previews_and_nothing_else(tier: Tier) -> None:
    assert policy(tier)["connect-src"] == ["'self'", "ws://127.0.0.1:4002"]
    assert policy(tier)["frame-src"] == ["http://127.0.0.1:*"]


def test_strict_trusts_what_a_nonce_loads_and_enforces_trusted_types() -> None:
    ours = policy("strict")
    assert ours["script-src"] == [f"'nonce-{NONCE}'", "'strict-dynamic'"]
    assert ours["default-src"] == ["'none'"]
    assert ours["require-trusted-types-for"] == ["'script'"]
    assert ours["trusted-types"] == ["'none'"]
    assert headers("strict")["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers("strict")["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("tier", "ancestors", "framing"), [("hardened", "'self'", "SAMEORIGIN"), ("strict", "'none'", "DENY")]
)
def test_old_and_new_browsers_agree_on_who_may_frame(tier: Tier, ancestors: str, framing: str) -> None:
    assert policy(tier)["frame-ancestors"] == [ancestors]
    assert headers(tier)["X-Frame-Options"] == framing


@pytest.mark.parametrize("tier", TRUSTING)
@pytest.mark.parametrize("content_type", [JSON, "text/css", "image/svg+xml", "", "text/htmlx"])
def test_what_is_not_a_page_may_do_nothing(tier: Tier, content_type: str) -> None:
    sent = headers(tier, content_type=content_type, tls=True)
    assert sent["Content-Security-Policy"] == NOT_A_PAGE
    assert "Permissions-Policy" not in sent
    assert "Reporting-Endpoints" not in sent
    assert NONCE not in str(sent)


@pytest.mark.parametrize("tier", TRUSTING)
@pytest.mark.parametrize("content_type", ["text/html", "TEXT/HTML;charset=utf-8", " text/html ; x=y"])
def test_a_page_is_known_by_its_type(tier: Tier, content_type: str) -> None:
    assert "script-src" in policy(tier, content_type=content_type)


@pytest.mark.parametrize("tier", TRUSTING)
def test_transport_security_over_tls_only(tier: Tier) -> None:
    assert "Strict-Transport-Security" not in headers(tier)
    assert "Strict-Transport-Security" in headers(tier, content_type=JSON, tls=True)


def test_strict_transport_security_is_fit_for_preloading() -> None:
    assert headers("strict", tls=True)["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"


@pytest.mark.parametrize("tier", TRUSTING)
def test_report_to_never_comes_without_its_endpoint(tier: Tier) -> None:
    plain, secure = policy(tier), policy(tier, tls=True)
    assert plain["report-uri"] == secure["report-uri"] == ["https://localhost:4000/api/csp-report"]
    assert "report-to" not in plain
    assert "Reporting-Endpoints" not in headers(tier)
    (group,) = secure["report-to"]
    assert headers(tier, tls=True)["Reporting-Endpoints"] == f'{group}="https://localhost:4000/api/csp-report"'


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("content_type", [PAGE, JSON, ""])
def test_nobody_guesses_types(tier: Tier, content_type: str) -> None:
    assert headers(tier, content_type=content_type)["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_tier_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'stict'; there are baseline, hardened, strict"):
        headers("stict")  # type: ignore[arg-type]
