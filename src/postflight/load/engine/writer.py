"""The bytes of a request."""

import json
import re
from collections.abc import Iterable, Mapping

from postflight import __version__
from postflight.errors import CannotMeasure
from postflight.flow import JSON
from postflight.probes import body

ACCEPT_ENCODING = f"{body.ACCEPT_ENCODING}, br"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_NO_VALUE = re.compile(r"[\r\n\0]")  # what would end a header, or more
_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})


class Writer:
    """Writes the requests of one run."""

    def __init__(self, run_id: str) -> None:
        self._usual = {
            "User-Agent": f"Postflight/{__version__} (+synthetic; run {run_id})",
            "X-Postflight-Run": run_id,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        self._usual_names = frozenset(name.lower() for name in self._usual)
        self._usual_lines = _lines(self._usual.items())  # most requests carry them all: checked and encoded once

    def write(
        self,
        method: str,
        target: bytes,
        host: bytes,
        headers: Mapping[str, str],
        json_body: JSON = None,
        content: bytes | None = None,
    ) -> bytes:
        """Return a request as it is sent: `content` as it is, or else `json_body`.

        Raises `CannotMeasure` for a method or header that cannot be sent.
        """
        if not _TOKEN.fullmatch(method):
            raise CannotMeasure(f"{method[:100]!r} is no HTTP method")
        own = dict(headers)
        if content is None and json_body is not None:
            content = json.dumps(json_body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
            own.setdefault("Content-Type", "application/json")
        content = content or b""
        if content or method in _WITH_LENGTH:
            own["Content-Length"] = str(len(content))
        given = {name.lower() for name in own}
        usual = self._usual_lines
        if not given.isdisjoint(self._usual_names):
            usual = _lines((name, value) for name, value in self._usual.items() if name.lower() not in given)
        lines = usual + _lines(own.items())
        return b"%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n%s" % (method.encode(), target, host, lines, content)


def _lines(headers: Iterable[tuple[str, str]]) -> bytes:
    lines = []
    for name, value in headers:
        if not _TOKEN.fullmatch(name) or _NO_VALUE.search(value):
            raise CannotMeasure(f"the header {name[:100]!r} cannot be sent: its name or value breaks HTTP")
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines).encode()
