"""`postflight contract diff`, and the contract that this repository keeps."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from postflight.checks.openapi.catalog import ids
from postflight.checks.openapi.reading import LARGEST_JSON, read
from postflight.commands.contract import contract
from reference.openapi import document

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "contract" / "velocity.openapi.yaml"
HOST = "https://velocity.example"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(contract, ["diff", *map(str, arguments)], env={"COLUMNS": "160"})


@pytest.fixture
def narrower(tmp_path: Path) -> Path:
    """A document that takes shorter names."""
    text = COMMITTED.read_text()
    assert "maxLength: 100\n" in text
    path = tmp_path / "new.yaml"
    path.write_text(text.replace("maxLength: 100\n", "maxLength: 50\n"))
    return path


def test_the_committed_contract_is_the_one_that_the_reference_serves() -> None:
    served = json.loads(json.dumps(document(HOST)))
    assert read(COMMITTED.read_bytes(), "committed").root == served, "run: python scripts/contract.py"


def test_the_deployed_document_may_name_another_host(tmp_path: Path) -> None:
    deployed = tmp_path / "openapi.json"
    deployed.write_text(json.dumps(document("http://127.0.0.1:4711")))
    result = run(COMMITTED, deployed, "--json")
    assert (result.exit_code, json.loads(result.stdout)["changes"]) == (0, [])


def test_nothing_breaks_when_it_becomes_wider(narrower: Path) -> None:
    result = run(narrower, COMMITTED)
    assert result.exit_code == 10  # names in answers are longer now
    assert "response-max-length-increased" in result.stdout
    assert "request-max-length-increased" not in result.stdout
    assert "request-max-length-increased" in run(narrower, COMMITTED, "--all").stdout


def test_people_see_what_breaks_and_where_and_what_to_do(narrower: Path) -> None:
    result = run(COMMITTED, narrower)
    assert result.exit_code == 10
    for part in (
        "breaking",
        "name: maxLength 100 → 50",
        "POST /api/projects",
        "for example:",
        "Accept what was accepted",
    ):
        assert part in result.stdout
    assert re.search(r"\d+ breaking, 0 maybe, \d+ compatible", result.stdout)


def test_programs_get_json(narrower: Path) -> None:
    found = json.loads(run(COMMITTED, narrower, "--json").stdout)
    assert (found["version"], found["worst"]) == (1, "breaking")
    assert found["counts"]["breaking"] == sum(change["kind"] == "breaking" for change in found["changes"])
    change = next(one for one in found["changes"] if "POST /api/projects" in one["operations"])
    assert change["id"] == "request-max-length-decreased"
    assert change["place"]["new"] == "/components/schemas/NewProject/properties/name/maxLength"
    assert change["remedy"]
    assert json.loads(change["example"]) == "a" * 51


def test_an_old_list_of_ids_stays_true() -> None:
    """Waivers and reports name ids: one that goes away is a change of this command's own contract."""
    assert len(set(ids())) == len(list(ids())) > 250


def test_the_documentation_names_ids_that_exist() -> None:
    rows = [line.strip().strip("|").split(" | ") for line in (ROOT / "docs" / "drift.md").read_text().splitlines()]
    named = {name for row in rows if len(row) == 2 for name in re.findall(r"`([a-z]+-[a-z-]+)`", row[1])}
    assert len(named) > 150
    assert named <= set(ids())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is neither JSON nor YAML"),
        (b"openapi: 2.0.0", "expected 3.0.x or 3.1.x"),
        (None, "cannot be read: No such file"),
    ],
)
def test_what_cannot_be_read_is_no_verdict(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "bad.yaml"
    if content is not None:
        path.write_bytes(content)
    for pair in ((path, COMMITTED), (COMMITTED, path)):
        result = run(*pair)
        assert result.exit_code == 30
        assert message in result.stderr
        assert "bad.yaml" in result.stderr


@contextlib.contextmanager
def serving(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            with contextlib.suppress(OSError):  # who has read enough goes
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/openapi.json"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_urls_are_fetched() -> None:
    with serving(200, json.dumps(document(HOST)).encode()) as url:
        result = run(COMMITTED, url, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["new"] == url


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, b"", "expected 200 and a document, got 404"),
        (200, b"<html>", "found a text"),
        (200, b" " * (LARGEST_JSON + 1), "is larger than 16 MiB"),
    ],
)
def test_what_cannot_be_fetched_is_no_verdict(status: int, body: bytes, message: str) -> None:
    with serving(status, body) as url:
        result = run(COMMITTED, f"{url}?token=geheim")
    assert result.exit_code == 30
    assert message in result.stderr
    assert "geheim" not in result.stderr


def test_an_address_where_nobody_listens_is_no_verdict() -> None:
    with serving(200, b"") as url:
        pass
    result = run(COMMITTED, url)
    assert result.exit_code == 30
    assert "gave no answer" in result.stderr
    assert run(COMMITTED, "ftp://127.0.0.1/x").exit_code == 30
