"""Which planted fault of the contract turns which invariants red, and the words of a finding that name its cause.

Complete: no other check of the invariants may fail. What follows from a fault (a list whose search is broken has wrong
totals, too) is among `fails`; the words are those of the check that says what it is.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """One fault, the checks that must fail, and words that name the cause. `spreads`: it strikes at a rate."""

    fault: str
    fails: tuple[str, ...]
    cause: str
    spreads: bool = False


OTHERS = ("test_nobody_else",)
OWN = ("test_lists_show_ones_own",)
OWN_PREVIEWS = ("test_preview_lists_show_ones_own",)
OTHERS_START = ("test_previews_of_others_cannot_be_started",)
SIGN_IN = ("test_sign_in_tells_nothing",)
ONCE = ("test_one_request_makes_one",)
IDLE = ("test_idle_time",)
OTHERS_PREVIEWS = ("test_nobody_else_reaches_previews",)
EVERYBODY = (*OTHERS, *OTHERS_PREVIEWS)
PAGES = ("test_pages_fit_together",)
ORDER = ("test_order",)
SEARCH = ("test_search",)
QUERIES = ("test_wrong_queries_are_refused",)
AT_ONCE = ("test_new_ones_are_listed_at_once",)
BEYOND = ("test_beyond_the_end",)
DEFAULTS = ("test_defaults",)
TEXT_CREATED = ("test_text_is_kept",)
TEXT_CHANGED = ("test_text_of_a_change_is_kept",)
LEFT_OUT = ("test_fields_that_are_left_out",)
TEXTS = ("test_text_is_kept", "test_text_of_a_change_is_kept")
CHANGES = ("test_a_change_changes_what_it_names",)
MOMENTS = ("test_moments",)
FILES = ("test_files_are_replaced",)
LOCATION = ("test_location",)
DELETED = ("test_deleted_is_gone",)
LIFE = ("test_a_projects_life_is_as_documented",)
READS = ("test_reads_are_as_documented",)
SIGNING = ("test_signing_in_and_out_is_as_documented",)
PREVIEW = ("test_life_of_a_preview",)
WRONG_BODIES = ("test_wrong_bodies_are_refused",)
WRONG_CHANGES = ("test_wrong_changes_are_refused",)
BODIES = ("test_wrong_bodies_are_refused", "test_wrong_changes_are_refused")
MISSING = ("test_what_is_not_there_is_not_found",)
ERRORS_OF_READING = ("test_errors_are_alike",)
ERRORS_OF_WRITING = ("test_errors_of_writing_are_alike",)
ERRORS = ("test_errors_are_alike", "test_errors_of_writing_are_alike")
METHODS = ("test_wrong_methods_are_refused",)
HEAD = ("test_head_is_like_get",)
PRIVATE = ("test_private_answers_stay_private",)
PROGRAMS = ("test_programs_get_json",)
OLD = ("test_calls_of_earlier_releases_work",)
RARE = ("test_cheap_reads_never_fail",)
SHAPES = ("test_health_document",)
TRUTH = ("test_health_tells_the_truth",)
NOW = ("test_health_is_of_now",)

TABLE = (
    Planted("projects-listed-to-others", ("test_lists_show_ones_own",), "listProjects shows our project"),
    Planted("project-read-by-others", OTHERS, "another user's: readProject"),
)
SAMPLE = TABLE
