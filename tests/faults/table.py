"""Which planted fault turns which checks red, and what the verdict is. Complete: no other check may fail."""

from dataclasses import dataclass

LANDING = ("test_landing_page_answers", "test_landing_page_renders")
PREVIEWS = (
    "test_preview_serves_the_project",
    "test_preview_ends_on_request",
    "test_preview_expires",
    "test_preview_is_private",
)
EDITS = ("test_edit_is_visible_in_the_preview", "test_edit_by_the_official_client")


@dataclass(frozen=True)
class Planted:
    """One fault: the checks that must fail, and the verdict on the whole suite."""

    fault: str
    fails: tuple[str, ...]
    verdict: str = "rollback"


TABLE = (
    Planted("dead-landing", ("preflight",)),
    Planted("script-error", ("test_landing_page_renders",)),
    Planted("console-error", ("test_landing_page_renders",)),
    Planted("dead-asset", ("test_landing_page_renders",)),
)
