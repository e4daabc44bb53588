"""What a database lacks, told from a real PostgreSQL; and that a database which cannot be asked blames nobody."""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator

import psycopg
import pytest

from postflight.errors import CannotMeasure, ConfigError
from postflight.model import DatabaseSchema, Deployment, Migration, Secret
from postflight.probes.database import count_last_day, find_missing, open_database
from postflight.probes.database_watch import count_scans, watch
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


def test_a_watched_database_is_read_as_it_is(url: str) -> None:
    """One connection waits in a transaction, one is opened for each second request; the work of ours is not counted."""
    held: list[psycopg.Connection[tuple[object, ...]]] = []
    with psycopg.connect(url, autocommit=True) as worker, psycopg.connect(url) as idle:
        idle.execute("select 'somebody''s secret'")
        numbers = itertools.count(1)

        def send() -> None:
            number = next(numbers)
            worker.execute("select pg_sleep(0.1)" if number % 10 == 0 else "select 1")
            if number % 2 == 0:
                held.append(psycopg.connect(url))

        try:
            seen = watch(deployment(url), Redactor(), send, requests=30)
        finally:
            for connection in held:
                connection.close()
    assert seen.peak == seen.connections[-1] > seen.connections[0] + 10
    assert "never given back" in seen.leak()
    assert seen.idlest is not None
    assert (seen.idlest.statement, seen.idlest.state) == ("select ?", "idle in transaction")
    assert seen.slowest is not None
    assert seen.slowest.statement == "select pg_sleep(?)"
    assert 31 <= seen.transactions < 120  # our own looks are not among them
    assert seen.mean_transaction is not None
    assert seen.statements is None
    assert seen.most > 50
    assert not seen.hidden


def test_another_run_of_postflight_is_no_part_of_the_platform(url: str) -> None:
    with (
        psycopg.connect(url, autocommit=True) as worker,
        open_database(deployment(url), Redactor()) as other,
        other.transaction(),
    ):
        other.execute("select 1")
        seen = watch(deployment(url), Redactor(), lambda: worker.execute("select 1"), requests=3)
    assert seen.idlest is None
    assert set(seen.connections) == {seen.connections[0]}
    assert seen.served


def test_connections_to_other_databases_of_the_server_are_counted_apart(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as worker, psycopg.connect(url, dbname="template1"):
        seen = watch(deployment(url), Redactor(), lambda: worker.execute("select 1"), requests=3)
    assert seen.elsewhere == 1


@contextlib.contextmanager
def statements(url: str, *rows: str) -> Iterator[Callable[[str], object]]:
    """A table of the extension's form stands for it: PostgreSQL as pip brings it has no such extension."""
    oid = "(select oid from pg_database where datname = current_database())"
    with psycopg.connect(url, autocommit=True) as worker:
        worker.execute(
            "create table pg_stat_statements"
            " (dbid oid, userid oid, queryid bigint, query text, calls bigint, total_exec_time float8)"
        )
        try:
            for row in rows:
                worker.execute(f"insert into pg_stat_statements values ({oid}, {row})")
            yield worker.execute
        finally:
            worker.execute("drop table pg_stat_statements")


COUNT = "update pg_stat_statements set calls = calls + 1, total_exec_time = total_exec_time + 2 where userid = 1"


def test_pg_stat_statements_tells_the_mean_of_what_ran_meanwhile(url: str) -> None:
    with statements(url, "1, 1, 'select $1', 100, 9000", "2, 2, 'x', 5, 99999") as execute:
        seen = watch(deployment(url), Redactor(), lambda: execute(COUNT), requests=3)
    assert seen.slowest_statement is not None
    assert seen.slowest_statement.text == "select $1"
    assert 4 <= seen.slowest_statement.calls < 20  # three, and those that bring the counters along
    assert seen.slowest_statement.mean == pytest.approx(0.002)


def test_a_statement_that_two_roles_run_is_counted_for_both(url: str) -> None:
    with statements(url, "1, 1, 'select $1', 100, 9000", "2, 1, 'select $1', 5, 99999") as execute:

        def send() -> None:
            execute(COUNT)
            execute("update pg_stat_statements set calls = calls where userid = 2")  # its row is now the last one

        seen = watch(deployment(url), Redactor(), send, requests=3)
    assert seen.slowest_statement is not None
    assert seen.slowest_statement.mean == pytest.approx(0.002)


def test_counters_that_somebody_sets_to_0_meanwhile_are_counted_from_there(url: str) -> None:
    numbers = itertools.count(1)

    with statements(url, "1, 1, 'select $1', 1, 9000") as execute:

        def send() -> None:
            if next(numbers) == 10:
                execute("update pg_stat_statements set calls = 0, total_exec_time = 0")
                execute("select pg_stat_reset()")
            execute(COUNT)

        seen = watch(deployment(url), Redactor(), send, requests=30)
    assert seen.slowest_statement is not None
    assert seen.slowest_statement.mean == pytest.approx(0.002)
    assert seen.transactions > 0
    assert seen.mean_transaction is None or seen.mean_transaction > 0


def test_scans_are_counted_for_one_request(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as worker:

        def send() -> None:
            worker.execute("select count(*) from users")
            worker.execute("select count(*) from csp_reports union all select count(*) from csp_reports")

        found = count_scans(deployment(url), Redactor(), send, requests=5)
    assert (found["users"], found["csp_reports"]) == (1, 2)


def test_a_role_that_sees_nothing_of_others_is_told_from_an_idle_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as worker:
        worker.execute("create role looker login")
        try:
            blind = url.replace("postgres@", "looker@")
            seen = watch(deployment(blind), Redactor(), lambda: worker.execute("select 1"), requests=3)
        finally:
            worker.execute("drop role looker")
    assert seen.hidden
    assert seen.peak >= 1
