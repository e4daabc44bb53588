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
    Planted("projects-listed-to-others", OWN, "another user's listProjects shows our project"),
    Planted("project-read-by-others", OTHERS, "belongs to another user: readProject answers 200"),
    Planted("project-changed-by-others", OTHERS, "belongs to another user: changeProject answers 200"),
    Planted("project-deleted-by-others", OTHERS, "belongs to another user: deleteProject answers 204"),
    Planted("files-listed-to-others", OTHERS, "belongs to another user: listFiles answers 200"),
    Planted("file-read-by-others", OTHERS, "belongs to another user: readFile answers 200"),
    Planted("file-written-by-others", OTHERS, "belongs to another user: writeFile answers 200"),
    Planted("file-deleted-by-others", OTHERS, "belongs to another user: deleteFile answers 204"),
    Planted("previews-listed-to-others", OWN_PREVIEWS, "another user's listPreviews shows our preview"),
    Planted("preview-read-by-others", OTHERS_PREVIEWS, "belongs to another user: readPreview answers 200"),
    Planted("preview-ended-by-others", OTHERS_PREVIEWS, "belongs to another user: endPreview answers 204"),
    Planted("preview-of-any-project", OTHERS_START, "belongs to another user: startPreview answers 200"),
    Planted("empty-token", EVERYBODY, "somebody with an empty token reaches"),
    Planted("signed-out-token-lives", EVERYBODY, "somebody who has signed out reaches"),
    Planted("user-enumeration", SIGN_IN, "sign-in tells who has an account"),
    Planted("limit-ignored", (*PAGES, *ORDER, *SEARCH, *QUERIES, *ERRORS_OF_READING), "`limit` has no effect"),
    Planted("limit-default-changed", DEFAULTS, "without `limit` a page has 5 of 23, and the document says 20"),
    Planted("offset-ignored", (*PAGES, *ORDER, *QUERIES, *BEYOND), "`offset` has no effect"),
    Planted("page-off-by-one", (*PAGES, *SEARCH, *QUERIES, *AT_ONCE), "paging is off by one"),
    Planted("pages-overlap", (*PAGES, *ORDER), "pages overlap"),
    Planted("pages-skip", (*PAGES, *ORDER), "left out between two pages"),
    Planted("page-short", (*PAGES, *ORDER, *SEARCH, *DEFAULTS), "shorter than asked for, though others follow"),
    Planted("total-of-page", PAGES, "`total` counts the page, not the list"),
    Planted("total-stale", PAGES, "`total` is not what can be listed"),
    Planted("sort-ignored", (*ORDER, *QUERIES), "is not sorted by updatedAt"),
    Planted("order-ignored", (*ORDER, *QUERIES), "is sorted the other way round"),
    Planted("sort-of-page", (*ORDER, *QUERIES), "each page is sorted by itself, and the list is not"),
    Planted("filter-ignored", (*SEARCH, *QUERIES), "`q` has no effect"),
    Planted("filter-exact", (*PAGES, *SEARCH, *DEFAULTS), "filter-misses: `q="),
    Planted("filter-of-page", (*PAGES, *SEARCH, *QUERIES, *DEFAULTS), "filter-misses: `q="),
    Planted("order-default-changed", (*AT_ONCE, *DEFAULTS), "not the one with the documented defaults"),
    Planted("list-lags", AT_ONCE, "is not in the list right after it was created"),
    Planted("name-normalised", TEXTS, "its Unicode is normalised to NFC"),
    Planted("name-trimmed", TEXTS, "white space around it is lost"),
    Planted("name-escaped", TEXTS, "it was escaped as HTML"),
    Planted("name-cut", TEXTS, "it was cut to 64 of its"),
    Planted("name-without-emoji", TEXTS, "characters beyond U+FFFF are lost"),
    Planted("name-mojibake", (*TEXTS, *BODIES), "its UTF-8 was read as Latin-1"),
    Planted("name-lowered", (*TEXTS, *CHANGES), "it is in lower case"),
    Planted(
        "description-lost",
        (*TEXT_CREATED, *WRONG_BODIES),
        "'description' came back changed in the answer to creating it: it is empty",
    ),
    Planted("description-default-changed", LEFT_OUT, "'description' was left out, and is not the documented default"),
    Planted(
        "patch-not-saved",
        (*TEXT_CHANGED, *CHANGES, *MOMENTS, *WRONG_CHANGES),
        "was answered with success, and is not saved",
    ),
    Planted("patch-clears-others", CHANGES, "changing name also changed 'description'"),
    Planted(
        "patch-answers-old",
        (*TEXT_CHANGED, *CHANGES, *MOMENTS),
        "a change is answered with something else than is read next",
    ),
    Planted("put-appends", FILES, "something was put to it"),
    Planted("put-changes-lines", FILES, "CR LF became LF"),
    Planted("size-in-characters", FILES, "is not that of the content in bytes of UTF-8"),
    Planted("location-elsewhere", LOCATION, "Location of a new project leads elsewhere"),
    Planted("location-missing", (*LOCATION, *LIFE), "has no Location"),
    Planted("created-at-changes", (*ORDER, *DEFAULTS, *CHANGES, *MOMENTS), "also changed 'createdAt'"),
    Planted("updated-at-frozen", (*ORDER, *MOMENTS), "'updatedAt' did not move"),
    Planted("stale-read", (*TEXT_CHANGED, *CHANGES), "a read is stale"),
    Planted("types-coerced", BODIES, "a number as name is accepted"),
    Planted("long-name-accepted", BODIES, "a name beyond its limit is accepted"),
    Planted("created-twice", ONCE, "one request made 2 of the same project"),
    Planted("delete-again-crashes", DELETED, "deleting a project again answers 500"),
    Planted("end-again-refused", PREVIEW, "deleting a preview again answers 409"),
    Planted("delete-forgotten", DELETED, "reading a project after it was deleted answers 200"),
    Planted("deleted-still-listed", DELETED, "is in the list after it was deleted"),
    Planted("deleted-still-writable", DELETED, "changing a project after it was deleted answers 200"),
    Planted("files-outlive-project", DELETED, "reading a project's file after it was deleted answers 200"),
    Planted("file-delete-forgotten", FILES, "reading a file after it was deleted answers 200"),
    Planted("preview-of-another", PREVIEW, "a preview is of another project than it was started for"),
    Planted("preview-idle-ignored", IDLE, "`idleTimeoutSeconds` has no effect"),
    Planted("preview-not-listed", PREVIEW, "is not in the list while it lives"),
    Planted("route-removed", (*FILES, *LIFE, *OLD), "listFiles of what is there answers 404: its route is gone"),
    Planted("create-answers-200", (*LIFE, *OLD), "createProject answers 200, which the document does not know"),
    Planted(
        "status-undocumented",
        (*CHANGES, *MOMENTS, *LIFE, *OLD, *RARE),
        "readProject answers 203, which the document does not know",
    ),
    Planted("delete-answers-body", (*LIFE, *OLD), "deleteProject answers 200, which the document does not know"),
    Planted(
        "type-wrong", (*ERRORS, *LIFE, *READS, *PROGRAMS), "answers text/plain, and the document says application/json"
    ),
    Planted("field-missing", (*LIFE, *READS, *OLD), '"updatedAt" is a required property'),
    Planted("field-null", (*LEFT_OUT, *LIFE, *READS, *OLD), 'null is not of type "string"'),
    Planted("field-type", (*FILES, *LIFE, *OLD), 'is not of type "integer"'),
    Planted("enum-outside", PREVIEW, 'outside-enum: readPreview: status: "running"'),
    Planted("date-format", (*MOMENTS, *LIFE, *READS), 'is not a "date-time"'),
    Planted("id-format", (*PAGES, *SEARCH, *AT_ONCE, *LIFE, *READS), 'is not a "uuid"'),
    Planted("secret-leaked", SIGNING, "'passwordHash' was unexpected"),
    Planted("owner-leaked", (*LIFE, *READS), "'ownerId' was unexpected"),
    Planted(
        "version-header-missing",
        (*LIFE, *READS, *SIGNING, *PREVIEW),
        "without x-velocity-version, which the document promises",
    ),
    Planted("long-name-crashes", BODIES, "a name beyond its limit answers 500"),
    Planted("empty-body-crashes", BODIES, "an empty body answers 500"),
    Planted("bad-json-crashes", BODIES, "a body that is no JSON answers 500"),
    Planted("wrong-type-crashes", BODIES, "a list as name answers 500"),
    Planted("null-crashes", WRONG_BODIES, "null as name answers 500"),
    Planted("nul-crashes", BODIES, "U+0000 in a name answers 500"),
    Planted("bad-id-crashes", MISSING, "the id '0' answers 500"),
    Planted("big-offset-crashes", BEYOND, "offset=500000 answers 500"),
    Planted("error-shape", (*ERRORS, *LIFE), "has another shape than other errors"),
    Planted("error-html", ERRORS_OF_WRITING, "405 to PUT /api/projects is no JSON, but text/html"),
    Planted("error-sql", ERRORS, "tells of the inside: a statement of SQL"),
    Planted("error-path", ERRORS, "tells of the inside: a stack trace"),
    Planted(
        "missing-is-200",
        (*OTHERS, *DELETED, *LIFE, *MISSING),
        "readProject of nothing answers 200, though it is not there",
    ),
    Planted("no-challenge", ERRORS, "401 without WWW-Authenticate"),
    Planted("allow-missing", METHODS, "there is no Allow"),
    Planted("allow-wrong", METHODS, "allows PUT in Allow"),
    Planted("method-taken", METHODS, "PUT /api/projects is no operation of the contract, and answers 200"),
    Planted("head-refused", HEAD, "answers 405, and GET 200"),
    Planted("head-differs", HEAD, "has another content-type than GET"),
    Planted("private-cached", (*LIFE, *PRIVATE), "shared caches may keep its answer"),
    Planted("vary-missing", PROGRAMS, "there is no Vary: Accept"),
    Planted("accept-ignored", (*ERRORS, *PROGRAMS), "was asked for JSON and answers text/html"),
    Planted("rare-500", RARE, "of 459 equal requests", spreads=True),
    Planted("rare-empty", RARE, "gave another answer to", spreads=True),
    Planted("health-without-check", (*READS, *OLD, *SHAPES), 'checks: "orchestrator" is a required property'),
    Planted("health-contradicts", SHAPES, "while its check of orchestrator is not good"),
    Planted("health-200-degraded", SHAPES, "says 'degraded' with status 200"),
    Planted("health-frozen", NOW, "was asked twice and told of the same moment"),
    Planted("region-health-shape", SHAPES, "has not the shape of VEL-H2"),
)

_TOGETHER = (
    "projects-listed-to-others", "project-read-by-others", "user-enumeration", "limit-default-changed",
    "name-normalised", "description-default-changed", "patch-clears-others", "put-appends", "delete-again-crashes",
    "bad-id-crashes", "null-crashes", "secret-leaked", "allow-missing", "head-differs", "vary-missing", "health-frozen",
    "region-health-shape",
)  # fmt: skip
SAMPLE = tuple(planted for planted in TABLE if planted.fault in _TOGETHER)
"""Faults that share no check, and that none of the others hides."""
