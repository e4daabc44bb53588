"""Faults that can be planted: what each breaks, and the requirements that a verification should then find broken.

A fault is asked for where it acts, `if DEAD_LANDING in settings.faults`: a search for its name finds all of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to be broken. `covers` holds the ids of the requirements that it breaks."""

    name: str
    breaks: str
    covers: tuple[str, ...]


# The pages
DEAD_LANDING = Fault("dead-landing", "the landing page answers 500", ("VEL-S1",))
SCRIPT_ERROR = Fault("script-error", "a script of the landing page throws while it loads", ("VEL-S1",))
CONSOLE_ERROR = Fault("console-error", "the landing page writes console.error", ("VEL-S1",))
DEAD_ASSET = Fault("dead-asset", "the landing page's hero image answers 404", ("VEL-S1",))
MISSING_HEADER = Fault("missing-header", "no answer carries X-Content-Type-Options", ("VEL-X1", "P13-X3"))
GEO_UNTOLD = Fault("geo-untold", "pages do not tell where their visitor is", ("VEL-S10",))
GEO_IGNORED = Fault("geo-ignored", "visitors from China get the page of all others", ("VEL-S10",))

# Accounts and projects
BROKEN_LOGIN = Fault("broken-login", "sign-in with the right password answers 500", ("VEL-S2",))
WEAK_LOGIN = Fault("weak-login", "sign-in accepts any password", ("VEL-S2", "P13-X5"))
PROJECT_NOT_STORED = Fault("project-not-stored", "a project is created with 201 and cannot be read", ("VEL-S3",))

# Previews
PREVIEW_NEVER_READY = Fault("preview-never-ready", "a preview stays in `creating`", ("VEL-S4", "VEL-S6"))
PREVIEW_WRONG_CONTENT = Fault("preview-wrong-content", "a preview serves the page of another project", ("VEL-S4",))
SLOW_EDIT_SYNC = Fault("slow-edit-sync", "an edit reaches the preview after 5 s", ("VEL-S7",))
REALTIME_DEAF = Fault("realtime-deaf", "channels are joined, and broadcasts go nowhere", ("VEL-S7",))
SESSION_VISIBLE = Fault("session-visible", "a user reads and ends the sessions of others", ("VEL-S8", "P13-X5"))
PREVIEW_NOT_ENDED = Fault("preview-not-ended", "ending a preview answers 204 and it lives on", ("VEL-S8",))
NO_EXPIRY = Fault("no-expiry", "an idle preview never expires", ("VEL-S8",))
POOL_OVERRUN_500 = Fault("pool-overrun-500", "a start beyond the pool answers 500", ("VEL-S9",))
ORCHESTRATOR_OPEN = Fault("orchestrator-open", "sessions start without a token", ("VEL-S5", "P13-X5"))

# Health and what watches it
HEALTH_LIES = Fault("health-lies", "projects cannot be read or written, and health is `healthy`", ("VEL-H1", "VEL-S3"))
DEGRADED_HEALTH = Fault("degraded-health", "health is 503, `degraded`", ("VEL-H1",))
VERSION_SKEW = Fault("version-skew", "region lhr serves another version", ("VEL-H4",))
REGION_DOWN = Fault("region-down", "the health of region sfo is 503", ("VEL-H2", "VEL-H4"))
WRONG_METRICS = Fault("wrong-metrics", "active_preview_sessions is not exposed", ("VEL-H5",))
ERROR_RATE = Fault("error-rate", "every third API answer is 500", ("VEL-M1", "P13-P1", "VIB-T1"))
SLOW_RESPONSES = Fault("slow-responses", "every third API answer takes 3 s", ("VEL-M1", "P13-P1", "VIB-T2"))

# The database after its migration
MISSING_COLUMN = Fault("missing-column", "the migration left a column of csp_reports out", ("VRO-D1",))
MIGRATION_NOT_RUN = Fault("migration-not-run", "the release's migration is not among those that were run", ("VRO-D1",))

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

# Releases, and switching between them (releases.py)
ERROR_RATE_TENTH = Fault("error-rate-tenth", "every tenth answer of the web service is 500", ("VEL-M1", "VIB-T1"))
OUTAGE = Fault("outage", "every answer of the web service is 500", ("VEL-Z2", "VIB-T1"))
SWITCH_DROPS = Fault("switch-drops", "requests before a switch wait, and are cut off by it", ("VEL-Z1",))
SWITCH_GAP = Fault("switch-gap", "connections are refused for a while at a switch", ("VEL-Z1",))
SWITCH_502 = Fault("switch-502", "a switch answers 502 for a while", ("VEL-Z1",))
SWITCH_FLAPS = Fault("switch-flaps", "both releases answer in turns for a while after a switch", ("VEL-Z1",))
SWITCH_IGNORED = Fault("switch-ignored", "a switch is accepted, called done, and never made", ("VEL-Z2", "VEL-Z3"))
ROLLBACK_BROKEN = Fault("rollback-broken", "a release that is switched back to answers 500", ("VIB-R1",))
# The contract of the API: what a client is promised. Most act in contract_faults.py, on requests and answers
PROJECTS_LISTED_TO_OTHERS = Fault(
    "projects-listed-to-others", "the list shows everybody's projects", ("VEL-S3", "P13-X5")
)
PROJECT_READ_BY_OTHERS = Fault("project-read-by-others", "a user reads others' projects", ("VEL-S3", "P13-X5"))
PROJECT_CHANGED_BY_OTHERS = Fault("project-changed-by-others", "a user changes others' projects", ("VEL-S3", "P13-X5"))
PROJECT_DELETED_BY_OTHERS = Fault("project-deleted-by-others", "a user deletes others' projects", ("VEL-S3", "P13-X5"))
FILES_LISTED_TO_OTHERS = Fault("files-listed-to-others", "a user lists others' files", ("VEL-S3", "P13-X5"))
FILE_READ_BY_OTHERS = Fault("file-read-by-others", "a user reads others' files", ("VEL-S3", "P13-X5"))
FILE_WRITTEN_BY_OTHERS = Fault("file-written-by-others", "a user writes others' files", ("VEL-S3", "P13-X5"))
FILE_DELETED_BY_OTHERS = Fault("file-deleted-by-others", "a user deletes others' files", ("VEL-S3", "P13-X5"))
PREVIEWS_LISTED_TO_OTHERS = Fault("previews-listed-to-others", "the list shows all previews", ("VEL-S8", "P13-X5"))
PREVIEW_READ_BY_OTHERS = Fault("preview-read-by-others", "a user reads others' previews", ("VEL-S8", "P13-X5"))
PREVIEW_ENDED_BY_OTHERS = Fault("preview-ended-by-others", "a user ends others' previews", ("VEL-S8", "P13-X5"))
PREVIEW_OF_ANY_PROJECT = Fault("preview-of-any-project", "a user previews others' projects", ("VEL-S8", "P13-X5"))
EMPTY_TOKEN = Fault("empty-token", "an empty bearer token is taken for whoever came last", ("VEL-S2", "P13-X5"))
SIGNED_OUT_TOKEN_LIVES = Fault("signed-out-token-lives", "a token works on after signing out", ("VEL-S2", "P13-X5"))
USER_ENUMERATION = Fault("user-enumeration", "sign-in says whether it knows an address", ("VEL-S2", "P13-X5"))

LIMIT_IGNORED = Fault("limit-ignored", "`limit` of the list of projects has no effect", ("VEL-S3",))
LIMIT_DEFAULT_CHANGED = Fault("limit-default-changed", "without `limit` a page has 5 projects, not 20", ("VEL-S3",))
OFFSET_IGNORED = Fault("offset-ignored", "every page is the first", ("VEL-S3",))
PAGE_OFF_BY_ONE = Fault("page-off-by-one", "the first project is on no page", ("VEL-S3",))
PAGES_OVERLAP = Fault("pages-overlap", "each page repeats the last project of the one before", ("VEL-S3",))
PAGES_SKIP = Fault("pages-skip", "between two pages a project is left out", ("VEL-S3",))
PAGE_SHORT = Fault("page-short", "the last project of a full page is left out", ("VEL-S3",))
TOTAL_OF_PAGE = Fault("total-of-page", "`total` counts the page, not the list", ("VEL-S3",))
TOTAL_STALE = Fault("total-stale", "`total` counts one too many", ("VEL-S3",))
SORT_IGNORED = Fault("sort-ignored", "`sort` has no effect", ("VEL-S3",))
ORDER_IGNORED = Fault("order-ignored", "`order` has no effect", ("VEL-S3",))
SORT_OF_PAGE = Fault("sort-of-page", "each page is sorted, the list is not", ("VEL-S3",))
FILTER_IGNORED = Fault("filter-ignored", "`q` has no effect", ("VEL-S3",))
FILTER_EXACT = Fault("filter-exact", "`q` finds whole names only", ("VEL-S3",))
FILTER_OF_PAGE = Fault("filter-of-page", "`q` looks at the first page only", ("VEL-S3",))
ORDER_DEFAULT_CHANGED = Fault("order-default-changed", "without `order` the oldest project is first", ("VEL-S3",))
LIST_LAGS = Fault("list-lags", "the newest project is not in the list", ("VEL-S3",))

NAME_NORMALISED = Fault("name-normalised", "names are stored in Unicode's NFC", ("VEL-S3",))
NAME_TRIMMED = Fault("name-trimmed", "white space around a name is lost", ("VEL-S3",))
NAME_ESCAPED = Fault("name-escaped", "names are stored as HTML", ("VEL-S3",))
NAME_CUT = Fault("name-cut", "names are cut to 64 characters", ("VEL-S3",))
NAME_WITHOUT_EMOJI = Fault("name-without-emoji", "characters beyond U+FFFF are dropped", ("VEL-S3",))
NAME_MOJIBAKE = Fault("name-mojibake", "UTF-8 is read as Latin-1", ("VEL-S3",))
NAME_LOWERED = Fault("name-lowered", "names are stored in lower case", ("VEL-S3",))
DESCRIPTION_LOST = Fault("description-lost", "the description of a new project is not stored", ("VEL-S3",))
DESCRIPTION_DEFAULT_CHANGED = Fault(
    "description-default-changed", "a project without a description gets `Untitled`", ("VEL-S3",)
)
PATCH_NOT_SAVED = Fault("patch-not-saved", "a change is answered as if it were made, and is not", ("VEL-S3",))
PATCH_CLEARS_OTHERS = Fault("patch-clears-others", "changing the name empties the description", ("VEL-S3",))
PATCH_ANSWERS_OLD = Fault("patch-answers-old", "a change is made, and answered with the old project", ("VEL-S3",))
PUT_APPENDS = Fault("put-appends", "writing a file appends to it", ("VEL-S7",))
PUT_CHANGES_LINES = Fault("put-changes-lines", "CR LF in files becomes LF", ("VEL-S7",))
SIZE_IN_CHARACTERS = Fault("size-in-characters", "a file's size counts characters, not bytes", ("VEL-S7",))
LOCATION_ELSEWHERE = Fault("location-elsewhere", "`Location` of a new project leads to no project", ("VEL-S3",))
LOCATION_MISSING = Fault("location-missing", "a new project has no `Location`", ("VEL-S3",))
CREATED_AT_CHANGES = Fault("created-at-changes", "a change moves createdAt", ("VEL-S3",))
UPDATED_AT_FROZEN = Fault("updated-at-frozen", "a change leaves updatedAt as it was", ("VEL-S3",))
STALE_READ = Fault("stale-read", "a project is read as it was when it was read first", ("VEL-S3",))
TYPES_COERCED = Fault("types-coerced", "a number as name is accepted, as text", ("VEL-S3",))
LONG_NAME_ACCEPTED = Fault("long-name-accepted", "a name beyond the limit is accepted, and cut", ("VEL-S3",))
CREATED_TWICE = Fault("created-twice", "one request makes two projects", ("VEL-S3",))

DELETE_AGAIN_CRASHES = Fault("delete-again-crashes", "deleting what is gone answers 500", ("VEL-S3",))
END_AGAIN_REFUSED = Fault("end-again-refused", "ending a preview that has ended answers 409", ("VEL-S8",))
DELETE_FORGOTTEN = Fault("delete-forgotten", "a project is deleted with 204 and lives on", ("VEL-S3",))
DELETED_STILL_LISTED = Fault("deleted-still-listed", "the list shows projects that are deleted", ("VEL-S3",))
DELETED_STILL_WRITABLE = Fault("deleted-still-writable", "a deleted project can be changed", ("VEL-S3",))
FILES_OUTLIVE_PROJECT = Fault("files-outlive-project", "files of a deleted project can be read", ("VEL-S3",))
FILE_DELETE_FORGOTTEN = Fault("file-delete-forgotten", "a file is deleted with 204 and lives on", ("VEL-S7",))

PREVIEW_OF_ANOTHER = Fault("preview-of-another", "a preview says that it shows another project", ("VEL-S4",))
PREVIEW_IDLE_IGNORED = Fault("preview-idle-ignored", "`idleTimeoutSeconds` has no effect", ("VEL-S8",))
PREVIEW_NOT_LISTED = Fault("preview-not-listed", "the list of previews lacks the newest", ("VEL-S8",))

ROUTE_REMOVED = Fault("route-removed", "the list of files is not there any more: 404", ("VEL-S3",))
CREATE_ANSWERS_200 = Fault("create-answers-200", "a new project is answered with 200", ("VEL-S3",))
STATUS_UNDOCUMENTED = Fault("status-undocumented", "reading a project answers 203", ("VEL-S3",))
DELETE_ANSWERS_BODY = Fault("delete-answers-body", "deleting a project answers 200 and a body", ("VEL-S3",))
TYPE_WRONG = Fault("type-wrong", "JSON is sent as text/plain", ("VEL-S3",))
FIELD_MISSING = Fault("field-missing", "projects have no updatedAt", ("VEL-S3",))
FIELD_NULL = Fault("field-null", "an empty description is null", ("VEL-S3",))
FIELD_TYPE = Fault("field-type", "a file's size is a text", ("VEL-S7",))
ENUM_OUTSIDE = Fault("enum-outside", "a preview's status is `running`", ("VEL-S8",))
DATE_FORMAT = Fault("date-format", "moments are written without T and Z", ("VEL-S3",))
ID_FORMAT = Fault("id-format", "ids in the list are written without dashes", ("VEL-S3",))
SECRET_LEAKED = Fault("secret-leaked", "signing in shows the password's hash", ("VEL-S2", "P13-X5"))
OWNER_LEAKED = Fault("owner-leaked", "projects show an undocumented ownerId", ("VEL-S3", "P13-X5"))
VERSION_HEADER_MISSING = Fault("version-header-missing", "answers to API calls do not name the release", ("VEL-H4",))

LONG_NAME_CRASHES = Fault("long-name-crashes", "a name beyond the limit answers 500", ("VEL-S3",))
EMPTY_BODY_CRASHES = Fault("empty-body-crashes", "a request without its body answers 500", ("VEL-S3",))
BAD_JSON_CRASHES = Fault("bad-json-crashes", "a body that is no JSON answers 500", ("VEL-S3",))
WRONG_TYPE_CRASHES = Fault("wrong-type-crashes", "a list as name answers 500", ("VEL-S3",))
NULL_CRASHES = Fault("null-crashes", "null as name answers 500", ("VEL-S3",))
NUL_CRASHES = Fault("nul-crashes", "U+0000 in a name answers 500", ("VEL-S3",))
BAD_ID_CRASHES = Fault("bad-id-crashes", "an id that is none answers 500", ("VEL-S3",))
BIG_OFFSET_CRASHES = Fault("big-offset-crashes", "an offset beyond the end answers 500", ("VEL-S3",))
ERROR_SHAPE = Fault("error-shape", "404 has another shape than other errors", ("VEL-S3",))
ERROR_HTML = Fault("error-html", "405 is a page of HTML for programs, too", ("VEL-S3",))
ERROR_SQL = Fault("error-sql", "422 shows the statement that failed", ("P13-X5",))
ERROR_PATH = Fault("error-path", "404 shows a place in the source", ("P13-X5",))
MISSING_IS_200 = Fault("missing-is-200", "what is not there is answered with 200 and an error", ("VEL-S3",))
NO_CHALLENGE = Fault("no-challenge", "401 has no WWW-Authenticate", ("VEL-S2",))

ALLOW_MISSING = Fault("allow-missing", "405 does not say what is allowed", ("VEL-S3",))
ALLOW_WRONG = Fault("allow-wrong", "405 allows methods that it refuses", ("VEL-S3",))
METHOD_TAKEN = Fault("method-taken", "undocumented methods are answered like GET", ("VEL-S3",))
HEAD_REFUSED = Fault("head-refused", "HEAD answers 405 where GET works", ("VEL-S3",))
HEAD_DIFFERS = Fault("head-differs", "HEAD has another Content-Type than GET", ("VEL-S3",))
PRIVATE_CACHED = Fault("private-cached", "shared caches may keep what belongs to one user", ("P13-X5",))
VARY_MISSING = Fault("vary-missing", "404 depends on Accept and does not tell caches", ("VEL-S1",))
ACCEPT_IGNORED = Fault("accept-ignored", "programs get a page of HTML for what is not there", ("VEL-S3",))
RARE_500 = Fault("rare-500", "one in a hundred answers is 500", ("VEL-M1",))
RARE_EMPTY = Fault("rare-empty", "one in a hundred lists is empty", ("VEL-S3",))

HEALTH_WITHOUT_CHECK = Fault("health-without-check", "health does not tell of the orchestrator", ("VEL-H1",))
HEALTH_CONTRADICTS = Fault("health-contradicts", "health is `healthy` while a check is not", ("VEL-H1",))
HEALTH_200_DEGRADED = Fault("health-200-degraded", "health is `degraded`, with 200", ("VEL-H1",))
HEALTH_FROZEN = Fault("health-frozen", "health is that of the first minute", ("VEL-H1",))
REGION_HEALTH_SHAPE = Fault("region-health-shape", "the orchestrator's health has no checks", ("VEL-H2",))

IN_CONTRACT = (
    PROJECTS_LISTED_TO_OTHERS, PROJECT_READ_BY_OTHERS, PROJECT_CHANGED_BY_OTHERS, PROJECT_DELETED_BY_OTHERS,
    FILES_LISTED_TO_OTHERS, FILE_READ_BY_OTHERS, FILE_WRITTEN_BY_OTHERS, FILE_DELETED_BY_OTHERS,
    PREVIEWS_LISTED_TO_OTHERS, PREVIEW_READ_BY_OTHERS, PREVIEW_ENDED_BY_OTHERS, PREVIEW_OF_ANY_PROJECT,
    EMPTY_TOKEN, SIGNED_OUT_TOKEN_LIVES, USER_ENUMERATION, LIMIT_IGNORED, LIMIT_DEFAULT_CHANGED, OFFSET_IGNORED,
    PAGE_OFF_BY_ONE, PAGES_OVERLAP, PAGES_SKIP, PAGE_SHORT, TOTAL_OF_PAGE, TOTAL_STALE, SORT_IGNORED,
    ORDER_IGNORED, SORT_OF_PAGE, FILTER_IGNORED, FILTER_EXACT, FILTER_OF_PAGE, ORDER_DEFAULT_CHANGED, LIST_LAGS,
    NAME_NORMALISED, NAME_TRIMMED, NAME_ESCAPED, NAME_CUT, NAME_WITHOUT_EMOJI, NAME_MOJIBAKE, NAME_LOWERED,
    DESCRIPTION_LOST, DESCRIPTION_DEFAULT_CHANGED, PATCH_NOT_SAVED, PATCH_CLEARS_OTHERS, PATCH_ANSWERS_OLD,
    PUT_APPENDS, PUT_CHANGES_LINES, SIZE_IN_CHARACTERS, LOCATION_ELSEWHERE, LOCATION_MISSING,
    CREATED_AT_CHANGES, UPDATED_AT_FROZEN, STALE_READ, TYPES_COERCED, LONG_NAME_ACCEPTED, CREATED_TWICE,
    DELETE_AGAIN_CRASHES, END_AGAIN_REFUSED, DELETE_FORGOTTEN, DELETED_STILL_LISTED, DELETED_STILL_WRITABLE,
    FILES_OUTLIVE_PROJECT, FILE_DELETE_FORGOTTEN, PREVIEW_OF_ANOTHER, PREVIEW_IDLE_IGNORED, PREVIEW_NOT_LISTED,
    ROUTE_REMOVED, CREATE_ANSWERS_200, STATUS_UNDOCUMENTED, DELETE_ANSWERS_BODY, TYPE_WRONG, FIELD_MISSING,
    FIELD_NULL, FIELD_TYPE, ENUM_OUTSIDE, DATE_FORMAT, ID_FORMAT, SECRET_LEAKED, OWNER_LEAKED,
    VERSION_HEADER_MISSING, LONG_NAME_CRASHES, EMPTY_BODY_CRASHES, BAD_JSON_CRASHES, WRONG_TYPE_CRASHES,
    NULL_CRASHES, NUL_CRASHES, BAD_ID_CRASHES, BIG_OFFSET_CRASHES, ERROR_SHAPE, ERROR_HTML, ERROR_SQL,
    ERROR_PATH, MISSING_IS_200, NO_CHALLENGE, ALLOW_MISSING, ALLOW_WRONG, METHOD_TAKEN, HEAD_REFUSED,
    HEAD_DIFFERS, PRIVATE_CACHED, VARY_MISSING, ACCEPT_IGNORED, RARE_500, RARE_EMPTY, HEALTH_WITHOUT_CHECK,
    HEALTH_CONTRADICTS, HEALTH_200_DEGRADED, HEALTH_FROZEN, REGION_HEALTH_SHAPE,
)  # fmt: skip
# Under load: what a single visitor never sees (load_faults.py, and where previews and broadcasts are made)
SLOW_ABOVE_RATE = Fault("slow-above-rate", "above 40 requests/s each takes 1 s longer", ("VEL-M1", "P13-L1", "P13-P1"))
ERRORS_ABOVE_RATE = Fault("errors-above-rate", "above 40 requests/s every second one fails", ("VEL-M1", "P13-L1"))
STALL = Fault("stall", "at its 300th request everything waits for 1.5 s, once", ("P13-L1", "P13-P1"))
LEAK = Fault("leak", "each request makes all later ones 3 ms slower", ("VEL-M1", "P13-L1"))
RATE_COLLAPSE = Fault("rate-collapse", "a lock lets 40 requests/s through and no more", ("VEL-M1", "P13-L1"))
SLOW_ASSET = Fault("slow-asset", "the landing page's hero image takes 3 s", ("P13-L1", "P13-P1"))
CONNECTION_RESETS = Fault("connection-resets", "every 20th answer breaks off in the middle", ("VEL-M1", "P13-L1"))
CORRUPT_BODIES = Fault("corrupt-bodies", "every tenth compressed body has a wrong checksum", ("VEL-M1", "P13-L1"))
CROSSED_ANSWERS = Fault(
    "crossed-answers", "every fifth read of a project shows the one read before", ("P13-L1", "P13-X5")
)
PREVIEW_STUCK = Fault("preview-stuck", "every fifth preview stays in `creating`", ("VEL-M1", "VEL-S6"))
SESSIONS_LEFT = Fault("sessions-left", "every third preview that is ended lives on", ("VEL-M3", "VEL-S8"))
EDITS_LOST = Fault("edits-lost", "every fifth broadcast goes nowhere", ("VEL-M1", "VEL-S7"))
POOL_RACE = Fault("pool-race", "starts at the same time pass the pool's limit", ("VEL-M3", "VEL-S9"))

# Latency by phase, and the database (api_faults.py, and where projects are listed and connections are served)
SLOW_REGION = Fault("slow-region", "the health of region sfo takes 700 ms longer", ("VEL-P1", "VRO-T1"))
SLOW_ROUTE = Fault("slow-route", "reading a project takes 600 ms longer", ("P13-P1", "VRO-P1"))
SLOW_TAIL = Fault("slow-tail", "every tenth answer about projects and previews takes 600 ms longer", ("P13-P1",))
SLOW_BODY = Fault("slow-body", "the second half of a list of files comes 600 ms after the first", ("P13-P1",))
SLOW_HANDSHAKE = Fault("slow-handshake", "each TLS handshake takes 350 ms longer", ("VEL-P1",))
CONNECTIONS_CLOSED = Fault("connections-closed", "each answer of the web service ends its connection", ("VEL-P1",))
QUERY_PER_ITEM = Fault("query-per-item", "a list of projects asks for each one's files (N+1)", ("P13-P1", "VRO-P1"))
SLOW_STATEMENT = Fault("slow-statement", "a statement of the list of projects takes 150 ms", ("VRO-P1",))
CONNECTION_LEAK = Fault("connection-leak", "every sixth list of projects leaves a connection open", ("VEL-P4",))
CONNECTIONS_CROWDED = Fault("connections-crowded", "42 connections to the database are held", ("VEL-P4", "P13-P1"))
TRANSACTION_LEFT_OPEN = Fault("transaction-left-open", "a transaction is begun and never ended", ("VEL-P4",))

IN_LATENCY = frozenset({
    SLOW_REGION, SLOW_ROUTE, SLOW_TAIL, SLOW_BODY, CONNECTIONS_CLOSED, CONNECTION_LEAK, CONNECTIONS_CROWDED,
    TRANSACTION_LEFT_OPEN,
})  # fmt: skip
# What people see of the landing page
HERO_MOVED = Fault("hero-moved", "the hero image has moved by some pixels", ("VIB-V1",))
BUTTON_RECOLOURED = Fault("button-recoloured", "the button that matters most has another colour", ("VIB-V1",))
SECTION_MISSING = Fault("section-missing", "the section of features is gone", ("VIB-V1",))
TEXT_SMALLER = Fault("text-smaller", "the lead's letters are smaller", ("VIB-V1",))
BANNER_OVERLAPS = Fault("banner-overlaps", "a banner lies over the masthead", ("VIB-V1",))
HEAVY_LANDING = Fault(
    "heavy-landing",
    "the landing page waits for a heavy script, is busy for two seconds, and shifts",
    ("VEL-P2", "P13-P1"),
)

SEEN = frozenset({HERO_MOVED, BUTTON_RECOLOURED, SECTION_MISSING, TEXT_SMALLER, BANNER_OVERLAPS, HEAVY_LANDING})

UNDER_LOAD = frozenset({
    SLOW_ABOVE_RATE, ERRORS_ABOVE_RATE, STALL, LEAK, RATE_COLLAPSE, SLOW_ASSET, CONNECTION_RESETS, CORRUPT_BODIES,
})  # fmt: skip

# What pages weigh (weight_faults.py). The two bundles are faults of a release beside the one before it
BUNDLE_ADDED = Fault("bundle-added", "pages load a bundle of 40 KB that they did without before", ("VEL-P3", "P13-L2"))
BUNDLE_HEAVIER = Fault("bundle-heavier", "that bundle, 10 % heavier", ("VEL-P3", "P13-L2"))
BUNDLE_HUGE = Fault("bundle-huge", "pages load a bundle of 250 KB", ("VEL-P3", "P13-P1"))
DOCUMENT_HUGE = Fault("document-huge", "the landing page carries 60 KB of data in its markup", ("VEL-P3", "P13-P1"))
ASSET_UNPACKED = Fault("asset-unpacked", "the style sheet is sent uncompressed", ("VEL-P3",))
ANSWER_UNPACKED = Fault("answer-unpacked", "the list of projects is sent uncompressed", ("VEL-P3",))
ANSWER_HUGE = Fault("answer-huge", "the list of projects brings 120 KB that nobody shows", ("VEL-P3",))
ASSET_NOT_KEPT = Fault("asset-not-kept", "scripts do not say how long they may be kept", ("P13-P1",))
ASSET_KEPT_BRIEFLY = Fault("asset-kept-briefly", "images are kept for ten minutes", ("P13-P1",))
SCRIPT_BLOCKS = Fault("script-blocks", "a script in the head holds the landing page's rendering back", ("P13-P1",))
HERO_OVERSIZED = Fault("hero-oversized", "the hero image is a PNG of 2400 x 1650 pixels", ("VEL-P3",))
API_CHATTER = Fault("api-chatter", "the projects page asks for its projects one by one", ("P13-P1",))
SCRIPT_TWICE = Fault("script-twice", "the landing page loads a script under a second name, too", ("VEL-P3",))
ASKED_TWICE = Fault("asked-twice", "the landing page asks for the flags twice", ("VEL-P3",))
STRANGER_ASKED = Fault("stranger-asked", "the landing page loads an image of another origin", ("P13-P1",))
SCRIPT_UNUSED = Fault("script-unused", "pages load a bundle that they never call", ("VEL-P3",))
DOM_EXPLODED = Fault("dom-exploded", "the landing page has 3000 elements more", ("P13-P1",))
FONT_HIDES = Fault("font-hides", "text of the landing page is hidden until its font has come", ("P13-P1",))
FONTS_MANY = Fault("fonts-many", "the landing page loads four fonts", ("VEL-P3",))
REDIRECT_CHAIN = Fault("redirect-chain", "the landing page is reached over two redirects", ("P13-P1",))
PRELOAD_UNUSED = Fault("preload-unused", "the landing page preloads an image that it does not show", ("VEL-P3",))
REQUESTS_MANY = Fault("requests-many", "the landing page loads 45 little images", ("P13-P1",))

OF_WEIGHT = frozenset({
    BUNDLE_ADDED, BUNDLE_HEAVIER, BUNDLE_HUGE, DOCUMENT_HUGE, ASSET_UNPACKED, ANSWER_UNPACKED, ANSWER_HUGE,
    ASSET_NOT_KEPT, ASSET_KEPT_BRIEFLY, SCRIPT_BLOCKS, HERO_OVERSIZED, API_CHATTER, SCRIPT_TWICE, ASKED_TWICE,
    STRANGER_ASKED, SCRIPT_UNUSED, DOM_EXPLODED, FONT_HIDES, FONTS_MANY, REDIRECT_CHAIN, PRELOAD_UNUSED, REQUESTS_MANY,
})  # fmt: skip

IN_PAGES = frozenset({
    POLICY_NOT_FOR_BROWSERS, POLICY_ON_FIRST_VISIT, POLICY_IN_BODY, POLICY_TIGHTENED, META_BLOCKS_OWN_SCRIPTS,
    NONCE_STALE, SCRIPTS_REVIVED, TRUSTED_TYPES_WAVED, BLOB_WORKERS, UNGUARDED_FRAMES, EVERYBODY_FRAMES,
    SESSION_COPIED, CORS_FOR_BROWSERS, MIXED_IMAGE, REPORTS_REFUSED, REPORTS_ELSEWHERE, REPORTS_TO_NOBODY,
    REPORTS_FORGOTTEN,
})  # fmt: skip

OF_SWITCHING = frozenset({
    SWITCH_DROPS, SWITCH_GAP, SWITCH_502, SWITCH_FLAPS, SWITCH_IGNORED, ROLLBACK_BROKEN,
})  # fmt: skip

# Who is shut out: people who do not see, do not point, hold a phone, or lost the network (access_faults.py)
IMAGE_WITHOUT_ALT = Fault(
    "image-without-alt", "the landing page's hero has no words for who does not see it", ("P13-A1",)
)
FIELD_WITHOUT_LABEL = Fault("field-without-label", "nothing says what the first field of /login is for", ("P13-A1",))
LANGUAGE_MISSING = Fault("language-missing", "pages do not say their language", ("P13-A1",))
ROLE_MISTAKEN = Fault("role-mistaken", "the landing page's menu says that it is a list of tabs", ("P13-A1",))
CONTRAST_LOW = Fault("contrast-low", "the landing page's first words are pale", ("P13-A1",))
CONTRAST_LOW_IN_DARK = Fault("contrast-low-in-dark", "the footer is pale where colours are dark", ("P13-A1",))
BUTTON_OFF_KEYBOARD = Fault("button-off-keyboard", "the button to create a project has tabindex=-1", ("P13-A1",))
BUTTON_OF_DIV = Fault("button-of-div", "the landing page's button is a div with onclick", ("P13-A1",))
KEYBOARD_TRAP = Fault("keyboard-trap", "Tab does not leave the first field of /login", ("P13-A1",))
ORDER_CONFUSED = Fault("order-confused", "Tab goes from the password up to the page's top", ("P13-A1",))
FOCUS_INVISIBLE = Fault("focus-invisible", "buttons look the same with the focus and without", ("P13-A1",))
SKIP_LINK_BROKEN = Fault("skip-link-broken", "the link to the content leads nowhere", ("P13-A1",))
WIDE_ON_PHONES = Fault("wide-on-phones", "the landing page's features are wider than a phone", ("P13-A1",))
TEXT_TINY = Fault("text-tiny", "the footer is written in 9 px", ("P13-A1",))
ZOOM_FORBIDDEN = Fault("zoom-forbidden", "pages cannot be enlarged on phones", ("P13-A1",))
DARK_FORGOTTEN = Fault("dark-forgotten", "pages say that they know dark colours, and stay light", ("P13-A1",))
MOTION_FORCED = Fault("motion-forced", "the hero sways, also for who asks for less motion", ("P13-A1",))
OFFLINE_PAGE_MISSING = Fault(
    "offline-page-missing", "a service worker is there, and answers nothing offline", ("P13-A1",)
)

SHUTTING_OUT = frozenset({
    IMAGE_WITHOUT_ALT, FIELD_WITHOUT_LABEL, LANGUAGE_MISSING, ROLE_MISTAKEN, CONTRAST_LOW, CONTRAST_LOW_IN_DARK,
    BUTTON_OFF_KEYBOARD, BUTTON_OF_DIV, KEYBOARD_TRAP, ORDER_CONFUSED, FOCUS_INVISIBLE, SKIP_LINK_BROKEN,
    WIDE_ON_PHONES, TEXT_TINY, ZOOM_FORBIDDEN, DARK_FORGOTTEN, MOTION_FORCED, OFFLINE_PAGE_MISSING,
})  # fmt: skip

# What people feel (vitals_faults.py)
LATE_BANNER = Fault("late-banner", "a banner pushes the landing page down after it was shown", ("P13-P1",))
LATE_STYLES = Fault("late-styles", "a late style sheet gives the landing page another font and place", ("P13-P1",))
HERO_LATE = Fault("hero-late", "a script asks for the hero image, after it has asked for something slow", ("P13-P1",))
BLOCKING_STYLES = Fault("blocking-styles", "a style sheet that takes 4 s blocks rendering", ("P13-P1",))
BLOCKING_SCRIPT = Fault("blocking-script", "a script that takes 4 s blocks rendering", ("P13-P1",))
LATE_FIRST_BYTE = Fault("late-first-byte", "the landing page's first byte takes 3 s", ("P13-P1",))
HIDDEN_UNTIL_READY = Fault("hidden-until-ready", "the landing page shows itself after 4 s", ("P13-P1",))
SLOW_CLICK = Fault("slow-click", "a click on the landing page is worked on for 900 ms", ("P13-P1",))
SLOW_FRAME = Fault("slow-frame", "the frame after a click takes 900 ms", ("P13-P1",))
SLOW_KEY = Fault("slow-key", "a key on the landing page is worked on for 700 ms", ("P13-P1",))
BUSY_AFTER_LOAD = Fault("busy-after-load", "a script works for 2.5 s after the page was loaded", ("P13-P1",))
LAYOUT_THRASH = Fault("layout-thrash", "a script forces thousands of layouts", ("P13-P1",))
DOM_EXPLOSION = Fault("dom-explosion", "a script puts 200,000 elements into the page", ("P13-P1",))
UNLOAD_LISTENER = Fault("unload-listener", "the landing page listens to `unload`: no instant way back", ("P13-P1",))

FELT = frozenset({
    LATE_BANNER, LATE_STYLES, HERO_LATE, BLOCKING_STYLES, BLOCKING_SCRIPT, LATE_FIRST_BYTE, HIDDEN_UNTIL_READY,
    SLOW_CLICK, SLOW_FRAME, SLOW_KEY, BUSY_AFTER_LOAD, LAYOUT_THRASH, DOM_EXPLOSION, UNLOAD_LISTENER,
})  # fmt: skip

REGISTRY: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        DEAD_LANDING, SCRIPT_ERROR, CONSOLE_ERROR, DEAD_ASSET, MISSING_HEADER, GEO_UNTOLD, GEO_IGNORED,
        BROKEN_LOGIN, WEAK_LOGIN, PROJECT_NOT_STORED,
        PREVIEW_NEVER_READY, PREVIEW_WRONG_CONTENT, SLOW_EDIT_SYNC, REALTIME_DEAF, SESSION_VISIBLE,
        PREVIEW_NOT_ENDED, NO_EXPIRY, POOL_OVERRUN_500, ORCHESTRATOR_OPEN,
        HEALTH_LIES, DEGRADED_HEALTH, VERSION_SKEW, REGION_DOWN, WRONG_METRICS, ERROR_RATE, SLOW_RESPONSES,
        MISSING_COLUMN, MIGRATION_NOT_RUN,
        CSP_MISSING_ON_404, CSP_MISSING_ON_API, CSP_REPORT_ONLY, CSP_WILDCARD, CSP_DATA_SCRIPT,
        CSP_KNOWN_BYPASS, CSP_UNSAFE_INLINE, CSP_UNSAFE_EVAL, CSP_SHARED_HOST, CSP_CANCELLED, CSP_OPEN_BASE,
        CSP_OPEN_FORMS, CSP_PLUGINS, CSP_REPORT_TO_NOBODY, CSP_NO_STRICT_DYNAMIC, CSP_NO_TRUSTED_TYPES,
        NONCE_REUSED, NONCE_SHORT, NONCE_PLACEHOLDER, NONCE_CACHED, FRAMING_OPEN, XFO_MISSING, XFO_ALLOW_FROM,
        XFO_CONFLICT, NOSNIFF_MISSING_ON_ASSETS, REFERRER_UNSAFE_URL, HSTS_MISSING, HSTS_SHORT,
        HSTS_NO_SUBDOMAINS, HSTS_OVER_HTTP, PERMISSIONS_MISSING, PERMISSIONS_WILDCARD, COOP_MISSING,
        CORP_CROSS_ORIGIN, REPORTING_BROKEN, POWERED_BY,
        SERVER_VERSION, BARE_REGION, ODD_REGION, FLAPPING_HEADERS,
        COOKIE_NO_HTTPONLY, COOKIE_NOT_SECURE, COOKIE_NO_SAMESITE, COOKIE_SAMESITE_NONE, COOKIE_BROAD_DOMAIN,
        CORS_CREDENTIALS, CORS_REFLECTED, CORS_NULL, CORS_SUFFIX, CORS_NO_VARY, TOKEN_IN_URL, EXPIRED_TOKEN,
        TAMPERED_TOKEN, ALG_NONE, OPEN_API, NO_RATE_LIMIT, STACK_TRACE,
        TLS_OLD_VERSION, CERTIFICATE_ENDS_SOON, CERTIFICATE_WRONG_NAME, CERTIFICATE_UNKNOWN, HTTP_NOT_UPGRADED,
        POLICY_NOT_FOR_BROWSERS, POLICY_ON_FIRST_VISIT, POLICY_IN_BODY, POLICY_TIGHTENED, META_BLOCKS_OWN_SCRIPTS,
        NONCE_STALE, SCRIPTS_REVIVED, TRUSTED_TYPES_WAVED, BLOB_WORKERS, UNGUARDED_FRAMES, EVERYBODY_FRAMES,
        SESSION_COPIED, CORS_FOR_BROWSERS, MIXED_IMAGE, REPORTS_REFUSED, REPORTS_ELSEWHERE, REPORTS_TO_NOBODY,
        REPORTS_FORGOTTEN,
        ERROR_RATE_TENTH, OUTAGE, SWITCH_DROPS, SWITCH_GAP, SWITCH_502, SWITCH_FLAPS, SWITCH_IGNORED, ROLLBACK_BROKEN,
        *IN_CONTRACT,
        SLOW_ABOVE_RATE, ERRORS_ABOVE_RATE, STALL, LEAK, RATE_COLLAPSE, SLOW_ASSET, CONNECTION_RESETS, CORRUPT_BODIES,
        CROSSED_ANSWERS, PREVIEW_STUCK, SESSIONS_LEFT, EDITS_LOST, POOL_RACE,
        *sorted(IN_LATENCY, key=lambda fault: fault.name), SLOW_HANDSHAKE, QUERY_PER_ITEM, SLOW_STATEMENT,
        *sorted(OF_WEIGHT, key=lambda fault: fault.name),
        *sorted(SHUTTING_OUT, key=lambda fault: fault.name),
        HERO_MOVED, BUTTON_RECOLOURED, SECTION_MISSING, TEXT_SMALLER, BANNER_OVERLAPS, HEAVY_LANDING,
        *sorted(FELT, key=lambda fault: fault.name),
    )
}  # fmt: skip


def find(names: Iterable[str]) -> frozenset[Fault]:
    """Return the faults of these names. Raises `ValueError`, naming the nearest one, for a name that does not exist."""
    found = set()
    for name in names:
        if name not in REGISTRY:
            near = get_close_matches(name, REGISTRY, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "--list-faults lists them"
            raise ValueError(f"there is no fault {name!r}; {hint}")
        found.add(REGISTRY[name])
    return frozenset(found)
