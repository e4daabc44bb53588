"""Acting exactly once: whoever is killed, and whenever; and what is told about it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postflight.rollback.ledger import read_history
from tests.conftest import ROOT
from tests.e2e.provider import Provider, provider

DEADLINE = 60.0  # seconds; bounds a hang, measures nothing
KILLED = str(Path(__file__).with_name("killed.py"))
SECRET = "whsec_" + "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo="
WRITES = 9  # of a whole rollback with one action and one channel: see `test_a_rollback_is_done_verified_and_told`
TRIGGERS = """
version: 1
platforms:
  shop:
    triggers:
      error_rate: {above: 5 %, within: 5 min, do: immediate_rollback}
      manual: {critical_bug: immediate_rollback, look: hold}
"""
WATCH = ("watch", "--for", "8s", "--every", "250ms", "--block", "500ms", "--act", "--environment", "production")
# those of which `make test` shows that they are the ones that matter; `make prove` kills at all of them
TELLING = (("after", 2), ("torn", 3), ("after", WRITES))
EVERYWHERE = tuple((when, number) for number in range(1, WRITES + 1) for when in ("before", "torn", "after"))


@pytest.fixture
def shop() -> Iterator[Provider]:
    with provider() as found:
        yield found


class Runs:
    """Runs of `postflight rollback` in one folder."""

    def __init__(self, folder: Path, shop: Provider) -> None:
        self.folder, self._shop = folder, shop
        (folder / "budgets.yaml").write_text(TRIGGERS)
        self.configure()

    def configure(self, extra: str = "") -> None:
        url = self._shop.url
        (self.folder / "deployments.yaml").write_text(f"""
version: 1
platforms:
  shop:
    environments:
      production:
        base_url: {url}
        services: {{web: {{health: /api/health}}}}
        rollback:
          serves: {{path: /api/health, field: version}}
          wait: 5 s
          immediate_rollback:
            - vercel: {{project: shop, token: SHOP_TOKEN, api: "{url}"}}
          channels: {{status: {{status_page: {{url: "{url}/hook", secret: SHOP_HOOK}}}}}}
          notify: {{P0: [status]}}
{extra}""")

    def start(
        self, *command: str, act: bool = True, trigger: str = "critical_bug", release: str = ""
    ) -> subprocess.Popen[str]:
        arguments = ["rollback", "--environment", "production", "--trigger", trigger, "--reason", "<b>it broke</b>"]
        arguments += [*(["--act"] if act else []), *(["--release", release] if release else [])]
        return self.begin(*command, *arguments)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Python with these arguments, on this shop."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("POSTFLIGHT_")}
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment
            | {
                "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
                "SHOP_TOKEN": "t0ken-of-the-shop",
                "SHOP_HOOK": SECRET,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._shop.caller = process.pid
        return process

    def run(self, *command: str, **options: object) -> tuple[int, str]:
        process = self.start(*(command or CLI), **options)  # type: ignore[arg-type]
        said, _ = process.communicate(timeout=DEADLINE)
        return process.returncode, said

    @property
    def stages(self) -> list[str]:
        """Every line of the action ledger, in order."""
        (ledger,) = self.folder.glob(".postflight/rollback/shop/production/1.5.0/ledger.jsonl")
        read_history(ledger.parent)  # raises for a line that is not as it was written
        lines = [json.loads(line) for line in ledger.read_text().splitlines()]
        return [line.get("stage") or line.get("what") or line["kind"] for line in lines]


CLI = ("-c", "from postflight.cli import main; main()")


@pytest.fixture
def runs(tmp_path: Path, shop: Provider) -> Runs:
    return Runs(tmp_path, shop)


def test_a_rollback_is_done_verified_and_told(runs: Runs, shop: Provider) -> None:
    code, said = runs.run()
    assert (code, shop.asked) == (0, ["dpl_old"]), said
    whole = ["case", "intent", "sent", "accepted", "told", "serves", "verified", "told", "ended"]
    assert runs.stages == whole
    assert len(whole) == WRITES
    assert [told["type"] for told in shop.told] == ["postflight.rollback.acted", "postflight.rollback.ended"]
    assert shop.told[0]["data"]["trigger"] == "critical_bug"
    assert "t0ken" not in said + (runs.folder / "reports" / "rollback" / "verdict.json").read_text()


@pytest.mark.parametrize(("when", "number"), EVERYWHERE)
def test_killed_anywhere_it_is_done_exactly_once(
    runs: Runs, shop: Provider, when: str, number: int, pytestconfig: pytest.Config
) -> None:
    if (when, number) not in TELLING and not pytestconfig.getoption("--prove"):
        pytest.skip("make prove kills at every write")
    code, said = runs.run(KILLED, when, str(number), "--")
    assert code == -9, said
    code, said = runs.run()
    assert shop.asked == ["dpl_old"], said
    assert runs.stages[-1] == "ended"
    if (when, number) == ("after", WRITES):  # all of it was done: the one that came back must not be rolled back too
        assert code == 30, said
        assert "1.4.2 serves since 1.5.0 was rolled back" in " ".join(said.split())
    else:
        assert code == 0, said


def test_killed_while_the_provider_acts_it_is_done_exactly_once(runs: Runs, shop: Provider) -> None:
    shop.kills_caller = True
    code, said = runs.run()
    assert (code, runs.stages) == (-9, ["case", "intent", "sent"]), said
    code, said = runs.run()
    assert (code, shop.asked) == (0, ["dpl_old"]), said
    assert "asked afterwards: the earlier release is live" in said


def test_a_lost_answer_is_asked_for_and_not_repeated(runs: Runs, shop: Provider) -> None:
    shop.status = 500
    code, said = runs.run()
    assert (code, shop.asked) == (0, ["dpl_old"]), said


def test_two_at_once_act_once(runs: Runs, shop: Provider) -> None:
    racing = [runs.start(*CLI) for _ in range(2)]
    said = [process.communicate(timeout=DEADLINE)[0] for process in racing]
    assert shop.asked == ["dpl_old"], said
    assert {process.returncode for process in racing} <= {0, 10}, said
    assert runs.stages.count("sent") == 1


def test_done_is_done(runs: Runs, shop: Provider) -> None:
    assert runs.run()[0] == 0
    shop.live = "dpl_new"  # somebody has promoted it again by hand: that is their decision
    for told in (3, 3):
        code, said = runs.run()
        assert (code, shop.asked) == (10, ["dpl_old"]), said
        assert "1.5.0 serves again, although run" in " ".join(said.split())
        assert len(shop.told) == told, "once is enough"
    assert shop.told[-1]["type"] == "postflight.rollback.again"
    code, said = runs.run(release="1.5.0-promoted-again")
    assert (code, shop.asked) == (0, ["dpl_old", "dpl_old"]), said


def test_accepted_and_not_served_is_no_good_rollback(runs: Runs, shop: Provider) -> None:
    shop.switches = False
    code, said = runs.run()
    assert code == 10, said
    assert "no other release serves" in said


def test_without_act_nothing_is_done(runs: Runs, shop: Provider) -> None:
    code, said = runs.run(act=False)
    assert (code, shop.asked, shop.told) == (0, [], []), said
    assert "would do: vercel shop: POST" in said
    assert "$SHOP_TOKEN" in said
    assert "t0ken" not in said
    assert not (runs.folder / ".postflight").exists()


@pytest.mark.parametrize(
    ("trigger", "says"),
    [("critical_bugs", "did you mean 'critical_bug'"), ("look", "nothing to be done")],
)
def test_a_trigger_that_does_not_act_is_refused(runs: Runs, shop: Provider, trigger: str, says: str) -> None:
    code, said = runs.run(trigger=trigger)
    assert (code, shop.asked) == (30, []), said
    assert says in " ".join(said.split())


def test_what_is_missing_is_said_before_anything_is_done(
    runs: Runs, shop: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.configure('          failover:\n            - webhook: {url: "http://127.0.0.1:9", secret: NOT_SET}\n')
    code, said = runs.run()
    assert (code, shop.asked) == (30, []), said
    assert "$NOT_SET is not set" in said


@pytest.mark.parametrize("command", [("rollback", "--trigger", "critical_bug"), WATCH, ("gate",)])
def test_what_cannot_be_gone_on_with_lets_nothing_else_begin(
    runs: Runs, shop: Provider, command: tuple[str, ...], pytestconfig: pytest.Config
) -> None:
    if command[0] == "gate" and not pytestconfig.getoption("--prove"):
        pytest.skip("make prove shows it for the gate too")
    ledger = runs.folder / ".postflight/rollback/shop/production/1.5.0/ledger.jsonl"
    ledger.parent.mkdir(parents=True)
    ledger.write_text('{"kind": "no case"}\n')
    process = runs.begin(*CLI, *command, "--environment", "production", "--act")
    said, _ = process.communicate(timeout=DEADLINE)
    assert (process.returncode, shop.asked) == (30, []), said
    assert "ledger.jsonl:1 is not as it was written" in " ".join(said.split())


# The watch and the gate: what they decide is what is done


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 6))
def test_a_watch_that_is_killed_after_deciding_rolls_back_exactly_once(
    runs: Runs, shop: Provider, when: str, number: int, pytestconfig: pytest.Config
) -> None:
    if (when, number) != ("after", 1) and not pytestconfig.getoption("--prove"):
        pytest.skip("make prove kills at every write until it is accepted")
    shop.broken = frozenset({"dpl_new"})
    killed = runs.begin(KILLED, when, f"verdict:{number}", "--", *WATCH)
    said, _ = killed.communicate(timeout=DEADLINE)
    assert killed.returncode == -9, said
    again = runs.begin(*CLI, *WATCH)
    said, _ = again.communicate(timeout=DEADLINE)
    assert shop.asked == ["dpl_old"], said
    assert shop.live == "dpl_old"
    assert runs.stages[-1] == "ended"


def test_watches_that_race_roll_back_once(runs: Runs, shop: Provider, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--prove"):
        pytest.skip("make prove lets whole watches race; that runs which act do is above")
    shop.broken = frozenset({"dpl_new"})
    racing = [runs.begin(*CLI, *WATCH, "--reports", f"reports-{number}") for number in range(2)]
    said = [watch.communicate(timeout=DEADLINE)[0] for watch in racing]
    assert shop.asked == ["dpl_old"], said
    codes = {watch.returncode for watch in racing}
    assert 20 in codes, said
    assert codes <= {20, 10}, "the other one may have seen that it was over before it could decide"
    assert runs.stages.count("sent") == 1


def test_a_watch_blames_the_release_that_came_while_it_watched(runs: Runs, shop: Provider) -> None:
    shop.live, shop.broken = "dpl_old", frozenset({"dpl_new"})
    watch = runs.begin(*CLI, *WATCH, "--json-lines", "--for", "1m")
    assert watch.stdout is not None
    blocks = 0
    for line in watch.stdout:
        blocks += '"kind": "block"' in line
        if blocks == 4:
            shop.live = "dpl_new"
    assert watch.wait(DEADLINE) == 20
    assert shop.asked == ["dpl_old"]
    assert "serves" in runs.stages
    found = json.loads((runs.folder / "reports" / "rollback" / "verdict.json").read_text())
    assert found["verdict"]["decision"] == "promote", "another release than the one that was blamed serves"


def test_the_gate_rolls_back_also_when_its_reports_cannot_be_written(runs: Runs, shop: Provider) -> None:
    shop.broken = frozenset({"dpl_new"})
    (runs.folder / "smoke").mkdir()
    (runs.folder / "reports").mkdir()
    (runs.folder / "reports" / "report.html").mkdir()  # in the place of a file
    gate = runs.begin(*CLI, "gate", "--environment", "production", "--act")
    said, _ = gate.communicate(timeout=DEADLINE)
    assert (gate.returncode, shop.asked) == (30, ["dpl_old"]), said


@pytest.mark.parametrize("old_is_good", [True, False])
def test_the_gate_rolls_back_and_looks_at_what_came_back(
    runs: Runs, shop: Provider, old_is_good: bool, pytestconfig: pytest.Config
) -> None:
    if not old_is_good and not pytestconfig.getoption("--prove"):
        pytest.skip("make prove shows that an earlier release which is bad too is a matter for a person")
    shop.broken = frozenset({"dpl_new"} if old_is_good else {"dpl_new", "dpl_old"})
    runs.configure("          smoke: {deadline: 30 s}\n")
    (runs.folder / "smoke").mkdir()
    (runs.folder / "conftest.py").write_text('pytest_plugins = ["postflight.pytest_plugin"]\n')
    (runs.folder / "smoke" / "test_it.py").write_text(
        "import httpx, pytest\n\n"
        "@pytest.mark.smoke\n"
        f"def test_front(): assert httpx.get('{shop.url}/api/health').status_code == 200\n"
    )
    gate = runs.begin(*CLI, "gate", "--environment", "production", "--act", "--", "-p", "no:cacheprovider")
    said, _ = gate.communicate(timeout=DEADLINE)
    assert (gate.returncode, shop.asked) == (20, ["dpl_old"]), said
    assert runs.stages[-3:] == ["smoke", "told", "ended"]
    found = json.loads((runs.folder / "reports" / "rollback" / "verdict.json").read_text())["verdict"]
    assert found["decision"] == ("promote" if old_is_good else "hold"), said
    statuses = {finding["check"].rpartition("::")[2]: finding["status"] for finding in found["findings"]}
    looked = "test_front" if old_is_good else "preflight"  # what does not even answer well is not looked at further
    assert statuses[looked] == ("good" if old_is_good else "bad"), said
    assert statuses["rollback serves"] == "good"
