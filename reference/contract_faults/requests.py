"""Faults that act before the platform sees a request: each hands on another one."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape

from reference import faults
from reference.contract_faults.exchange import Call, Json
from reference.contract_faults.where import (
    LONGEST_NAME,
    NAMING,
    Memory,
    Where,
    api_page,
    keep,
    number,
    of,
    undocumented_method,
    with_empty_token,
)
from reference.faults import Fault

Ask = Callable[[Call, Memory], Call]


def _text(name: str, change: Callable[[str], str]) -> Ask:
    """Change a text that is sent."""

    def apply(call: Call, _memory: Memory) -> Call:
        found = call.field(name)
        return call.sending({**call.json, name: change(found)}) if isinstance(found, str) else call

    return apply


def _field(name: str, change: Callable[[dict[str, Json]], dict[str, Json]]) -> Ask:
    """Change the object that is sent; `name` must be in it, or must not when it begins with a minus sign."""

    def apply(call: Call, _memory: Memory) -> Call:
        body = call.json
        fits = isinstance(body, dict) and (name[1:] not in body if name.startswith("-") else name in body)
        return call.sending(change(body)) if fits else call

    return apply


def _query(**changes: Callable[[Mapping[str, str]], str | None]) -> Ask:
    return lambda call, _memory: call.asking(**{name: change(call.query) for name, change in changes.items()})


def _without(*names: str) -> Ask:
    return _query(**dict.fromkeys(names, lambda _query: None))


def _moved(by: int) -> Callable[[Mapping[str, str]], str | None]:
    """Move a page that is not the first; one that nobody could ask for stays."""

    def move(query: Mapping[str, str]) -> str | None:
        offset = number(query, "offset")
        return str(offset + by) if offset else query.get("offset")

    return move


def _read_instead(call: Call, _memory: Memory) -> Call:
    return replace(call, method="GET", body=b"")


def _append(call: Call, memory: Memory) -> Call:
    content = call.field("content")
    if not isinstance(content, str):
        return call
    keep(memory.kept, call.path, f"{memory.kept.get(call.path, '')}{content}")
    return call.sending({**call.json, "content": memory.kept[call.path]})


def _as_who_came_last(call: Call, memory: Memory) -> Call:
    return replace(call, headers={**call.headers, "authorization": memory.kept.get("token", "")})


def _like_a_browser(call: Call, _memory: Memory) -> Call:
    return replace(call, headers={**call.headers, "accept": "text/html"})


def _mojibake(text: str) -> str:
    return text.encode(errors="replace").decode("latin-1")


def _whole_name_only(call: Call, memory: Memory) -> Call:
    """A part of a name finds nothing."""
    names = {str(project["name"]) for project in memory.projects.values()}
    wanted = call.query.get("q", "")
    return call if not wanted or wanted in names else call.asking(q=f"{wanted}-")


ASKED: Mapping[Fault, tuple[Where, Ask]] = {
    faults.EMPTY_TOKEN: (with_empty_token, _as_who_came_last),
    faults.LIMIT_IGNORED: (of("listProjects"), _without("limit")),
    faults.LIMIT_DEFAULT_CHANGED: (of("listProjects"), _query(limit=lambda query: query.get("limit", "5"))),
    faults.OFFSET_IGNORED: (of("listProjects"), _without("offset")),
    faults.PAGE_OFF_BY_ONE: (of("listProjects"), _query(offset=lambda query: str(number(query, "offset") + 1))),
    faults.PAGES_OVERLAP: (of("listProjects"), _query(offset=_moved(-1))),
    faults.PAGES_SKIP: (of("listProjects"), _query(offset=_moved(1))),
    faults.SORT_IGNORED: (of("listProjects"), _without("sort")),
    faults.ORDER_IGNORED: (of("listProjects"), _without("order")),
    faults.SORT_OF_PAGE: (of("listProjects"), _without("sort", "order")),
    faults.FILTER_IGNORED: (of("listProjects"), _without("q")),
    faults.FILTER_EXACT: (of("listProjects"), _whole_name_only),
    faults.FILTER_OF_PAGE: (of("listProjects"), _without("q")),
    faults.ORDER_DEFAULT_CHANGED: (of("listProjects"), _query(order=lambda query: query.get("order", "asc"))),
    faults.NAME_NORMALISED: (of(*NAMING), _text("name", lambda text: unicodedata.normalize("NFC", text))),
    faults.NAME_TRIMMED: (of(*NAMING), _text("name", lambda text: text.strip() or text)),
    faults.NAME_ESCAPED: (of(*NAMING), _text("name", escape)),
    faults.NAME_CUT: (of(*NAMING), _text("name", lambda text: text[:64] if len(text) <= LONGEST_NAME else text)),
    faults.NAME_WITHOUT_EMOJI: (of(*NAMING), _text("name", lambda text: re.sub("[\U00010000-\U0010ffff]", "", text))),
    faults.NAME_MOJIBAKE: (of(*NAMING), _text("name", _mojibake)),
    faults.NAME_LOWERED: (of(*NAMING), _text("name", str.lower)),
    faults.DESCRIPTION_LOST: (of("createProject"), _text("description", lambda _text: "")),
    faults.DESCRIPTION_DEFAULT_CHANGED: (
        of("createProject"),
        _field("-description", lambda body: {**body, "description": "Untitled"}),
    ),
    faults.PATCH_NOT_SAVED: (of("changeProject"), _read_instead),
    faults.PATCH_CLEARS_OTHERS: (
        of("changeProject"),
        _field("-description", lambda body: {**body, "description": ""}),
    ),
    faults.PUT_APPENDS: (of("writeFile"), _append),
    faults.PUT_CHANGES_LINES: (of("writeFile"), _text("content", lambda text: text.replace("\r\n", "\n"))),
    faults.TYPES_COERCED: (
        of(*NAMING),
        _field(
            "name",
            lambda body: body if isinstance(body["name"], str | list | None) else {**body, "name": str(body["name"])},
        ),
    ),
    faults.LONG_NAME_ACCEPTED: (of(*NAMING), _text("name", lambda text: text[:LONGEST_NAME])),
    faults.DELETE_FORGOTTEN: (of("deleteProject"), _read_instead),
    faults.FILE_DELETE_FORGOTTEN: (of("deleteFile"), _read_instead),
    faults.PREVIEW_IDLE_IGNORED: (
        of("startPreview"),
        _field("idleTimeoutSeconds", lambda body: {**body, "idleTimeoutSeconds": 1800}),
    ),
    faults.METHOD_TAKEN: (undocumented_method, _read_instead),
    faults.ACCEPT_IGNORED: (api_page, _like_a_browser),
}
