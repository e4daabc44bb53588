"""What must be verified: the rows of `requirements.yaml`, which tests, budgets and faults name by id."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from postflight.config.document import Document, Sentence, read
from postflight.config.nearest import did_you_mean

FILE = Path(__file__).with_name("requirements.yaml")
ALL = "all"  # the platform of requirements that every platform has

RequirementId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2}-[A-Z][0-9]+$")]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row: `VEL-S1`, what must hold, for which platform, and where the plans say it."""

    id: str
    platform: str
    text: str
    source: str


def check_known(requirement: str) -> str:
    """Return the id of a requirement, or raise `ValueError` that names the nearest one."""
    if requirement not in load_requirements():
        raise ValueError(f"unknown requirement {requirement!r}{did_you_mean(requirement, load_requirements())}")
    return requirement


def _complete(schema: dict[str, object]) -> None:
    """Let editors complete the ids."""
    schema["enum"] = list(load_requirements())


Covered = Annotated[str, AfterValidator(check_known), Field(json_schema_extra=_complete)]


class _Row(Document):
    text: Sentence
    source: str


class _Requirements(Document):
    version: Literal[1]
    requirements: dict[str, dict[RequirementId, _Row]]


@cache
def load_requirements() -> Mapping[str, Requirement]:
    """Return id -> requirement, in the order of the file."""
    document = read(FILE, _Requirements)
    return MappingProxyType(
        {
            row_id: Requirement(row_id, platform, row.text, row.source)
            for platform, rows in document.requirements.items()
            for row_id, row in rows.items()
        }
    )


def requirements_of(platform: str) -> Mapping[str, str]:
    """Return id -> what must hold, as plain text, of a platform and of every one; nothing where it has none itself."""
    rows = load_requirements().values()
    if not any(row.platform == platform for row in rows):
        return {}
    return {row.id: row.text.replace("**", "").replace("`", "") for row in rows if row.platform in {platform, ALL}}
