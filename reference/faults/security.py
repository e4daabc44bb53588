"""Faults of security: headers, cookies, CORS, tokens and TLS, and what only a browser sees of pages."""

from reference.faults.fault import Fault

# Security headers. Each acts on one kind of answer, so that only who looks at all of them finds it
CSP_MISSING_ON_404 = Fault(
    "csp-missing-on-404", "the page for what is not found has no Content-Security-Policy", ("VEL-X1", "P13-X1")
)
CSP_MISSING_ON_API = Fault("csp-missing-on-api", "answers of the API have no Content-Security-Policy", ("VEL-X1",))
CSP_REPORT_ONLY = Fault("csp-report-only", "the policy of /cn only reports", ("VEL-X1", "P13-X1"))
CSP_WILDCARD = Fault("csp-wildcard", "scripts of any host run on /login", ("VEL-X1", "P13-X1"))
CSP_DATA_SCRIPT = Fault("csp-data-script", "scripts from data: run on the landing page", ("VEL-X1", "P13-X1"))
CSP_KNOWN_BYPASS = Fault(
    "csp-known-bypass", "the landing page allows scripts of a public package registry", ("VEL-X1", "P13-X1")
)
CSP_UNSAFE_INLINE = Fault("csp-unsafe-inline", "inline scripts run on the page for what is not found", ("P13-X1",))
CSP_UNSAFE_EVAL = Fault("csp-unsafe-eval", "eval works on /login", ("P13-X1",))
CSP_SHARED_HOST = Fault("csp-shared-host", "the landing page may send data to hosts that anybody can rent", ("P13-X1",))
CSP_CANCELLED = Fault(
    "csp-cancelled", "a second policy of the landing page forbids all scripts of the first", ("P13-X1",)
)
CSP_OPEN_BASE = Fault("csp-open-base", "an injected <base> works on the landing page", ("P13-X1",))
CSP_OPEN_FORMS = Fault("csp-open-forms", "forms of /cn may be sent anywhere", ("P13-X1",))
CSP_PLUGINS = Fault("csp-plugins", "plugins run on /login", ("P13-X1",))
CSP_REPORT_TO_NOBODY = Fault(
    "csp-report-to-nobody", "reports of /login go to an endpoint that nobody has declared", ("P13-X1", "P13-X4")
)
CSP_NO_STRICT_DYNAMIC = Fault(
    "csp-no-strict-dynamic", "the landing page trusts nonces without 'strict-dynamic'", ("P13-X1",)
)
CSP_NO_TRUSTED_TYPES = Fault("csp-no-trusted-types", "Trusted Types are not enforced on /login", ("P13-X2",))
NONCE_REUSED = Fault("nonce-reused", "the landing page has the same nonce each time", ("P13-X1",))
NONCE_SHORT = Fault("nonce-short", "the nonce of /login has 32 bits", ("P13-X1",))
NONCE_PLACEHOLDER = Fault("nonce-placeholder", "the nonce of /cn is the template's placeholder", ("P13-X1",))
NONCE_CACHED = Fault("nonce-cached", "shared caches may keep the landing page, and its nonce", ("P13-X1",))
FRAMING_OPEN = Fault("framing-open", "any site may frame /cn", ("VEL-X1", "P13-X3"))
XFO_MISSING = Fault("xfo-missing", "answers of the API have no X-Frame-Options", ("VEL-X1", "P13-X3"))
XFO_ALLOW_FROM = Fault(
    "xfo-allow-from", "X-Frame-Options of /login is ALLOW-FROM, which no browser knows", ("VEL-X1", "P13-X3")
)
XFO_CONFLICT = Fault("xfo-conflict", "the landing page has two different X-Frame-Options", ("P13-X3",))
NOSNIFF_MISSING_ON_ASSETS = Fault(
    "nosniff-missing-on-assets", "static files have no X-Content-Type-Options", ("VEL-X1", "P13-X3")
)
REFERRER_UNSAFE_URL = Fault("referrer-unsafe-url", "the landing page sends whole URLs as referrer", ("VEL-X1",))
HSTS_MISSING = Fault("hsts-missing", "no answer has Strict-Transport-Security", ("P13-X3", "VEL-X2"))
HSTS_SHORT = Fault("hsts-short", "Strict-Transport-Security lasts an hour", ("P13-X3", "VEL-X2"))
HSTS_NO_SUBDOMAINS = Fault("hsts-no-subdomains", "Strict-Transport-Security leaves subdomains out", ("P13-X3",))
HSTS_OVER_HTTP = Fault("hsts-over-http", "plain HTTP has Strict-Transport-Security", ("P13-X3",))
PERMISSIONS_MISSING = Fault("permissions-missing", "pages have no Permissions-Policy", ("P13-X3",))
PERMISSIONS_WILDCARD = Fault("permissions-wildcard", "every frame on /login may use the camera", ("P13-X3",))
COOP_MISSING = Fault("coop-missing", "pages have no Cross-Origin-Opener-Policy", ("P13-X3",))
CORP_CROSS_ORIGIN = Fault("corp-cross-origin", "other sites may load answers of the API", ("P13-X3",))
REPORTING_BROKEN = Fault("reporting-broken", "Reporting-Endpoints of pages is no dictionary", ("P13-X4",))
POWERED_BY = Fault("powered-by", "pages name their framework", ("P13-X3",))

# Edges
SERVER_VERSION = Fault("server-version", "the orchestrator names its software and version", ("P13-X3",))
BARE_REGION = Fault("bare-region", "region sfo sends no security headers", ("P13-X3", "VEL-H4"))
ODD_REGION = Fault("odd-region", "region lhr sends another Referrer-Policy", ("P13-X3", "VEL-H4"))
FLAPPING_HEADERS = Fault("flapping-headers", "every second answer has another Referrer-Policy", ("VEL-X1",))

# Cookies, CORS and tokens
COOKIE_NO_HTTPONLY = Fault("cookie-no-httponly", "scripts can read the session's cookie", ("P13-X5",))
COOKIE_NOT_SECURE = Fault("cookie-not-secure", "the session's cookie also goes over plain HTTP", ("P13-X5",))
COOKIE_NO_SAMESITE = Fault("cookie-no-samesite", "the session's cookie has no SameSite", ("P13-X5",))
COOKIE_SAMESITE_NONE = Fault(
    "cookie-samesite-none", "the session's cookie has SameSite=None without Secure", ("P13-X5",)
)
COOKIE_BROAD_DOMAIN = Fault("cookie-broad-domain", "the session's cookie has a Domain", ("P13-X5",))
CORS_CREDENTIALS = Fault("cors-credentials", "any origin reads the API with the visitor's cookies", ("VRO-X1",))
CORS_REFLECTED = Fault("cors-reflected", "any origin reads the API, without cookies", ("VRO-X1",))
CORS_NULL = Fault("cors-null", "the origin null reads the orchestrator with cookies", ("VRO-X1",))
CORS_SUFFIX = Fault("cors-suffix", "origins that end like ours read the API with cookies", ("VRO-X1",))
CORS_NO_VARY = Fault("cors-no-vary", "the API's document depends on Origin and does not say so to caches", ("VRO-X1",))
TOKEN_IN_URL = Fault("token-in-url", "the projects page passes the session's token on in its links", ("P13-X5",))
EXPIRED_TOKEN = Fault("expired-token", "tokens never expire", ("P13-X5",))
TAMPERED_TOKEN = Fault("tampered-token", "signatures of tokens are not verified", ("P13-X5",))
ALG_NONE = Fault("alg-none", "unsigned tokens are accepted", ("P13-X5",))
OPEN_API = Fault("open-api", "previews are listed without a token", ("P13-X5",))
NO_RATE_LIMIT = Fault("no-rate-limit", "sign-in can be tried without end", ("P13-X5", "VRO-X2"))
STACK_TRACE = Fault("stack-trace", "a broken request is answered with a traceback", ("P13-X5",))

# TLS
TLS_OLD_VERSION = Fault("tls-old-version", "TLS 1.1 is accepted", ("VEL-X2", "P13-X5"))
CERTIFICATE_ENDS_SOON = Fault("certificate-ends-soon", "the certificate ends in 5 days", ("VEL-X2", "P13-X5"))
CERTIFICATE_WRONG_NAME = Fault("certificate-wrong-name", "the certificate is for another host", ("VEL-X2", "P13-X5"))
CERTIFICATE_UNKNOWN = Fault("certificate-unknown", "the certificate's authority is not known", ("VEL-X2", "P13-X5"))
HTTP_NOT_UPGRADED = Fault("http-not-upgraded", "plain HTTP is answered in plain", ("VEL-X2",))

# Pages as only a browser sees them (page_faults.py)
POLICY_NOT_FOR_BROWSERS = Fault(
    "policy-not-for-browsers", "browsers get pages without the policy that other clients see", ("VEL-X1", "P13-X1")
)
POLICY_ON_FIRST_VISIT = Fault("policy-on-first-visit", "visitors who return get no policy", ("VEL-X1", "P13-X1"))
POLICY_IN_BODY = Fault("policy-in-body", "the policy of /login stands in the body, where none counts", ("P13-X1",))
POLICY_TIGHTENED = Fault("policy-tightened", "a script of the page adds a policy that no answer shows", ("P13-X1",))
META_BLOCKS_OWN_SCRIPTS = Fault(
    "meta-blocks-own-scripts", "a <meta> policy forbids the landing page its scripts", ("P13-X1",)
)
NONCE_STALE = Fault("nonce-stale", "the landing page's nonces are not those of its header", ("P13-X1",))
SCRIPTS_REVIVED = Fault("scripts-revived", "the page runs what scripts it finds, with its nonce", ("P13-X1",))
TRUSTED_TYPES_WAVED = Fault("trusted-types-waved", "a default policy lets every string through", ("P13-X2",))
BLOB_WORKERS = Fault("blob-workers", "workers are started from blob: URLs", ("P13-X1",))
UNGUARDED_FRAMES = Fault("unguarded-frames", "pages in frames have no header about framing", ("VEL-X1", "P13-X3"))
EVERYBODY_FRAMES = Fault("everybody-frames", "frame-ancestors * overrules X-Frame-Options", ("VEL-X1", "P13-X3"))
SESSION_COPIED = Fault("session-copied", "a second cookie shows the session to scripts", ("P13-X5",))
CORS_FOR_BROWSERS = Fault("cors-for-browsers", "any origin's script reads answers with cookies", ("VRO-X1",))
MIXED_IMAGE = Fault("mixed-image", "pages show an image over plain HTTP", ("VEL-X2",))
REPORTS_REFUSED = Fault("reports-refused", "the endpoint for violation reports answers 405", ("P13-X4",))
REPORTS_ELSEWHERE = Fault("reports-elsewhere", "policies name an endpoint that is not there", ("P13-X4",))
REPORTS_TO_NOBODY = Fault("reports-to-nobody", "report-to names an endpoint that no header declares", ("P13-X4",))
REPORTS_FORGOTTEN = Fault("reports-forgotten", "violation reports are taken and not kept", ("P13-X4",))

IN_PAGES = frozenset({
    POLICY_NOT_FOR_BROWSERS, POLICY_ON_FIRST_VISIT, POLICY_IN_BODY, POLICY_TIGHTENED, META_BLOCKS_OWN_SCRIPTS,
    NONCE_STALE, SCRIPTS_REVIVED, TRUSTED_TYPES_WAVED, BLOB_WORKERS, UNGUARDED_FRAMES, EVERYBODY_FRAMES,
    SESSION_COPIED, CORS_FOR_BROWSERS, MIXED_IMAGE, REPORTS_REFUSED, REPORTS_ELSEWHERE, REPORTS_TO_NOBODY,
    REPORTS_FORGOTTEN,
})  # fmt: skip
