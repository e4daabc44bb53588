"""Saved answers as data: what `curl -sI` (or `-sD -`) printed, and HAR files of browsers.

Both come from outside: what cannot be read raises `ValueError` with the reason, and never anything else.
"""

import json
import re
from collections.abc import Iterator, Mapping

from postflight.checks.headers.answer import HttpAnswer

MAX_ANSWERS = 5000
_STATUS_LINE = re.compile(r"HTTP/\d(?:\.\d)?\s+(\d{3})(?:\s|\Z)")


def parse(text: str, url: str) -> tuple[HttpAnswer, ...]:
    """Return the answers of a saved file. `url` is what a dump was fetched from (a HAR file knows its own).

    Raises `ValueError` if it is neither a HAR file nor a dump of headers.
    """
    return parse_har(text) if text.lstrip("\ufeff \t\r\n").startswith("{") else parse_dump(text, url)


def parse_dump(text: str, url: str) -> tuple[HttpAnswer, ...]:
    """Return the answers of a header dump: blocks of a status line and header lines.

    A redirect's Location is the URL of the block after it. Lines that are no header (a body, curl's progress) end a
    block. Raises `ValueError` if there is no status line.
    """
    answers: list[HttpAnswer] = []
    block: tuple[int, list[tuple[str, str]]] | None = None
    for line in (*text.splitlines(), "HTTP/1.1 000"):  # one more status line closes the last block
        started = _STATUS_LINE.match(line)
        name, colon, value = line.partition(":")
        if started and block and len(answers) < MAX_ANSWERS:
            answers.append(HttpAnswer(url, block[0], tuple(block[1])))
            url = _next_url(answers[-1])
        if started:
            block = (int(started[1]), [])
        elif block and colon and name.strip() and " " not in name.strip():
            block[1].append((name.strip(), value.strip()))
    if not answers:
        raise ValueError("there is no status line such as `HTTP/2 200` in it; save headers with `curl -sI URL > FILE`")
    return tuple(answers)


def parse_har(text: str) -> tuple[HttpAnswer, ...]:
    """Return the answers of a HAR 1.2 file. Raises `ValueError` if it is none."""
    try:
        document = json.loads(text.lstrip("\ufeff"))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise ValueError("it is JSON, but no HAR file: there is no list log.entries")  # noqa: TRY004 - bad input
    answers = [answer for entry in entries[:MAX_ANSWERS] for answer in _entry(entry)]
    if not answers:
        raise ValueError("the HAR file holds no answer")
    return tuple(answers)


def _entry(entry: object) -> Iterator[HttpAnswer]:
    request = entry.get("request") if isinstance(entry, dict) else None
    response = entry.get("response") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not isinstance(response, dict):
        return
    url, status, lines = request.get("url"), response.get("status"), response.get("headers")
    if not isinstance(url, str) or not isinstance(status, int) or not isinstance(lines, list) or status == 0:
        return  # status 0: the browser got no answer
    yield HttpAnswer(url, status, tuple(pair for line in lines for pair in _lines(line)))


def _lines(line: object) -> Iterator[tuple[str, str]]:
    """Browsers write several Set-Cookie lines as one entry with line breaks in it."""
    if not isinstance(line, Mapping):
        return
    name, value = line.get("name"), line.get("value")
    if isinstance(name, str) and isinstance(value, str) and not name.startswith(":"):
        for part in value.split("\n"):
            yield name, part


def _next_url(answer: HttpAnswer) -> str:
    return answer.redirect_target or answer.url
