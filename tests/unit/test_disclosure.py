"""What bodies tell of the inside: real tracebacks are found, ordinary refusals are not."""

import json
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.checks.disclosure import find


def python_traceback() -> str:
    try:
        raise KeyError("x")
    except KeyError:
        return traceback.format_exc()


NODE = """TypeError: Cannot read properties of undefined
    at Object.handler (/app/server/api/login.js:12:9)
    at processTicksAndRejections (node:internal/process/task_queues:95:5)"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (python_traceback(), "error-traceback"),
        (json.dumps({"error": {"message": python_traceback()}}), "error-traceback"),
        (NODE, "error-traceback"),
        ("at com.example.Login.post(Login.java:12)", "error-traceback"),
        ("goroutine 7 [running]:", "error-traceback"),
        ("<b>Fatal error: Uncaught Error in index.php on line 12</b>", "error-traceback"),
        ('ERROR: syntax error at or near "\'"', "error-database"),
        ("PrismaClientKnownRequestError", "error-database"),
        ("Cannot open /var/www/app/index.php", "error-source-path"),
        ("C:\\inetpub\\app\\Login.cs is broken", "error-source-path"),
    ],
)
def test_the_inside_is_found(body: str, expected: str) -> None:
    assert expected in {one.id for one in find(body)}


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"code": "not_found", "message": "there is no such project"}}',
        "<!doctype html><title>Not found</title><script src=/static/site.js></script><p>Meet us at 10:30 (or later)",
        "",
    ],
)
def test_an_ordinary_refusal_is_silent(body: str) -> None:
    assert list(find(body)) == []


@given(st.text(max_size=5000))
def test_any_text_is_judged(body: str) -> None:
    assert len({one.id for one in find(body)}) == len(list(find(body)))
