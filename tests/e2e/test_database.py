"""What a database lacks, told from a real PostgreSQL; and that a database which cannot be asked blames nobody."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from postflight.errors import CannotMeasure, ConfigError
from postflight.model import DatabaseSchema, Deployment, Migration, Secret
from postflight.probes.database import count_last_day, find_missing
from postflight.redact import Redactor
from postflight.reference_process import reference_platform

PROJECTS = {"projects": ("id", "owner_id")}
MIGRATION = Migration("schema_migrations", "version", "20261101090000")


def deployment(url: str) -> Deployment:
    return Deployment("p", "e", "http://x", known=True, secrets={"database_url": Secret("DATABASE_URL", url)})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with reference_platform() as ready:
        yield json.loads(ready)["database"]


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        (DatabaseSchema(PROJECTS, MIGRATION), []),
        (DatabaseSchema({"public.projects": ("id",)}), []),
        (DatabaseSchema({"projects": ("id", "colour", "size")}), ["column projects.colour", "column projects.size"]),
        (DatabaseSchema({"teams": ("id",), **PROJECTS}), ["table teams"]),
        (DatabaseSchema({"Projects": ("id",)}), ["table Projects"]),  # names are taken as they are written
        (DatabaseSchema({"projects_pkey": ("id",)}), ["table projects_pkey"]),  # an index is no table
        (
            DatabaseSchema({}, Migration("schema_migrations", "version", "2027")),
            ["migration 2027 in schema_migrations.version"],
        ),
        (DatabaseSchema({}, Migration("nowhere.at_all", "version", "1")), ["migration 1 in nowhere.at_all.version"]),
        (DatabaseSchema({}, Migration("projects", "version", "1")), ["migration 1 in projects.version"]),
        (DatabaseSchema({}, Migration("schema_migrations", "version", "' or true --")), None),
    ],
)
def test_what_is_missing(url: str, expected: DatabaseSchema, missing: list[str] | None) -> None:
    found = find_missing(deployment(url), expected, Redactor())
    assert found == missing if missing is not None else found  # a value is a value, never SQL


def test_what_people_did_in_the_last_day_is_counted(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table visits (at timestamptz)")
        connection.execute(
            "insert into visits select now() - make_interval(hours => h) from unnest(array[-5, 0, 1, 23, 25, 99]) h"
        )
    assert count_last_day(deployment(url), "visits", "at", Redactor()) == 3
    assert count_last_day(deployment(url), "public.visits", "at", Redactor()) == 3
    with pytest.raises(CannotMeasure, match='relation "nowhere" does not exist'):
        count_last_day(deployment(url), "nowhere", "at", Redactor())


def test_nothing_can_be_written(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postflight.probes.database._HAS_ROW", "insert into {table} ({column}) values (%s)")
    with pytest.raises(CannotMeasure, match="read-only transaction"):
        find_missing(deployment(url), DatabaseSchema({}, Migration("schema_migrations", "version", "2")), Redactor())
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from schema_migrations").fetchone() == (1,)


def test_a_database_that_cannot_be_asked_is_no_verdict_and_shows_no_password() -> None:
    closed = deployment("postgresql://postflight:hunter2hunter2@127.0.0.1:9/platform")
    with pytest.raises(CannotMeasure, match="cannot be asked") as error:
        find_missing(closed, DatabaseSchema(PROJECTS), Redactor.of(closed))
    assert "hunter2" not in str(error.value)


def test_a_database_without_an_address_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="its secret database_url is missing"):
        find_missing(Deployment("p", "e", "http://x", known=True), DatabaseSchema(PROJECTS), Redactor())
