"""Which planted fault turns which checks red, and what the verdict is. Complete: no other check may fail."""

from dataclasses import dataclass

RENDERS = "test_landing_page_renders"
PREVIEWS = (
    "test_preview_serves_the_project",
    "test_preview_ends_on_request",
    "test_preview_expires",
    "test_preview_is_private",
    "test_edit_by_the_official_client",
    "test_edit_is_visible_in_the_preview",
)
EDITS = ("test_edit_is_visible_in_the_preview", "test_edit_by_the_official_client")
NEEDS_A_PROJECT = (
    "test_project_is_kept_and_deleted",
    "test_project_is_created_in_the_page",
    "test_orchestrator_starts_a_session",
    "test_pool_limit_is_honoured",
    *PREVIEWS,
)
NEEDS_THE_API = (
    "test_sign_in_yields_a_token",
    "test_sign_in_page",
    "test_api_answers_quickly",
    "test_project_of_another_user_is_hidden",
    *NEEDS_A_PROJECT,
)


@dataclass(frozen=True)
class Planted:
    """One fault: the checks that must fail, and the verdict. `spreads`: it strikes at a rate, others may fail."""

    fault: str
    fails: tuple[str, ...]
    verdict: str = "rollback"
    spreads: bool = False

    @property
    def owners(self) -> tuple[str, ...]:
        """The two checks that say best what is wrong; the others of a fault that strikes at the root only follow."""
        return self.fails[:2]


TABLE = (
    Planted("dead-landing", ("preflight",)),
    Planted("script-error", (RENDERS,)),
    Planted("console-error", (RENDERS,)),
    Planted("dead-asset", (RENDERS,)),
    Planted("missing-header", ("test_security_headers_are_present",)),
    Planted("geo-untold", ("test_pages_tell_where_their_visitor_is",), "hold"),
    Planted("geo-ignored", ("test_visitors_from_china_get_their_page",), "hold"),
    Planted("broken-login", NEEDS_THE_API),
    Planted("weak-login", ("test_wrong_password_is_refused", "test_sign_in_page_says_what_is_wrong")),
    Planted("project-not-stored", NEEDS_A_PROJECT),
    Planted("preview-never-ready", PREVIEWS),
    Planted("preview-wrong-content", ("test_preview_serves_the_project", "test_edit_is_visible_in_the_preview")),
    Planted("slow-edit-sync", EDITS),
    Planted("realtime-deaf", EDITS),
    Planted("session-visible", ("test_preview_is_private",)),
    Planted("preview-not-ended", ("test_preview_ends_on_request",), spreads=True),  # what lives on fills the pool
    Planted("no-expiry", ("test_preview_expires",)),
    Planted("pool-overrun-500", ("test_pool_limit_is_honoured",)),
    Planted("orchestrator-open", ("test_orchestrator_starts_a_session",)),
    Planted("health-lies", NEEDS_THE_API),
    Planted("degraded-health", ("test_web_is_healthy", "test_health_is_good_if_there_is_one")),
    Planted("version-skew", ("test_regions_agree",)),
    Planted("region-down", ("test_regions_agree",)),
    Planted("wrong-metrics", ("test_metrics_are_exposed",), "hold"),
    Planted("missing-column", ("test_database_is_migrated",)),
    Planted("migration-not-run", ("test_database_is_migrated",)),
    Planted("error-rate", ("test_api_answers_quickly",), spreads=True),
    Planted("slow-responses", ("test_api_answers_quickly", "test_health_answers_quickly"), "hold", spreads=True),
)
