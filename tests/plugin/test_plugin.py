"""The plugin, by running real suites with it: what becomes of each way in which a test can end."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result

RunSuite = Callable[..., Result]


def test_good(run_suite: RunSuite, site: str) -> None:
    result = run_suite(
        "from postflight.flow import Request\ndef test_x(api): api.send(Request('GET', 'web', '/')).expect(200)",
        "--base-url",
        site,
    )
    assert (result.decision, result.exit_code) == ("promote", 0), result.output
    assert "PROMOTE" in result.output


@pytest.mark.parametrize(
    ("body", "status", "decision"),
    [
        ("assert 1 == 2, 'one is not two'", "bad", "hold"),
        ("pytest.fail('it is broken')", "bad", "hold"),
        ("from postflight.errors import UnexpectedAnswer as E; raise E('no', expected='a', seen='b')", "bad", "hold"),
        ("raise KeyError('our own bug')", "invalid", "invalid"),
        ("from postflight.errors import ConfigError as E; raise E('no account')", "invalid", "invalid"),
        ("from postflight.errors import NotEnoughEvidence as E; raise E('pool is full')", "unknown", "hold"),
        ("pytest.skip('the target does not answer')", "unknown", "hold"),
        ("pytest.xfail('known')", "unknown", "hold"),
    ],
)
def test_what_an_end_means(run_suite: RunSuite, site: str, body: str, status: str, decision: str) -> None:
    result = run_suite(f"def test_x(): {body}\ndef test_good(): pass", "--base-url", site)
    assert result.statuses() == {"preflight": "good", "test_x": status, "test_good": "good"}, result.output
    assert result.decision == decision
    assert result.exit_code == 1, "pytest must not be green when the verdict is not"


def test_a_failing_fixture_is_judged_as_what_it_raises(run_suite: RunSuite, site: str) -> None:
    source = """
@pytest.fixture
def broken(): raise RuntimeError("crash of the suite")
@pytest.fixture
def leaves_a_mess():
    yield
    assert False, "could not delete what was created"
def test_setup(broken): pass
def test_teardown(leaves_a_mess): pass
"""
    result = run_suite(source, "--base-url", site)
    assert result.statuses() == {"preflight": "good", "test_setup": "invalid", "test_teardown": "bad"}


def test_failing_once_is_flaky_and_keeps_the_first_evidence(run_suite: RunSuite, site: str) -> None:
    source = "tries = []\ndef test_x():\n    tries.append(1)\n    assert len(tries) > 1, 'first try failed'"
    result = run_suite(source, "--base-url", site)
    assert result.statuses()["test_x"] == "flaky"
    assert (result.decision, result.exit_code) == ("hold", 1)
    assert "first try failed" in result.finding("test_x")["summary"]


def test_a_budget_broken_once_is_flaky(run_suite: RunSuite, site: str) -> None:
    source = """
slow = [9.0]
@pytest.mark.measures("page.load")
def test_x(measure): measure("page.load", slow.pop() if slow else 0.1)
"""
    limits = """
version: 1
platforms: {any: {budgets: {smoke: {page.load: {at_most: 2 s, on_breach: hold}}}}}
"""
    result = run_suite(source, "--base-url", site, budgets=limits)
    assert result.statuses()["test_x"] == "flaky"
    finding = result.finding("test_x")
    assert "page.load was 9 s" in finding["summary"]
    assert [measured["values"] for measured in finding["measurements"]] == [[9.0]]


@pytest.mark.parametrize(("chosen", "refused"), [([], True), (["smoke"], True), (["smoke/part"], False)])
def test_a_budget_that_no_check_measures_is_refused_where_the_whole_suite_runs(
    run_suite: RunSuite, site: str, tmp_path: Path, chosen: list[str], refused: bool
) -> None:
    part = tmp_path / "suite" / "smoke" / "part"
    part.mkdir(parents=True)
    (part / "test_part.py").write_text("import pytest\n@pytest.mark.smoke\ndef test_y(): pass\n")
    limits = """
version: 1
platforms: {any: {budgets: {smoke: {page.lod: {at_most: 2 s, on_breach: hold}}}}}
"""
    result = run_suite("def test_x(): pass", "--base-url", site, *chosen, budgets=limits)
    assert ("budgets.yaml:3: no check of smoke measures 'page.lod'" in result.output) is refused, result.output
    assert result.decision == ("invalid" if refused else "promote")


def test_a_budget_that_warns_does_not_hide_what_a_page_suffered(run_suite: RunSuite, site: str) -> None:
    source = """
from postflight.errors import PageTrouble
from postflight.pytest_plugin.state import CHECKS_AFTER_CALL
def suffered(): raise PageTrouble("a script failed")
@pytest.mark.measures("page.load")
def test_x(measure, request):
    measure("page.load", 9.0)
    request.node.stash[CHECKS_AFTER_CALL].append(suffered)
"""
    limits = """
version: 1
platforms: {any: {budgets: {smoke: {page.load: {at_most: 2 s, on_breach: warn}}}}}
"""
    result = run_suite(source, "--base-url", site, budgets=limits)
    assert result.decision == "hold", result.output
    assert result.finding("test_x")["summary"] == "a script failed"


def test_an_exit_code_that_is_not_pytests_own_is_invalid(run_suite: RunSuite, site: str) -> None:
    result = run_suite("def test_x(): pytest.exit('a plugin has had enough', returncode=42)", "--base-url", site)
    assert result.decision == "invalid", result.output
    assert "pytest ended with exit code 42" in {reason["text"] for reason in result.verdict["reasons"]}


def test_what_shares_something_scarce_shares_a_worker(run_suite: RunSuite, site: str, tmp_path: Path) -> None:
    source = f"""
import os, pathlib
def note(name): pathlib.Path({str(tmp_path)!r}, name).write_text(os.environ["PYTEST_XDIST_WORKER"])
@pytest.mark.xdist_group("previews")
@pytest.mark.parametrize("number", range(4))
def test_previews(number): note(f"{{number}}.pool")
@pytest.mark.load
@pytest.mark.parametrize("number", range(4))
def test_load(number): note(f"{{number}}.rate")
@pytest.mark.load
@pytest.mark.xdist_group("previews")
def test_both(): pass
"""
    result = run_suite(source, "--base-url", site, "-n", "2")
    assert result.decision == "promote", result.output
    for kind in ("pool", "rate"):
        workers = [path.read_text() for path in tmp_path.glob(f"*.{kind}")]
        assert len(workers) == 4
        assert len(set(workers)) == 1


def test_nothing_collected_is_invalid(run_suite: RunSuite, site: str) -> None:
    result = run_suite("", "--base-url", site)
    assert result.decision == "invalid"
    assert result.exit_code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "no check was collected" in result.output


def test_all_deselected_is_invalid(run_suite: RunSuite, site: str) -> None:
    result = run_suite("def test_x(): pass", "--base-url", site, "-k", "nothing")
    assert result.decision == "invalid"
    assert result.exit_code != 0


def test_a_file_that_cannot_be_collected_is_invalid(run_suite: RunSuite, site: str) -> None:
    result = run_suite("import no_such_module", "--base-url", site)
    assert result.decision == "invalid"
    assert result.exit_code != 0


def test_not_allowed_is_excluded_and_alone_it_is_nothing(run_suite: RunSuite, site: str) -> None:
    result = run_suite("@pytest.mark.needs('create')\ndef test_x(): assert False", "--base-url", site)
    assert result.statuses()["test_x"] == "excluded"
    assert (result.decision, result.exit_code) == ("invalid", 1)
    assert "does not allow: create" in result.output


def test_another_browser_is_excluded_where_it_cannot_tell_and_invalid_where_it_is_not_here(
    run_suite: RunSuite, site: str, tmp_path: Path
) -> None:
    source = "@pytest.mark.only_browser('chromium')\ndef test_protocol(page): pass\ndef test_any(page): pass"
    nowhere = {"PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    result = run_suite(source, "--base-url", site, "--browser", "firefox", env=nowhere)
    assert result.statuses() | {"preflight": ""} == {
        "preflight": "", "test_protocol[firefox]": "excluded", "test_any[firefox]": "invalid",
    }  # fmt: skip
    assert result.finding("test_any[firefox]")["summary"].startswith("Playwright has no firefox here. Run `playwright")


def test_another_browser_is_started_as_playwright_has_it(run_suite: RunSuite, site: str) -> None:
    source = """
import types
@pytest.fixture(scope="session")
def browser_type(): return types.SimpleNamespace(name="webkit", executable_path=__file__)
def test_x(browser_type_launch_args): assert not {"executable_path", "args"} & set(browser_type_launch_args)
"""
    assert run_suite(source, "--base-url", site, "--browser", "webkit").statuses()["test_x[webkit]"] == "good"


def test_an_unknown_permission_is_our_error(run_suite: RunSuite, site: str) -> None:
    result = run_suite("@pytest.mark.needs('creat')\ndef test_x(): pass", "--base-url", site)
    assert result.exit_code != 0
    assert "needs(creat)" in result.output
    assert result.decision == "invalid"


def test_other_platforms_checks_are_left_out(run_suite: RunSuite, site: str) -> None:
    source = "@pytest.mark.platform('velocity')\ndef test_x(): assert False\ndef test_y(): pass"
    assert run_suite(source, "--base-url", site).statuses() == {"preflight": "good", "test_y": "good"}


def test_a_metric_that_is_announced_and_not_measured_is_invalid(run_suite: RunSuite, site: str) -> None:
    source = "@pytest.mark.measures('page.load')\ndef test_x(measure): pass"
    assert run_suite(source, "--base-url", site).statuses()["test_x"] == "invalid"


def test_a_dead_worker_is_invalid_also_when_the_rest_is_good(run_suite: RunSuite, site: str) -> None:
    source = "import os\ndef test_dies(): os._exit(1)\ndef test_good(): pass"
    result = run_suite(source, "--base-url", site, "-n", "2")
    assert result.decision == "invalid", result.output
    assert result.statuses()["test_dies"] == "invalid"
    assert result.exit_code != 0


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_the_same_with_and_without_workers(run_suite: RunSuite, site: str, workers: tuple[str, ...]) -> None:
    source = """
@pytest.mark.xdist_group("previews")
@pytest.mark.covers("VEL-S1")
@pytest.mark.measures("page.load")
def test_good(measure): measure("page.load", 0.5)
@pytest.mark.parametrize("n", [1, 2])
def test_bad(n): assert n == 1
"""
    result = run_suite(source, "--base-url", site, *workers)
    assert result.statuses() == {"preflight": "good", "test_good": "good", "test_bad[1]": "good", "test_bad[2]": "bad"}
    assert result.verdict["planned"] == 3
    good = result.finding("test_good")
    assert good["covers"] == ["VEL-S1"]
    assert [m["metric"] for m in good["measurements"]] == ["page.load"]


def test_stopping_early_is_not_promote(run_suite: RunSuite, site: str) -> None:
    result = run_suite("def test_a(): pytest.exit('enough')\ndef test_b(): pass", "--base-url", site)
    assert result.decision == "invalid"
    assert result.exit_code != 0


def test_a_stale_verdict_does_not_survive_a_crash(run_suite: RunSuite, site: str) -> None:
    assert run_suite("def test_x(): pass", "--base-url", site).decision == "promote"
    result = run_suite("import os\ndef test_x(): os._exit(0)", "--base-url", site)
    assert not (result.reports / "verdict.json").exists()


def test_configuration_errors_name_the_place_and_leave_no_green(run_suite: RunSuite, site: str) -> None:
    result = run_suite("def test_x(): pass", "--base-url", site, budgets="version: 1\nvelocty: {}\n")
    assert result.exit_code == pytest.ExitCode.USAGE_ERROR
    assert "budgets.yaml:2" in result.output
    assert not (result.reports / "verdict.json").exists()


def test_the_librarys_own_tests_pass_through(run_suite: RunSuite) -> None:
    result = run_suite("", "--collect-only")
    assert not result.reports.exists()


SECRET = "hunter2-äöü/+%&"
LEAKS = """
import base64, logging
from urllib.parse import quote
SECRET = {secret!r}
def test_traceback():
    password = SECRET
    raise RuntimeError(f"login with {{password}} failed")
def test_assertion():
    assert {{"password": SECRET}} == {{}}
def test_printed():
    print(SECRET, quote(SECRET), base64.b64encode(SECRET.encode()).decode())
    logging.getLogger().warning("token %s", SECRET)
    assert False
def test_fault():
    from postflight.errors import UnexpectedAnswer
    raise UnexpectedAnswer(f"https://u:{{quote(SECRET)}}@x/", expected=SECRET, seen=SECRET, where=SECRET, curl=SECRET)
@pytest.mark.parametrize("value", [SECRET])
def test_warned(value):
    import warnings
    warnings.warn(SECRET)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_secrets_reach_no_output(run_suite: RunSuite, site: str, workers: tuple[str, ...]) -> None:
    deployments = f"""
version: 1
platforms:
  velocity:
    environments:
      here:
        base_url: {site}
        secrets: {{orchestrator_token: PLANTED}}
"""
    result = run_suite(
        LEAKS.format(secret=SECRET),
        "--environment",
        "here",
        "--showlocals",
        *workers,
        env={"PLANTED": SECRET},
        deployments=deployments,
    )
    written = {path.name: path.read_text(errors="replace") for path in result.reports.rglob("*") if path.is_file()}
    assert {"verdict.json", "junit.xml", "summary.md"} <= written.keys(), result.output
    escaped = json.dumps(SECRET)[1:-1]
    for name, text in {**written, "output": result.output}.items():
        for form in (SECRET, escaped, "hunter2"):
            assert form not in text, f"{name} leaks the secret"


def test_ctrl_c_ends_with_a_verdict(run_suite: RunSuite, site: str) -> None:
    source = "import os, signal\ndef test_x(): os.kill(os.getpid(), signal.SIGINT)\ndef test_y(): pass"
    result = run_suite(source, "--base-url", site)
    assert result.decision == "invalid"
    assert result.exit_code == pytest.ExitCode.INTERRUPTED


COVERING = """
@pytest.mark.covers("VEL-S1")
def test_page(): pass

@pytest.mark.covers("VEL-S2")
def test_sign_in(): assert False

@pytest.mark.covers("VEL-S3")
def test_projects(): pass

def test_nothing_named(): assert False
"""


def test_covers_chooses_the_checks_of_requirements(run_suite: Callable[..., Result], site: str) -> None:
    result = run_suite(COVERING, "--base-url", site, "--covers=VEL-S1", "--covers=VEL-S3")
    assert (result.decision, result.exit_code) == ("promote", 0), result.output
    assert result.statuses() == {"preflight": "good", "test_page": "good", "test_projects": "good"}


@pytest.mark.parametrize(
    ("requirement", "words"),
    [("VEL-S9", "nothing was verified"), ("VEL-S11", "--covers: unknown requirement 'VEL-S11'; did you mean 'VEL-S1")],
)
def test_covers_is_never_green_on_nothing(
    run_suite: Callable[..., Result], site: str, requirement: str, words: str
) -> None:
    result = run_suite(COVERING, "--base-url", site, f"--covers={requirement}")
    assert result.exit_code not in {0, 10, 20}
    assert words in result.output
