"""VEL-S3, VEL-S7: what is written is kept as sent, changes change what they name, what is deleted is gone."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from postflight.checks.invariants import lists, texts, writes
from postflight.checks.invariants.exchange import Object
from postflight.checks.invariants.lists import Page
from postflight.flow import JSON, Request

from .caller import WEB, Caller
from .conftest import Hold, NewProject
from .resources import FILE, PROJECT

pytestmark = [
    pytest.mark.contract,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-S3"),
    pytest.mark.needs("create", "fuzz"),
]

FULL = 100  # characters of a name: the documented limit


def test_text_is_kept(call: Caller, new_project: NewProject, unique: Callable[[], str], hold: Hold) -> None:
    """Names and descriptions come back as they were sent: Unicode, HTML, white space, up to the limit"""
    for sample in texts.SAMPLES.values():
        sent: dict[str, JSON] = {"name": f"{unique()}{sample}", "description": f" {sample}\r\n{sample}\n"}
        made = new_project(**sent)
        hold(writes.be_kept(sent, made, "in the answer to creating it"))
        hold(writes.be_kept(sent, call(PROJECT.read, id=PROJECT.id_of(made.object)), "when it is read back"))
    prefix = unique()
    long = {"name": f"{prefix}{'x' * (FULL - len(prefix))}", "description": "y" * 2000}
    hold(writes.be_kept(long, new_project(**long), "in the answer to creating it"))


def test_text_of_a_change_is_kept(call: Caller, project: str, unique: Callable[[], str], hold: Hold) -> None:
    """A changed name comes back as it was sent"""
    for sample in texts.SAMPLES.values():
        sent: dict[str, JSON] = {"name": f"{unique()}{sample}"}
        hold(writes.be_kept(sent, call(PROJECT.change, sent, id=project), "in the answer to changing it"))
        hold(writes.be_kept(sent, call(PROJECT.read, id=project), "when it is read back after a change"))


def test_a_change_changes_what_it_names(
    call: Caller, new_project: NewProject, unique: Callable[[], str], hold: Hold
) -> None:
    """Changing the name leaves all other fields, and the other way round; what is read next is what was answered"""
    made = new_project(description="before")
    id_ = PROJECT.id_of(made.object)
    before = call(PROJECT.read, id=id_).response.expect(200).json_object().value
    for change in ({"description": "after"}, {"name": unique()}, {}):
        sent: dict[str, JSON] = dict(change)
        answered = call(PROJECT.change, sent, id=id_)
        read = call(PROJECT.read, id=id_)
        hold(writes.be_saved(sent, read, _listed(call, str(change.get("name", before["name"])))))
        hold(writes.leave_the_rest(before, read, sent, PROJECT))
        hold(
            writes.agree(
                answered, read, before, "answer-stale", "a change is answered with something else than is read next"
            )
        )
        before = read.object


def _listed(call: Caller, name: str) -> Object | None:
    page = Page.of(PROJECT, call(PROJECT.list, query={PROJECT.search: name, PROJECT.limit: 1}))
    return page.items[0] if page.items else None


def test_moments(call: Caller, project: str, unique: Callable[[], str], hold: Hold) -> None:
    """A change moves updatedAt, and nothing moves createdAt"""
    before = call(PROJECT.read, id=project).response.expect(200).json_object().value
    changed = call(PROJECT.change, {"name": unique()}, id=project)
    hold(writes.move_on(before, changed, PROJECT))
    hold(writes.leave_the_rest({PROJECT.created: before.get(PROJECT.created)}, changed, {"name": ""}, PROJECT))


def test_location(call: Caller, new_project: NewProject, hold: Hold) -> None:
    """Location of a new project leads to it"""
    made = new_project()
    parts = urlsplit(made.response.header("location") or "")
    ours = not parts.netloc or parts.netloc == urlsplit(made.response.url).netloc
    found = call.send(Request("GET", WEB, parts.path, token=call.token)) if parts.path and ours else None
    hold(writes.lead_to(made, found, PROJECT))


def test_one_request_makes_one(call: Caller, new_project: NewProject, hold: Hold) -> None:
    """A request to create makes one project"""
    made = new_project()
    name = str(made.object["name"])
    page = Page.of(PROJECT, call(PROJECT.list, query={PROJECT.search: name, PROJECT.limit: 10}))
    alike = tuple(PROJECT.id_of(one) for one in page.items if one.get("name") == name)
    hold(writes.be_made_once(made, alike, PROJECT))


def test_fields_that_are_left_out(call: Caller, new_project: NewProject, hold: Hold) -> None:
    """What is left out of a new project has its documented default"""
    promise = call.promises[PROJECT.create]
    schemas = {field: promise.body_field(field) for field in PROJECT.texts}
    defaults: dict[str, JSON] = {
        field: value for field, schema in schemas.items() if isinstance(value := schema.get("default"), str)
    }
    hold(writes.be_defaults(new_project(), defaults))


def test_deleted_is_gone(call: Caller, project: str, hold: Hold) -> None:
    """A deleted project cannot be read, listed, changed or looked into, and deleting it again is no error"""
    call(FILE.write, {"content": "x"}, id=project, path="kept.txt")
    call(PROJECT.delete, id=project).response.expect(200, 204)
    hold(writes.be_gone(call(PROJECT.read, id=project), "reading a project"))
    hold(writes.be_gone(call(PROJECT.change, {"description": "ghost"}, id=project), "changing a project"))
    hold(writes.be_gone(call(FILE.list, id=project), "listing a project's files"))
    hold(writes.be_gone(call(FILE.read, id=project, path="kept.txt"), "reading a project's file"))
    hold(writes.be_gone(call(FILE.write, {"content": "x"}, id=project, path="new.txt"), "writing a project's file"))
    hold(lists.lacks(Page.of(PROJECT, call(PROJECT.list)), [project], "after it was deleted"))
    promised = frozenset(call.promises[PROJECT.delete].answers())
    hold(writes.delete_again(call(PROJECT.delete, id=project), PROJECT.name, promised))


@pytest.mark.covers("VEL-S7")
def test_files_are_replaced(call: Caller, project: str, hold: Hold) -> None:
    """Writing a file replaces it, byte by byte; its size is that of its content; once deleted it is gone"""
    for content in ("first", "\r\n".join(texts.SAMPLES.values()), ""):
        sent: dict[str, JSON] = {"content": content}
        written = call(FILE.write, sent, id=project, path="a/b.txt")
        read = call(FILE.read, id=project, path="a/b.txt")
        hold(writes.be_kept(sent, read, "when a file is read back"))
        for one in (written, read):
            hold(writes.be_measured(content, one))
    listed = Page.of(FILE, call(FILE.list, id=project))
    hold(lists.holds(listed, ["a/b.txt", "index.html"], "after it was written"))
    call(FILE.delete, id=project, path="a/b.txt").response.expect(200, 204)
    hold(writes.be_gone(call(FILE.read, id=project, path="a/b.txt"), "reading a file"))
    hold(lists.lacks(Page.of(FILE, call(FILE.list, id=project)), ["a/b.txt"], "after it was deleted"))
    promised = frozenset(call.promises[FILE.delete].answers())
    hold(writes.delete_again(call(FILE.delete, id=project, path="a/b.txt"), FILE.name, promised))
