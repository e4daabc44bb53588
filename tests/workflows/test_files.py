"""What holds for all workflow files: the schema, zizmor, pinned actions, least permissions, no inputs in scripts."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.workflows.steps import ACTION, GITHUB, WORKFLOWS, load, steps

# read from the actions' own repositories: the commits that these release tags name
PINNED = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "actions/cache/restore": ("27d5ce7f107fe9357f9df03efb73ab90386fccae", "v5.0.5"),
    "actions/cache/save": ("27d5ce7f107fe9357f9df03efb73ab90386fccae", "v5.0.5"),
    "github/codeql-action/upload-sarif": ("8aad20d150bbac5944a9f9d289da16a4b0d87c1e", "v4.36.2"),
}
USES = re.compile(r"^\s*(?:- )?uses: (\S+?)(?:@(\S+))?(?: # (\S+))?$", re.MULTILINE)
BUILT_IN = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.github-actions": (ACTION,),
    "vendor.dependabot": (GITHUB / "dependabot.yml",),
}


def check(*command: str) -> str:
    """Run a program of this environment; its output when it complains, else nothing."""
    program = Path(sysconfig.get_path("scripts")) / command[0]
    done = subprocess.run(
        [program if program.exists() else command[0], *command[1:]],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_zizmor_finds_nothing() -> None:
    assert not check("zizmor", "--offline", "--persona=pedantic", "--no-progress", "--color=never", ".github")


def test_zizmor_would_find_an_input_in_a_script(tmp_path: Path) -> None:
    text = (
        ACTION.read_text()
        .replace('BASE_URL="$BASE_URL"', "")
        .replace('"$PLATFORM" "$ENV', '"${{ inputs.platform }}" "$ENV')
    )
    assert text != ACTION.read_text()
    (tmp_path / "action.yml").write_text(text)
    assert "template-injection" in check("zizmor", "--offline", "--no-progress", "--color=never", str(tmp_path))


@pytest.mark.parametrize("schema", BUILT_IN)
def test_files_fit_githubs_schema(schema: str) -> None:
    assert not check(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, BUILT_IN[schema]))


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_actions_are_pinned_to_the_commits_of_their_releases(path: Path) -> None:
    for name, commit, tag in USES.findall(path.read_text()):
        if name.startswith("./"):
            assert (ROOT / name / "action.yml").is_file()
        else:
            assert (commit, tag) == PINNED[name], name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_given_job_by_job(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        writes = {right for right, level in job["permissions"].items() if level != "read"}
        assert writes <= ({"security-events"} if (path.name, name) == ("post-deploy.yml", "gate") else set())
        assert job["timeout-minutes"] <= 60
        assert all(
            step["with"]["persist-credentials"] is False
            for step in job["steps"]
            if step.get("uses", "").startswith("actions/checkout@")
        )


def test_no_script_holds_an_expression() -> None:
    assert not [(place, step["name"]) for place, step in steps() if "${{" in step.get("run", "")]


def test_only_the_gate_of_a_deployment_sees_secrets_and_only_in_the_step_that_needs_them() -> None:
    for path in WORKFLOWS:
        workflow = load(path)
        assert "secrets." not in str(workflow.get("env", ""))
        for name, job in workflow["jobs"].items():
            holders = {step["name"] for step in job["steps"] if "secrets." in str(step)}
            allowed = {"Postflight"} if name in {"gate", "load"} else {"Roll back"} if name == "rollback" else set()
            assert holders <= allowed
            assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"})


def test_the_gate_of_a_deployment_is_given_the_secrets_that_deployments_yaml_names() -> None:
    named = {
        name
        for platform in load(ROOT / "deployments.yaml")["platforms"].values()
        for where, environment in platform["environments"].items()
        if where in {"staging", "production"}
        for names in (*environment.get("accounts", {}).values(), environment.get("secrets", {}))
        for name in names.values()
    }
    workflow = load(GITHUB / "workflows" / "post-deploy.yml")
    (postflight,) = [step for step in workflow["jobs"]["gate"]["steps"] if step.get("name") == "Postflight"]
    assert postflight["env"] == {name: f"${{{{ secrets.{name} }}}}" for name in named}
    assert set(workflow["on"]["workflow_call"]["secrets"]) == named | {"ROLLBACK_TOKEN"}
