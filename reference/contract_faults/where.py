"""On which requests and answers a fault acts, and what faults remember from one request to the next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reference.contract_faults.exchange import Call, Json, Reply, is_documented

NOBODYS = "00000000-0000-4000-8000-000000000000"
LONGEST_NAME = 100
OF_ONE_PROJECT = ("createProject", "readProject", "changeProject")
OF_PROJECTS = (*OF_ONE_PROJECT, "listProjects")
NAMING = ("createProject", "changeProject")
_MOST_KEPT = 1000  # of what a memory remembers of each kind; the oldest is forgotten first

Where = Callable[[Call, int], bool]  # with the status, 0 before there is an answer


@dataclass(slots=True)
class Memory:
    """What faults remember from one request to the next. `projects` are as the platform answered them last."""

    projects: dict[str, Json] = field(default_factory=dict)
    deleted: dict[str, Json] = field(default_factory=dict)
    kept: dict[str, Json] = field(default_factory=dict)  # by path, or by a name of a fault's own
    ended: dict[str, bool] = field(default_factory=dict)
    answers: int = 0

    def learn(self, call: Call, reply: Reply) -> None:
        """Remember what an answer tells, before it is spoilt."""
        self.answers += call.method == "GET"
        body = reply.json
        self.kept["before"] = self.projects.get(call.item)
        if call.operation in OF_ONE_PROJECT and reply.status in (200, 201) and isinstance(body, dict):
            keep(self.projects, body["id"], body)
        if call.operation == "deleteProject" and reply.status == 204:
            keep(self.deleted, call.item, self.projects.get(call.item, _nobodys_project(call.item)))
        if call.operation == "createProject" and reply.status == 201:
            self.kept["newest"] = body["id"]
        if reply.status < 400 and len(call.headers.get("authorization", "")) > len("Bearer "):
            self.kept["token"] = call.headers["authorization"]


def keep(where: dict[str, Json], key: str, value: Json) -> None:
    """Remember a value under a key; the oldest go when there are too many."""
    where[key] = value
    while len(where) > _MOST_KEPT:
        del where[next(iter(where))]


def _nobodys_project(project_id: str) -> Json:
    moment = "2026-01-31T12:00:00.123Z"
    return {"id": project_id, "name": "Deleted", "description": "", "createdAt": moment, "updatedAt": moment}


def of(*operations: str, status: tuple[int, ...] = ()) -> Where:
    """Return requests of these operations, and their answers of these statuses (none: of any)."""
    return lambda call, given: call.operation in operations and (not status or given in status)


def answer(*statuses: int) -> Where:
    return lambda _call, given: given in statuses


def head(call: Call, _given: int) -> bool:
    """HEAD, of anything."""
    return call.method == "HEAD"


def undocumented_method(call: Call, _given: int) -> bool:
    return not call.operation and is_documented(call.path) and call.method != "OPTIONS"


def with_empty_token(call: Call, _given: int) -> bool:
    return call.headers.get("authorization", "none").strip().lower() == "bearer"


def refused(is_wrong: Callable[[Call], bool]) -> Where:
    """Return refusals of requests that send a project, where `is_wrong` says so."""
    return lambda call, given: call.operation in NAMING and given in (415, 422) and is_wrong(call)


def api_page(call: Call, _given: int) -> bool:
    return call.method == "GET" and not is_documented(call.path)


def number(query: Mapping[str, str], name: str) -> int:
    """Return a small number of the query, or 0."""
    text = query.get(name, "0")
    return int(text) if text.isdigit() and text.isascii() and len(text) < 7 else 0
