"""Which planted security fault turns which checks of the security stage red, and by which weakness they tell it.

Faults that cannot hide each other share one start of the reference platform: no two of a start turn the same check red,
unless each is told apart by a weakness of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """One fault, the checks that must fail, and the rule of the weakness that one of them must tell (empty: none)."""

    fault: str
    fails: tuple[str, ...]
    rule: str = ""


@dataclass(frozen=True)
class Start:
    """One reference platform with faults that cannot hide each other."""

    name: str
    tier: str
    tls: bool
    planted: tuple[Planted, ...]
    verdict: str = "rollback"

    @property
    def arguments(self) -> tuple[str, ...]:
        """How it is started, without its faults."""
        return ("--tier", self.tier, *(("--tls",) if self.tls else ()))


POLICY = ("test_policy",)
NONCES = ("test_nonces_are_fresh",)
FRAMING = ("test_framing",)
SNIFFING = ("test_sniffing",)
REFERRER = ("test_referrer",)
TRANSPORT = ("test_transport",)
PERMISSIONS = ("test_permissions",)
ISOLATION = ("test_isolation",)
LEAKS = ("test_leaks",)
COOKIE = ("test_cookie_of_the_session",)
CORS = ("test_other_origins_read_nothing",)
EDGES = ("test_edges_agree",)
STRANGERS = ("test_strangers_are_refused",)
FORGED = ("test_forged_tokens_are_refused",)
EXPIRED = ("test_expired_tokens_are_refused",)
USERS = ("test_tokens_of_users_do_not_open_the_orchestrator",)

STARTS = (
    Start(
        "baseline", "baseline", False,
        (
            Planted("csp-missing-on-404", POLICY, "content-security-policy-missing"),
            Planted("csp-wildcard", POLICY, "wildcard"),
            Planted("csp-data-script", POLICY, "plain-scheme"),
            Planted("csp-known-bypass", POLICY, "script-known-bypass"),
            Planted("xfo-allow-from", FRAMING, "xfo-allow-from"),
            Planted("nosniff-missing-on-assets", SNIFFING, "x-content-type-options-missing"),
            Planted("referrer-unsafe-url", REFERRER, "referrer-policy-not-as-planned"),
            Planted("cookie-no-httponly", COOKIE, "cookie-no-httponly"),
            Planted("cors-credentials", CORS, "cors-other"),
            Planted("token-in-url", ("test_signed_in_pages_keep_the_token_out_of_urls",), "url-token"),
            Planted("expired-token", EXPIRED),
            Planted("stack-trace", ("test_errors_keep_the_inside_to_themselves",), "error-traceback"),
            Planted("no-rate-limit", ("test_rate_limits_hold",)),
            Planted("odd-region", EDGES),
        ),
    ),
    Start(
        "baseline-2", "baseline", False,
        (
            Planted("csp-missing-on-api", POLICY, "content-security-policy-missing"),
            Planted("csp-report-only", POLICY, "report-only"),
            Planted("xfo-missing", FRAMING, "x-frame-options-missing"),
            Planted("missing-header", SNIFFING, "x-content-type-options-missing"),
            Planted("flapping-headers", ("test_repeated_answers_agree",)),
            Planted("cookie-samesite-none", COOKIE, "cookie-rejected"),
            Planted("cors-null", CORS, "cors-null"),
            Planted("tampered-token", FORGED),
        ),
    ),
    Start(
        "baseline-3", "baseline", False,
        (
            Planted("bare-region", (*POLICY, *FRAMING, *SNIFFING, *REFERRER, *EDGES), "x-frame-options-missing"),
            Planted("open-api", (*STRANGERS, *FORGED, *EXPIRED)),
        ),
    ),
    Start(
        "baseline-tls", "baseline", True,
        (
            Planted("cookie-not-secure", COOKIE, "cookie-not-secure"),
            Planted("cors-suffix", CORS, "cors-suffix"),
            Planted("alg-none", FORGED),
            Planted("tls-old-version", ("test_old_versions_are_refused",), "tls-old-version"),
            Planted("certificate-ends-soon", ("test_certificates_are_good",), "tls-ends-soon"),
            Planted("http-not-upgraded", ("test_plain_http_leads_to_https",), "http-not-upgraded"),
        ),
    ),
    Start(
        "hardened", "hardened", False,
        (
            Planted("csp-unsafe-inline", POLICY, "script-unsafe-inline"),
            Planted("csp-unsafe-eval", POLICY, "script-unsafe-eval"),
            Planted("csp-shared-host", POLICY, "multi-tenant-host"),
            Planted("csp-open-base", POLICY, "missing-base-uri"),
            Planted("csp-open-forms", POLICY, "missing-form-action"),
            Planted("csp-plugins", POLICY, "csp-plugins"),
            Planted("csp-report-to-nobody", POLICY, "report-to-undeclared"),
            Planted("framing-open", (*FRAMING, *POLICY), "missing-frame-ancestors"),
            Planted("nonce-reused", NONCES, "csp-nonce-reused"),
            Planted("nonce-short", NONCES, "nonce-short"),
            Planted("nonce-placeholder", (*NONCES, *POLICY), "nonce-placeholder"),
            Planted("nonce-cached", ("test_caching",), "nonce-in-shared-cache"),
            Planted("permissions-wildcard", PERMISSIONS, "permissions-wildcard"),
            Planted("cookie-no-samesite", COOKIE, "cookie-no-samesite"),
        ),
    ),
    Start(
        "hardened-2", "hardened", False,
        (
            Planted("csp-cancelled", POLICY, "policies-cancel"),
            Planted("permissions-missing", PERMISSIONS, "permissions-policy-missing"),
            Planted("xfo-conflict", FRAMING, "xfo-conflict"),
        ),
    ),
    Start(
        "hardened-tls", "hardened", True,
        (
            Planted("hsts-missing", TRANSPORT, "strict-transport-security-missing"),
            Planted("reporting-broken", ("test_reporting", *POLICY), "reporting-invalid"),
        ),
    ),
    Start("hardened-tls-2", "hardened", True, (Planted("hsts-short", TRANSPORT, "hsts-short"),)),
    Start(
        "strict", "strict", False,
        (
            Planted("csp-no-strict-dynamic", POLICY, "strict-dynamic-missing"),
            Planted("csp-no-trusted-types", POLICY, "trusted-types-missing"),
            Planted("coop-missing", ISOLATION, "cross-origin-opener-policy-missing"),
            Planted("corp-cross-origin", ISOLATION, "cross-origin-resource-policy-not-as-planned"),
            Planted("powered-by", LEAKS, "leak-software"),
            Planted("cors-reflected", CORS, "cors-other"),
            Planted("orchestrator-open", (*STRANGERS, *FORGED, *USERS)),
        ),
    ),
    Start(
        "strict-tls", "strict", True,
        (
            Planted("hsts-no-subdomains", TRANSPORT, "strict-transport-security-not-as-planned"),
            Planted("hsts-over-http", ("test_plain_http_leads_to_https",), "hsts-over-http"),
            Planted("cookie-broad-domain", COOKIE, "cookie-broad-domain"),
            Planted("server-version", LEAKS, "leak-software"),
            Planted("cors-no-vary", CORS, "cors-no-vary"),
        ),
    ),
    Start("wrong-name", "baseline", True, (Planted("certificate-wrong-name", ("preflight",)),)),
    Start("unknown-authority", "baseline", True, (Planted("certificate-unknown", ("preflight",)),)),
)  # fmt: skip
