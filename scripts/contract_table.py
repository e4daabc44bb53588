"""Compare the contract stage with Schemathesis as it comes, on the same planted faults and the same machine.

    python scripts/contract_table.py run --way cli --way pytest --way ours [--fault NAME ...]   # resumes
    python scripts/contract_table.py show                                                       # as Markdown

Each fault is planted alone in a reference platform of its own. A fault counts as found when a failure is told that the
same tool does not tell of the healthy platform. Outcomes are kept in reports/contract-table/.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import click

from postflight.reference_process import READY_VARIABLE, reference_platform
from reference import faults

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "contract" / "velocity.openapi.yaml"
KEPT = ROOT / "reports" / "contract-table"  # one file for each way
DEADLINE = 240.0  # seconds of one run
HEALTHY = ""  # the name of no fault
SEED = "1"

SIXTY = (
    "order-ignored", "health-200-degraded", "signed-out-token-lives", "preview-read-by-others",
    "project-changed-by-others", "file-read-by-others", "patch-not-saved", "type-wrong", "version-header-missing",
    "preview-of-any-project", "rare-500", "pages-overlap", "location-elsewhere", "preview-ended-by-others",
    "project-deleted-by-others", "user-enumeration", "name-trimmed", "delete-again-crashes", "sort-ignored",
    "created-at-changes", "error-sql", "no-challenge", "preview-of-another", "date-format", "size-in-characters",
    "types-coerced", "limit-ignored", "bad-id-crashes", "health-without-check", "patch-answers-old",
    "files-outlive-project", "description-default-changed", "status-undocumented", "stale-read", "field-null",
    "total-of-page", "name-normalised", "null-crashes", "projects-listed-to-others", "deleted-still-listed",
    "filter-exact", "secret-leaked", "project-read-by-others", "private-cached", "file-written-by-others",
    "pages-skip", "offset-ignored", "route-removed", "name-without-emoji", "order-default-changed", "head-refused",
    "name-lowered", "file-deleted-by-others", "filter-ignored", "files-listed-to-others", "empty-body-crashes",
    "error-shape", "allow-wrong", "long-name-accepted", "previews-listed-to-others",
)  # fmt: skip
"""Of all kinds: each second or third of the list. In mixed order, so that what a cut run has done is a sample, too."""

# as its documentation shows it, with a token; signing out is left out, or nobody would be signed in afterwards
PYTEST_SUITE = """\
import os
import schemathesis

schema = schemathesis.openapi.from_path(os.environ["DOCUMENT"]).exclude(path="/api/auth/logout")
schema.config.update(base_url=os.environ["BASE_URL"])


@schema.parametrize()
def test_api(case):
    case.call_and_validate(headers={"Authorization": "Bearer " + os.environ["TOKEN"]})
"""


@click.group()
def main() -> None:
    """Compare, or show what was compared."""


@main.command("run")
@click.option("--way", "ways", multiple=True, type=click.Choice(["cli", "pytest", "ours"]), required=True)
@click.option("--fault", "names", multiple=True, help="only these; default: sixty of all kinds")
@click.option("--all", "everything", is_flag=True, help="all of the contract")
@click.option("--workers", default=2, show_default=True, help="processes of `ours`")
def run_all(ways: tuple[str, ...], names: tuple[str, ...], everything: bool, workers: int) -> None:  # noqa: FBT001 - click's
    """Run what has not been run yet."""
    planted = tuple(fault.name for fault in faults.IN_CONTRACT) if everything else names or SIXTY
    for fault in (HEALTHY, *planted):
        for way in ways:
            kept = _load()
            key = f"{way}|{fault}"
            if key in kept:
                continue
            with reference_platform(["--fault", fault] if fault else []) as ready:
                started = time.monotonic()
                told = _WAYS[way](ready, workers)
                seconds = round(time.monotonic() - started, 1)
            _keep(way, key, {"told": sorted(told), "seconds": seconds})
            click.echo(f"{way:7} {fault or 'healthy':30} {seconds:6.1f} s  {len(told)} told")


@main.command("show")
def show() -> None:
    """Print the table."""
    kept = _load()
    ways = [way for way in _WAYS if f"{way}|{HEALTHY}" in kept]
    click.echo(f"| fault | {' | '.join(_TITLES[way] for way in ways)} |")
    click.echo(f"|---|{'---|' * len(ways)}")
    compared = [f.name for f in faults.IN_CONTRACT if all(f"{way}|{f.name}" in kept for way in ways)]
    found = dict.fromkeys(ways, 0)
    for fault in compared:
        cells = []
        for way in ways:
            new = set(kept[f"{way}|{fault}"]["told"]) - set(kept[f"{way}|{HEALTHY}"]["told"])
            found[way] += bool(new)
            cells.append(_cell(new))
        click.echo(f"| `{fault}` | {' | '.join(cells)} |")
    click.echo(f"| **found of {len(compared)}** | {' | '.join(str(found[way]) for way in ways)} |")
    for title, number in (("told of the healthy platform", 0), ("median seconds", 1)):
        cells = []
        for way in ways:
            runs = sorted(kept[f"{way}|{fault}"]["seconds"] for fault in compared or [HEALTHY])
            cells.append(str(len(kept[f"{way}|{HEALTHY}"]["told"])) if number == 0 else str(runs[len(runs) // 2]))
        click.echo(f"| {title} | {' | '.join(cells)} |")


def _cell(told: set[str]) -> str:
    """Return what was told; of ours one check of each part of the stage."""
    parts = {one.partition(": ")[0]: one for one in sorted(told, reverse=True) if one.startswith(_PARTS)}
    return ", ".join(f"{part} `{parts[part].partition(': ')[2]}`" for part in sorted(parts)) or min(told, default="-")


def _cli(ready: str, _workers: int) -> set[str]:
    base, token = _addresses(ready)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.ndjson"
        _process(
            [
                "st", "run", str(DOCUMENT), "--url", base, "-H", f"Authorization: Bearer {token}", "--seed", SEED,
                "--exclude-path", "/api/auth/logout", "--phases", "examples,coverage,fuzzing,stateful",
                "--report", "ndjson", "--report-ndjson-path", str(report),
            ],
            {}, folder,
        )  # fmt: skip
        return _failures(report) if report.exists() else {"crashed"}


def _pytest(ready: str, _workers: int) -> set[str]:
    base, token = _addresses(ready)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_api.py").write_text(PYTEST_SUITE)
        environment = {"BASE_URL": base, "TOKEN": token, "DOCUMENT": str(DOCUMENT)}
        out = _process(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:locust", "--tb=short", "-rf", f"--hypothesis-seed={SEED}",
             f"--rootdir={folder}", folder],
            environment, folder,
        )  # fmt: skip
        lines = [line.strip(" |E") for line in out.splitlines()]
        titles = {line.removeprefix("- ") for line in lines if line.startswith("- ST")}
        return titles | {line.partition("::")[2].partition(" - ")[0] for line in lines if line.startswith("FAILED")}


def _ours(ready: str, workers: int) -> set[str]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-m", "contract", "-n", str(workers), "-q", "--reports", folder]
        _process([*command, "-p", "no:cacheprovider", "contract"], {READY_VARIABLE: ready}, str(ROOT))
        path = Path(folder) / "verdict.json"
        if not path.exists():
            return {"crashed"}
        findings = json.loads(path.read_text())["verdict"]["findings"]
    return {_part(one["check"]) for one in findings if one["status"] not in {"good", "excluded"}}


def _part(check: str) -> str:
    """Return `invariants: test_order` for the id of a check: which part of the stage it belongs to, and its name."""
    file, _, name = check.partition("::")
    part = {"test_fuzz": "generated", "test_document": "document"}.get(Path(file).stem, "invariants")
    return f"{part}: {name.partition('[')[0]}"


_WAYS: dict[str, Callable[[str, int], set[str]]] = {"cli": _cli, "pytest": _pytest, "ours": _ours}
_TITLES = {"cli": "`st run`, all phases", "pytest": "its pytest integration", "ours": "`pytest -m contract`"}


_PARTS = ("document: ", "generated: ", "invariants: ")


def _failures(report: Path) -> set[str]:
    """Return the failures that Schemathesis' event stream tells of, by operation and kind."""
    told: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            if {"title", "operation", "code", "severity"} <= value.keys():
                told.add(f"{value['operation']}: {value['title']}")
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    for line in report.read_text().splitlines():
        look(json.loads(line))
    return told


def _addresses(ready: str) -> tuple[str, str]:
    """Return the base URL of a started reference platform, and a token of its first account."""
    told = json.loads(ready)
    base, account = told["web"], told["accounts"]["primary"]
    body = json.dumps({"email": account["email"], "password": account["password"]}).encode()
    request = urllib.request.Request(f"{base}/api/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return base, json.loads(answer.read())["token"]


def _process(command: list[str], environment: dict[str, str], folder: str) -> str:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    try:
        done = subprocess.run(
            command, cwd=folder, env=os.environ | {"PYTHONPATH": paths} | environment,
            capture_output=True, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "timed out"
    return done.stdout + done.stderr


def _load() -> dict[str, dict[str, list[str] | float]]:
    kept: dict[str, dict[str, list[str] | float]] = {}
    for path in KEPT.glob("*.json"):
        kept |= json.loads(path.read_text())
    return kept


def _keep(way: str, key: str, outcome: dict[str, list[str] | float]) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{way}.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | {key: outcome}, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
