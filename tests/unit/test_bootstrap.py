"""Set-up from nothing, without installing anything: what is decided, and what is said when it cannot go on."""

import ast
import fcntl
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "scripts" / "bootstrap.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with lock files and something that looks like a virtual environment."""
    (tmp_path / "requirements").mkdir()
    for name in ("requirements/suite.txt", "requirements/dev.txt", "pyproject.toml"):
        (tmp_path / name).write_text(name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    return tmp_path


def test_what_is_stamped_is_there_until_its_lock_changes(bootstrap: ModuleType, checkout: Path) -> None:
    venv = bootstrap.Venv(checkout)
    assert not venv.has("suite")
    venv.mark("suite")
    assert venv.has("suite")
    assert not venv.has("dev")
    (checkout / "requirements" / "suite.txt").write_text("changed")
    assert not venv.has("suite")


def test_dev_holds_all_of_suite(bootstrap: ModuleType, checkout: Path) -> None:
    venv = bootstrap.Venv(checkout)
    venv.mark("dev")
    assert venv.has("suite")


def test_a_checkout_that_was_moved_is_set_up_again(bootstrap: ModuleType, checkout: Path) -> None:
    bootstrap.Venv(checkout).mark("suite")
    moved = checkout.rename(checkout.with_name("moved"))
    assert not bootstrap.Venv(moved).has("suite")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"sets": 1}'])
def test_a_stamp_that_cannot_be_read_is_none(bootstrap: ModuleType, checkout: Path, content: str) -> None:
    venv = bootstrap.Venv(checkout)
    venv.stamp.write_text(content)
    assert not venv.has("suite")


def test_a_venv_without_python_is_none(bootstrap: ModuleType, checkout: Path) -> None:
    venv = bootstrap.Venv(checkout)
    venv.mark("suite")
    venv.python.unlink()
    assert not venv.has("suite")


def test_a_second_setup_waits_for_the_first_and_then_gives_up_with_a_sentence(
    bootstrap: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = tmp_path / "cache" / "lock"
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(bootstrap.SetupError, match="Another set-up holds"), bootstrap.only_one(lock, deadline=0):
            raise AssertionError
    assert "Waiting for another set-up" in capsys.readouterr().err
    with bootstrap.only_one(lock, deadline=0):
        pass


def test_without_ensurepip_and_apt_the_sentence_names_the_package(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "works", lambda _: False)
    monkeypatch.setattr(bootstrap, "privileged_apt", list)
    package = f"python3.{sys.version_info[1]}-venv"
    with pytest.raises(bootstrap.SetupError, match=rf"no ensurepip.*apt-get install {package}.*or uv"):
        bootstrap.ensure_ensurepip()


def test_a_failing_command_is_named(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.SetupError, match="failed with exit code 3"):
        bootstrap.run([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(bootstrap.SetupError, match="could not be started: No such file"):
        bootstrap.run(["/nowhere/uv"])


def test_a_command_ends_at_its_deadline(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "INSTALL_DEADLINE", 0.2)
    with pytest.raises(bootstrap.SetupError, match=r"not done within 0\.2 s"):
        bootstrap.run([sys.executable, "-c", "import time; time.sleep(60)"])


def test_an_old_python_is_refused_in_a_sentence(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(bootstrap, "newest_python", lambda: None)
    assert bootstrap.main(["suite"]) == 30
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_an_old_python_can_read_the_script_so_far() -> None:
    ast.parse((ROOT / "scripts" / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 8))


def test_the_lock_forgets_which_indexes_this_machine_uses(bootstrap: ModuleType) -> None:
    environ = {"PATH": "/bin", "PIP_FIND_LINKS": "/x", "UV_INDEX_URL": "x", "UV_FIND_LINKS": "x", "UV_CACHE_DIR": "c"}
    assert bootstrap.without_indexes(environ) == {"PATH": "/bin", "UV_CACHE_DIR": "c"}


@pytest.mark.parametrize("name", ["suite", "dev"])
def test_lock_files_are_hashed_and_name_no_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    packages = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(packages) > 20
    assert [package for package in packages if "--hash=sha256:" not in package] == []
    assert re.findall(r"://|find-links|index-url|^-|/opt|\.whl", text, re.MULTILINE) == []


def test_the_lock_holds_what_the_project_needs_and_its_builder() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    suite = [*project["project"]["dependencies"], *extras["reference"], *project["build-system"]["requires"]]
    for name, wanted in (("suite", suite), ("dev", [*suite, *extras["dev"]])):
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==", text, re.MULTILINE))
        names = {re.split(r"[\[<>=!~; ]", entry)[0].lower() for entry in wanted}
        names = {re.sub(r"[_.]", "-", found) for found in names}
        assert names - locked == set(), f"requirements/{name}.txt is older than pyproject.toml: run `make lock`"


def test_make_describes_each_of_its_targets() -> None:
    help_text = subprocess.check_output(["make", "-C", str(ROOT), "help"], text=True, timeout=20)
    for target in ("smoke", "test", "prove", "lint", "browser", "lock", "clean"):
        assert re.search(rf"^{target} +\w", help_text, re.MULTILINE), target


def test_actions_are_pinned_to_commits() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)", workflow)
    assert used
    assert [use for use in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []
