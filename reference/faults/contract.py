"""Faults of the API's contract."""

from reference.faults.fault import Fault

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
