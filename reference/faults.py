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

REGISTRY: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        DEAD_LANDING, SCRIPT_ERROR, CONSOLE_ERROR, DEAD_ASSET, MISSING_HEADER,
        BROKEN_LOGIN, WEAK_LOGIN, PROJECT_NOT_STORED,
        PREVIEW_NEVER_READY, PREVIEW_WRONG_CONTENT, SLOW_EDIT_SYNC, REALTIME_DEAF, SESSION_VISIBLE,
        PREVIEW_NOT_ENDED, NO_EXPIRY, POOL_OVERRUN_500, ORCHESTRATOR_OPEN,
        HEALTH_LIES, DEGRADED_HEALTH, VERSION_SKEW, REGION_DOWN, WRONG_METRICS, ERROR_RATE, SLOW_RESPONSES,
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
