"""Faults of what the platform does: pages, accounts, projects, previews, health, database, and its releases."""

from reference.faults.fault import Fault

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

# Releases, and switching between them (releases.py)
ERROR_RATE_TENTH = Fault("error-rate-tenth", "every tenth answer of the web service is 500", ("VEL-M1", "VIB-T1"))
OUTAGE = Fault("outage", "every answer of the web service is 500", ("VEL-Z2", "VIB-T1"))
SWITCH_DROPS = Fault("switch-drops", "requests before a switch wait, and are cut off by it", ("VEL-Z1",))
SWITCH_GAP = Fault("switch-gap", "connections are refused for a while at a switch", ("VEL-Z1",))
SWITCH_502 = Fault("switch-502", "a switch answers 502 for a while", ("VEL-Z1",))
SWITCH_FLAPS = Fault("switch-flaps", "both releases answer in turns for a while after a switch", ("VEL-Z1",))
SWITCH_IGNORED = Fault("switch-ignored", "a switch is accepted, called done, and never made", ("VEL-Z2", "VEL-Z3"))
ROLLBACK_BROKEN = Fault("rollback-broken", "a release that is switched back to answers 500", ("VIB-R1",))

OF_SWITCHING = frozenset({
    SWITCH_DROPS, SWITCH_GAP, SWITCH_502, SWITCH_FLAPS, SWITCH_IGNORED, ROLLBACK_BROKEN,
})  # fmt: skip
