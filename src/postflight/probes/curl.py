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


def curl_line(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: JSON,
    *,
    deadline: float,
    follow_redirects: bool,
    redactor: Redactor,
) -> str:
    """Return a command for a POSIX shell. A bearer token becomes `$TOKEN`, a known secret its name."""
    words = ["curl", "-sS", "-i", "--max-time", f"{deadline:.3g}"]
    if follow_redirects:
        words.append("-L")
    if method != "GET":
        words += ["-I"] if method == "HEAD" else ["-X", shlex.quote(method)]
    for name, value in headers:
        words += ["-H", _header(name, value, redactor)]
    if body is not None:
        words += ["--json", shlex.quote(redactor.text(json.dumps(body)))]
    return " ".join([*words, shlex.quote(redactor.text(url))])


def _header(name: str, value: str, redactor: Redactor) -> str:
    placeholder = _PLACEHOLDERS.get(name.lower())
    if placeholder is None:
        return shlex.quote(redactor.text(f"{name}: {value}"))
    if value.lower().startswith("bearer "):
        placeholder = "Bearer $TOKEN"
    return f'"{name}: {placeholder}"'
