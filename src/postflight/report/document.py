"""`verdict.json`: the verdict with all its findings, versioned, written and read strictly.

The same frozen types are the document, so that what is written is what was decided. `postflight gate` reads the
documents of its stages back; a document of another run or version is no document.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from postflight.errors import CannotMeasure
from postflight.model import Verdict

SCHEMA_ID = "https://postflight.dev/schemas/verdict-1.json"
MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class About:
    """Which run this was: of what, by what, when. Times are ISO 8601 in UTC."""

    run_id: str
    platform: str
    environment: str
    base_url: str
    known: bool
    started: str
    finished: str
    postflight: str
    command: str
    browser: str = ""
    release: str = ""
    host: str = ""  # the machine that measured


@dataclass(frozen=True, slots=True)
class Document:
    """What `verdict.json` holds."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    version: Literal[1]
    about: About
    verdict: Verdict
    exit_code: int


_ADAPTER = TypeAdapter(Document)


def make_document(about: About, verdict: Verdict) -> Document:
    """Join a verdict with what it is about."""
    return Document(1, about, verdict, verdict.decision.exit_code)


def write(path: Path, doc: Document) -> None:
    """Write the document in one step: a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".verdict-", delete=False) as file:
        file.write(_ADAPTER.dump_json(doc, indent=2) + b"\n")
    Path(file.name).replace(path)


def read(path: Path, *, run_id: str) -> Document:
    """Read the document of this run, or raise `CannotMeasure` with what is wrong with it."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CannotMeasure(f"{path} was not written: the run ended without a verdict ({error.strerror})") from error
    if len(text) > MAX_BYTES:
        raise CannotMeasure(f"{path} is larger than {MAX_BYTES} bytes")
    try:
        doc = _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise CannotMeasure(f"{path} is no verdict document: {first['msg']} at {place or 'the top'}") from error
    if doc.about.run_id != run_id:
        raise CannotMeasure(f"{path} is of run {doc.about.run_id}, not of {run_id}: this run wrote none")
    return doc


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID} | _ADAPTER.json_schema()


def schema_text() -> str:
    """Return the JSON Schema as it is committed in `schemas/`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
