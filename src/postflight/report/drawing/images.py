"""Pictures of pages, put into the report as `data:` addresses: those of its own folder, and bounded."""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from postflight.exhibits import Filmstrip
from postflight.model import Finding

MAX_IMAGE = 2_000_000  # bytes of one picture; a larger one is linked
MAX_IMAGES = 16_000_000  # bytes of all of them
_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def read_images(folder: Path, findings: Iterable[Finding]) -> dict[str, str]:
    """Return path -> `data:` address of the screenshots and frames that may go into the page."""
    found: dict[str, str] = {}
    left, root = MAX_IMAGES, folder.resolve()
    for path in dict.fromkeys(_wanted(tuple(findings))):
        kind = _TYPES.get(PurePosixPath(path).suffix.lower())
        if kind is None:
            continue
        try:
            file = (root / path).resolve()
            if not file.is_relative_to(root) or not file.is_file() or file.stat().st_size > min(MAX_IMAGE, left):
                continue
            content = file.read_bytes()
        except (OSError, ValueError):  # gone, or no path at all: the report names it, and does not fail for it
            continue
        left -= len(content)
        found[path] = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return found


def _wanted(findings: tuple[Finding, ...]) -> Iterator[str]:
    """Yield what shows a failure before what only shows how a page came to be: there is a bound."""
    for finding in findings:
        yield from finding.evidence
    for finding in findings:
        for exhibit in finding.exhibits:
            if isinstance(exhibit, Filmstrip):
                yield from (frame.path for frame in exhibit.frames)
