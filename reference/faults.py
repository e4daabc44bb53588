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

REGISTRY: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        DEAD_LANDING, SCRIPT_ERROR, CONSOLE_ERROR, DEAD_ASSET, MISSING_HEADER,
        BROKEN_LOGIN, WEAK_LOGIN, PROJECT_NOT_STORED,
        PREVIEW_NEVER_READY, PREVIEW_WRONG_CONTENT, SLOW_EDIT_SYNC, REALTIME_DEAF, SESSION_VISIBLE,
        PREVIEW_NOT_ENDED, NO_EXPIRY, POOL_OVERRUN_500, ORCHESTRATOR_OPEN,
        HEALTH_LIES, DEGRADED_HEALTH, VERSION_SKEW, REGION_DOWN, WRONG_METRICS, ERROR_RATE, SLOW_RESPONSES,
        POLICY_NOT_FOR_BROWSERS, POLICY_ON_FIRST_VISIT, POLICY_IN_BODY, POLICY_TIGHTENED, META_BLOCKS_OWN_SCRIPTS,
        NONCE_STALE, SCRIPTS_REVIVED, TRUSTED_TYPES_WAVED, BLOB_WORKERS, UNGUARDED_FRAMES, EVERYBODY_FRAMES,
        SESSION_COPIED, CORS_FOR_BROWSERS, MIXED_IMAGE, REPORTS_REFUSED, REPORTS_ELSEWHERE, REPORTS_TO_NOBODY,
        REPORTS_FORGOTTEN,
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
