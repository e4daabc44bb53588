"""Evidence without a browser: names, and the cleaning of a trace. With one: tests/e2e/test_evidence.py."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from postflight.browser.evidence import safe_name
from postflight.browser.trace import VALUE, clean_trace


@pytest.mark.parametrize(
    "node_id",
    ["smoke/test_a.py::test_b[chromium]", "../../etc/passwd", "x" * 5000, "", "-rf", "tëst\n;$(reboot)", "...", "\x00"],
)
def test_a_name_is_safe_and_bounded(node_id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}", safe_name(node_id))


def test_different_tests_have_different_names() -> None:
    assert safe_name("a/b") != safe_name("a:b")
    assert safe_name("y" + "x" * 200) != safe_name("z" + "x" * 200)


def cleaned(tmp_path: Path, events: list[Any], body: bytes = b"") -> tuple[list[Any], bytes]:
    with zipfile.ZipFile(tmp_path / "raw.zip", "w") as archive:
        archive.writestr("trace.trace", "\n".join(map(json.dumps, events)))
        archive.writestr("resources/1.txt", body)
    clean_trace(tmp_path / "raw.zip", tmp_path / "clean.zip")
    with zipfile.ZipFile(tmp_path / "clean.zip") as archive:
        lines = archive.read("trace.trace").decode().splitlines()
        return [json.loads(line) for line in lines], archive.read("resources/1.txt")


@pytest.mark.parametrize(
    "shown",
    [
        ["INPUT", {"type": "password", VALUE: "open-sesame"}],
        {"selector": 'internal:label="Password"i', "value": "open-sesame"},
        {"name": "Authorization", "value": "Bearer open-sesame"},
        {"name": "Cookie", "value": "lang=en; session=open-sesame"},
        {"name": "set-cookie", "value": "session=open-sesame; HttpOnly"},
    ],
    ids=["field", "fill", "authorization", "cookie", "set-cookie"],
)
def test_what_a_trace_shows_in_one_place_is_hidden_in_all(tmp_path: Path, shown: Any) -> None:
    events, body = cleaned(tmp_path, [shown, {"message": "typed open-sesame"}], b"word=open-sesame&x")
    assert "sesame" not in json.dumps(events)
    assert events[1] == {"message": "typed [hidden]"}
    assert body == b"word=[hidden]&x"


def test_a_password_that_is_a_word_of_the_format_does_not_break_it(tmp_path: Path) -> None:
    field = ["INPUT", {"type": "password", VALUE: "frame"}]
    [event, _], _ = cleaned(tmp_path, [{"type": "frame-snapshot", "frameId": "frame@1", "title": "a frame"}, field])
    assert event == {"type": "frame-snapshot", "frameId": "frame@1", "title": "a [hidden]"}


@pytest.mark.parametrize("field", [{"type": "text", VALUE: "hello"}, {"type": "password", VALUE: "abc"}])
def test_what_is_not_secret_or_too_short_to_be_found_stays(tmp_path: Path, field: dict[str, str]) -> None:
    _, body = cleaned(tmp_path, [["INPUT", field]], b"hello abc")
    assert body == b"hello abc"
