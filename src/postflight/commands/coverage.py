"""`postflight coverage`: which tests, budgets, triggers and faults serve which requirement, as docs/coverage.md."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from postflight.config import budgets
from postflight.config.nearest import did_you_mean
from postflight.config.requirements import Requirement, load_requirements
from postflight.errors import CannotMeasure, ConfigError

SUITES = ("smoke", "security", "contract", "performance", "load")
FILE = Path("docs/coverage.md")
_DEADLINE = 30.0  # seconds for the list of faults


class Fault(BaseModel):
    """One fault that the reference platform can plant, as `--list-faults --json` prints it."""

    model_config = ConfigDict(strict=True, frozen=True)

    name: str
    breaks: str
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a suite, and the requirements that it says it covers."""

    file: str  # relative to the project, with slashes
    name: str
    line: int
    covers: tuple[str, ...]


@click.command()
@click.option("--check", is_flag=True, help="change nothing; exit 1 when the file is not current")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), default=FILE, show_default=True)
def coverage(*, check: bool, output: Path) -> None:
    """Generate the table: requirement -> tests, limits, faults that turn it red. Run it in the project's folder."""
    try:
        text = coverage_text(Path.cwd())
    except CannotMeasure as error:
        raise click.ClickException(str(error)) from error
    if not check:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    elif not output.is_file() or output.read_text(encoding="utf-8") != text:
        raise click.ClickException(f"{output} is not current; run `postflight coverage` and commit it")


def coverage_text(root: Path) -> str:
    """Return the document for the project in `root`. Raises `ConfigError` for a requirement that does not exist."""
    tests = [test for suite in SUITES for test in find_tests(root, suite)]
    faults = list_faults(root)
    known = load_requirements()
    for test in tests:
        _expect_known(test.covers, f"{test.file}:{test.line}", known)
    for fault in faults:
        _expect_known(fault.covers, f"fault {fault.name}", known)

    return _render(
        known.values(),
        tests=_by_requirement((f"[{test.name}](../{test.file})", test.covers) for test in tests),
        limits=_by_requirement(_limits(root)),
        triggers=_by_requirement(_triggers(root)),
        faults=_by_requirement((f"`{fault.name}`", fault.covers) for fault in faults),
    )


def _by_requirement(pairs: Iterable[tuple[str, Iterable[str]]]) -> Mapping[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for text, covers in pairs:
        for requirement in covers:
            found[requirement].append(text)
    return found


def find_tests(root: Path, suite: str) -> Iterator[Test]:
    """Read the tests of a suite and their `covers` marks from the source, without importing it."""
    for path in sorted((root / suite).rglob("test_*.py")):
        file = path.relative_to(root).as_posix()
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError) as problem:
            raise ConfigError(f"{file} is no Python: {problem}", where=file) from problem
        yield from _tests(tree.body, file, "", ())


def _tests(body: Sequence[ast.stmt], file: str, prefix: str, inherited: tuple[str, ...]) -> Iterator[Test]:
    marks = [node.value for node in body if isinstance(node, ast.Assign) and _assigns(node, "pytestmark")]
    inherited += _covered(marks, file)
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests(
                node.body, file, f"{prefix}{node.name}::", inherited + _covered(node.decorator_list, file)
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            covers = inherited + _covered(node.decorator_list, file)
            yield Test(file, prefix + node.name, node.lineno, tuple(dict.fromkeys(covers)))


def _assigns(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def _covered(expressions: Iterable[ast.expr], file: str) -> tuple[str, ...]:
    """Return the ids in all `....mark.covers("A", "B")` of some expressions, those inside `parametrize` included."""
    found: list[str] = []
    for call in (node for expression in expressions for node in ast.walk(expression) if isinstance(node, ast.Call)):
        if ast.unparse(call.func).endswith("mark.covers"):
            for argument in call.args:
                if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                    raise ConfigError(
                        f"{file}:{call.lineno}: covers takes texts, so that it can be read without running the test;"
                        f" found {ast.unparse(argument)}",
                        where=f"{file}:{call.lineno}",
                    )
                found.append(argument.value)
    return tuple(found)


def list_faults(root: Path) -> tuple[Fault, ...]:
    """Ask the reference platform which faults it can plant; none where there is no reference platform."""
    if not (root / "reference" / "__main__.py").is_file():
        return ()
    command = [sys.executable, "-m", "reference", "--list-faults", "--json"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=_DEADLINE, check=True)  # noqa: S603 - ours
        return TypeAdapter(tuple[Fault, ...]).validate_json(done.stdout)
    except subprocess.CalledProcessError as problem:
        said = problem.stderr.decode("utf-8", "replace").strip()[-500:]
        raise CannotMeasure(f"python -m reference --list-faults exited with {problem.returncode}: {said}") from problem
    except subprocess.TimeoutExpired as problem:
        raise CannotMeasure(f"python -m reference --list-faults took more than {_DEADLINE:.0f} s") from problem
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise CannotMeasure(
            f"python -m reference --list-faults --json printed no list of faults: {where or 'all'}: {first['msg']}",
            expected='[{"name": ..., "breaks": ..., "covers": [...]}, ...]',
        ) from None


def _limits(root: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    file = root / budgets.FILE
    if file.is_file():
        for stage in budgets.load_budgets(file).budgets.values():
            for budget in stage.values():
                yield f"`{budget.metric}` {budget.limit}", budget.covers


def _triggers(root: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    file = root / budgets.FILE
    if file.is_file():
        for platform, triggers in budgets.load_budgets(file).triggers.items():
            for name, words in triggers.words.items():
                yield f"{platform}: `{name}` {words}", words.covers


def _expect_known(covers: Iterable[str], where: str, known: Mapping[str, Requirement]) -> None:
    for requirement in covers:
        if requirement not in known:
            hint = did_you_mean(requirement, known)
            raise ConfigError(f"{where}: unknown requirement {requirement!r}{hint}", where=where)


def _render(
    requirements: Iterable[Requirement],
    tests: Mapping[str, list[str]],
    limits: Mapping[str, list[str]],
    triggers: Mapping[str, list[str]],
    faults: Mapping[str, list[str]],
) -> str:
    rows = list(requirements)
    served = sum(row.id in tests or row.id in triggers for row in rows)
    lines = [
        "# What is verified",
        "",
        "<!-- Generated by `postflight coverage`. Do not edit. -->",
        "",
        "Each requirement, the tests, budgets and triggers of the watch that serve it, and the planted faults that",
        f"turn it red. {served} of {len(rows)} requirements have a test or a trigger; the others are shown as **gap**.",
    ]
    platform = ""
    for row in rows:
        if row.platform != platform:
            platform = row.platform
            lines += [
                "",
                f"## {platform}",
                "",
                "| id | what must hold | tests | budgets | triggers | faults |",
                "|---|---|---|---|---|---|",
            ]
        cells = [
            f"{row.id}",
            f"{row.text} ({row.source})".replace("|", "\\|"),
            ", ".join(tests.get(row.id, ())) or ("" if row.id in triggers else "**gap**"),
            ", ".join(limits.get(row.id, ())),
            ", ".join(triggers.get(row.id, ())),
            ", ".join(faults.get(row.id, ())),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
