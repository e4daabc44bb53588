"""What the contract stage needs to know of Velocity: what a run owns, and what a client of today calls."""

from collections.abc import Mapping
from dataclasses import dataclass

from postflight.checks.invariants.examples import Call
from postflight.flow import JSON

PREFIX = "postflight-"  # of the names of all projects that a run creates; `postflight cleanup` goes by it
SPENT = 8  # objects for an operation that removes what it is tried on
_PROJECT, _FILE = "/api/projects/{project}", "/api/projects/{project}/files/notes/today.txt"
_CREDENTIALS: dict[str, JSON] = {"email": "{email}", "password": "{password}"}


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a run owns for the sake of one operation: its projects' ids, and values for the operation's parameters.

    Values are keyed by place and name: `path.id`, `body.projectId`. Each mapping is one object, to be used as a whole.
    """

    projects: tuple[str, ...] = ()
    values: tuple[Mapping[str, str], ...] = ()


CLIENT_CALLS = (
    Call("signIn", "POST", "/api/auth/login", _CREDENTIALS, {"token": "token"}, signed_in=False),
    Call("createProject", "POST", "/api/projects", {"name": f"{PREFIX}{{run}}-old"}, {"project": "id"}),
    Call("readProject", "GET", _PROJECT),
    Call("listProjects", "GET", "/api/projects?limit=100&offset=0"),
    Call("listProjects", "GET", f"/api/projects?q={PREFIX}{{run}}&sort=name&order=asc"),
    Call("changeProject", "PATCH", _PROJECT, {"description": "changed"}),
    Call("writeFile", "PUT", _FILE, {"content": "one\ntwo\n"}),
    Call("listFiles", "GET", f"{_PROJECT}/files"),
    Call("readFile", "GET", _FILE),
    Call("deleteFile", "DELETE", _FILE),
    Call("listPreviews", "GET", "/api/preview"),
    Call("deleteProject", "DELETE", _PROJECT),
    Call("readHealth", "GET", "/api/health", signed_in=False),
    Call("readFlags", "GET", "/api/flags", signed_in=False),
    Call("signOut", "POST", "/api/auth/logout"),
)
