"""The line with which a person repeats a request, free of secrets."""

import json
import shlex
from collections.abc import Iterable, Mapping

from postflight.flow import JSON
from postflight.redact import Redactor

# what stands in for the value; double quotes let the shell fill it in
_PLACEHOLDERS: Mapping[str, str] = {
    "authorization": "$AUTHORIZATION",
    "cookie": "$COOKIE",
    "proxy-authorization": "$PROXY_AUTHORIZATION",
    "apikey": "$API_KEY",
    "x-api-key": "$API_KEY",
}

_LONGEST_CONTENT = 2000  # characters
_SPACES = {ord("\n"): None, ord("\t"): None}  # what a quoted word of a shell may hold besides what prints


def curl_line(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: JSON,
    *,
    content: bytes = b"",
    deadline: float,
    follow_redirects: bool,
    redactor: Redactor,
) -> str:
    """Return a command for a POSIX shell. A bearer token becomes `$TOKEN`, a known secret its name.

    `content` is a body of any type, in place of `body`; one that is no text, or too long for a line, is named only.
    """
    words = ["curl", "-sS", "-i", "--max-time", f"{deadline:.3g}"]
    if follow_redirects:
        words.append("-L")
    if method != "GET":
        words += ["-I"] if method == "HEAD" else ["-X", shlex.quote(method)]
    for name, value in headers:
        words += ["-H", _header(name, value, redactor)]
    if body is not None:
        words += ["--json", shlex.quote(redactor.text(json.dumps(body)))]
    elif content:
        words += ["--data-binary", _content(content, redactor)]
    return " ".join([*words, shlex.quote(redactor.text(url))])


def _content(content: bytes, redactor: Redactor) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return f"@FILE-WITH-{len(content)}-BYTES"
    if len(text) > _LONGEST_CONTENT or not text.translate(_SPACES).isprintable():
        return f"@FILE-WITH-{len(content)}-BYTES"
    return shlex.quote(redactor.text(text if not text.startswith("@") else f" {text}"))


def _header(name: str, value: str, redactor: Redactor) -> str:
    placeholder = _PLACEHOLDERS.get(name.lower())
    if placeholder is None:
        return shlex.quote(redactor.text(f"{name}: {value}"))
    if value.lower().startswith("bearer "):
        placeholder = "Bearer $TOKEN"
    return f'"{name}: {placeholder}"'
