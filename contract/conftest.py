"""What the checks of the contract share: the promised document, the safe way out, and objects to try operations on."""

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from schemathesis.engine.run import PhaseName

from postflight.checks.openapi.document import Document
from postflight.checks.openapi.reading import read
from postflight.contract.documents import Operation, load_file, operations
from postflight.contract.fuzzer import Fuzzer, Plan
from postflight.contract.rules import CAP, CAP_READING, RATE_READING, READING, Rules, SafeOperation, marked, shared
from postflight.contract.transport import SafeClient
from postflight.errors import ConfigError, NotAllowed, PostflightError
from postflight.flow import Request
from postflight.model import Account, Deployment
from postflight.probes.addresses import origin, urls
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude
from postflight.pytest_plugin.run import Run
from postflight.pytest_plugin.state import AGAIN, LEDGER, RUN

FETCH_DEADLINE = 10.0  # seconds
# of the seconds that the phases may take together, all processes at once; what is not used is not waited for
SECONDS_FUZZING, SECONDS_READING = 60.0, 8.0
SHARES = {PhaseName.EXAMPLES: 0.1, PhaseName.COVERAGE: 0.4, PhaseName.FUZZING: 0.5}
LEAST, MOST = 0.3, 6.0  # seconds of one phase of one operation
CASES_FUZZING, CASES_READING = 40, 6
HERE = Path(__file__).parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for each operation of the document; those that change things need `allow: [fuzz]`, or a mark."""
    if "operation" not in metafunc.fixturenames:
        return
    run = metafunc.config.stash.get(RUN, None)
    document = promised_document(metafunc.config)
    safe = marked(run.deployment.contract.safe) if run else ()
    draws = metafunc.function.__name__ != "test_examples"
    metafunc.parametrize("operation", [_item(one, safe, draws) for one in operations(document)] if document else [])


def _item(operation: Operation, safe: tuple[SafeOperation, ...], draws: bool) -> Any:  # noqa: FBT001 - of one caller
    """Return the parameter of a check. What is marked safe is called with its examples: its bodies are never drawn."""
    marked_safe = operation.safe or any(one.fits(operation.method, operation.path) for one in safe)
    harmless = operation.method in READING or (marked_safe and not (draws and operation.body))
    marks = () if harmless else (pytest.mark.needs("fuzz"),)
    return pytest.param(operation, id=operation.label, marks=marks)


@pytest.fixture(autouse=True)
def _same_again(request: pytest.FixtureRequest, seed: int) -> None:
    """Let the command that repeats a check say the seed and the document."""
    given = request.config.option.openapi
    request.node.stash[AGAIN] = [*(["--openapi", given] if given else []), "--contract-seed", str(seed)]


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config, run_id: str) -> int:
    """What generated requests begin with."""
    asked = pytestconfig.option.contract_seed
    if asked and asked != "run":
        try:
            return int(asked)
        except ValueError:
            raise ConfigError(f"--contract-seed {asked}: expected a number, or `run`") from None
    return _number(run_id if asked else _commit())


@pytest.fixture(scope="session")
def promised(pytestconfig: pytest.Config, deployment: Deployment) -> Document:
    """The document that the API has promised."""
    document = promised_document(pytestconfig)
    if document is None:
        raise ConfigError(
            f"nothing says what {deployment.platform} has promised: name its OpenAPI document with --openapi FILE|URL,"
            " or with `contract: {document: ...}` in deployments.yaml"
        )
    return document


@pytest.fixture(scope="session")
def rules(deployment: Deployment, promised: Document) -> Rules:
    """What may be sent, by this process."""
    fuzz, told = deployment.permissions.may_fuzz, deployment.contract
    whole = Rules(
        origins=frozenset(origin(httpx.URL(url)) for url in urls(deployment)),
        fuzz=fuzz,
        safe=marked_safe(deployment, promised),
        at_most=told.at_most or (CAP if fuzz else CAP_READING),
        per_second=told.per_second or (None if fuzz else RATE_READING),
    )
    return shared(whole, _workers())


def marked_safe(deployment: Deployment, document: Document | None) -> tuple[SafeOperation, ...]:
    """Return the operations that deployments.yaml, or the document itself, marks as safe."""
    of_document = [one.label for one in operations(document) if one.safe] if document else []
    return marked((*deployment.contract.safe, *of_document))


@pytest.fixture(scope="session")
def api(run: Run, rules: Rules, pytestconfig: pytest.Config) -> Iterator[SafeClient]:
    """The only way out for all checks of the contract."""
    with SafeClient(run.deployment, run.run_id, run.redactor, rules) as client:
        pytestconfig.stash[LEDGER] = client.ledger
        yield client


@pytest.fixture(scope="session")
def fuzzer(api: SafeClient, promised: Document, seed: int) -> Fuzzer:
    """Runs Schemathesis' phases."""
    return Fuzzer(api, promised, seed)


@pytest.fixture(scope="session")
def plan(rules: Rules, promised: Document) -> Callable[[PhaseName], Plan]:
    """How much of a phase each operation gets."""
    whole = SECONDS_FUZZING if rules.fuzz else SECONDS_READING
    count = max(1, len(operations(promised)))

    def of(phase: PhaseName) -> Plan:
        seconds = min(MOST, max(LEAST, whole * _workers() * SHARES.get(phase, 0.0) / count))
        if phase is PhaseName.STATEFUL_TESTING:
            seconds = MOST
        return Plan(seconds, CASES_FUZZING if rules.fuzz else CASES_READING)

    return of


@pytest.fixture(scope="session")
def adapter(deployment: Deployment, request: pytest.FixtureRequest) -> Any:
    """The platform's flows, or None for a site that nobody has described."""
    return request.getfixturevalue("platform") if deployment.adapter else None


@pytest.fixture(scope="session")
def sign_in(api: Client, adapter: Any, deployment: Deployment) -> Callable[[], str | None]:
    """A function that returns a fresh token; None where nobody can sign in here."""

    def fresh() -> str | None:
        if adapter is None or "primary" not in deployment.accounts:
            return None
        with suppress(NotAllowed):  # signing in is a POST, and nobody has written that it is safe
            token: str = api.run(adapter.sign_in(deployment.accounts["primary"]))
            return token
        return None

    return fresh


@pytest.fixture(scope="session")
def token(sign_in: Callable[[], str | None]) -> str | None:
    """The token that most checks of this process share."""
    return sign_in()


class Stage:
    """Gives an operation what it is tried on, and takes it back."""

    def __init__(self, api: SafeClient, adapter: Any, account: Account | None, token: str | None, name: str) -> None:
        self._api, self._adapter, self._account, self._token, self._name = api, adapter, account, token, name
        self._given: list[Any] = []

    def objects(self, operation: Operation) -> tuple[Any, ...]:
        """Create what the operation can be tried on; where nothing may be created, find what is there."""
        if self._adapter is None or self._account is None or self._token is None:
            return ()
        if self._api.rules.fuzz:
            owned = self._api.run(self._adapter.own(self._account, self._token, operation.label, self._name))
            self._given.append(owned)
        else:
            owned = self._api.run(self._adapter.find(self._token, operation.label))
        return tuple(owned.values)

    def uses(self, operation: Operation) -> int | None:
        """Return how many calls may take of a pool."""
        return self._adapter.scarce.get(operation.label) if self._adapter else None

    def give_back(self) -> None:
        """Remove what was created."""
        while self._given:
            self._api.run(self._adapter.give_back(self._token, self._given.pop()))


@pytest.fixture
def stage(api: SafeClient, adapter: Any, deployment: Deployment, token: str | None, run_id: str) -> Iterator[Stage]:
    """What operations are tried on. It is gone afterwards."""
    prefix = getattr(adapter, "prefix", "postflight-")
    stage = Stage(api, adapter, deployment.accounts.get("primary"), token, f"{prefix}{run_id}-contract")
    yield stage
    stage.give_back()


@pytest.fixture(scope="session")
def served(api: Client, deployment: Deployment) -> Callable[[], Document | None]:
    """A function that returns the document that the deployment itself serves; None where it answers 404."""

    def fetch() -> Document | None:
        answer = api.send(Request("GET", "web", deployment.contract.served_at, deadline=FETCH_DEADLINE))
        if answer.status == httpx.codes.NOT_FOUND:
            return None
        answer.expect(200)
        try:
            return read(answer.body, answer.url)
        except ConfigError as error:
            raise answer.unexpected("an OpenAPI 3 document", str(error)) from error

    return fetch


@pytest.fixture(scope="session")
def previous(deployment: Deployment, pytestconfig: pytest.Config) -> Document | None:
    """The last release's document, where deployments.yaml names one."""
    named = deployment.contract.previous
    return load_file(pytestconfig.rootpath / named) if named else None


@pytest.fixture
def need_token(exclude: Exclude) -> Callable[[Operation, str | None], None]:
    """A function that leaves out an operation that needs credentials where none can be had."""

    def check(operation: Operation, token: str | None) -> None:
        if operation.secured and token is None:
            exclude(f"{operation.label} needs credentials, and signing in is neither described nor marked as safe here")

    return check


_DOCUMENT = pytest.StashKey[Document | None]()


def promised_document(config: pytest.Config) -> Document | None:
    """Return the promised document, read once in each process; None where nothing names one."""
    if _DOCUMENT not in config.stash:
        try:
            config.stash[_DOCUMENT] = _find(config)
        except PostflightError as error:
            raise pytest.UsageError(f"verdict invalid: {error}") from error
    return config.stash[_DOCUMENT]


def _find(config: pytest.Config) -> Document | None:
    run: Run | None = config.stash.get(RUN, None)
    given: str | None = config.option.openapi
    if given and "://" in given:
        return _fetch(given)
    if given:
        return load_file(Path(given))
    named = run.deployment.contract.document if run else ""
    path = config.rootpath / named if named else HERE / f"{run.deployment.platform if run else 'velocity'}.openapi.yaml"
    return load_file(path) if named or path.exists() else None


def _fetch(url: str) -> Document:
    """Fetch a document with the client of all probes: with its deadline and its bounds, and without credentials."""
    parts = httpx.URL(url)
    base = str(parts.copy_with(raw_path=b"/"))
    with Client(Deployment("document", "none", base, known=False), "document") as client:
        return read(client.send(Request("GET", "web", url, deadline=FETCH_DEADLINE)).expect(200).body, url)


def _workers() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def _commit() -> str:
    """Return the commit that is verified, as CI names it or as git does; the same every time where neither knows."""
    if told := os.environ.get("GITHUB_SHA") or os.environ.get("CI_COMMIT_SHA"):
        return told
    try:
        asked = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True)  # noqa: S607 - git is where the path says
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip()


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
