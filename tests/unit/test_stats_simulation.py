"""The simulation: its arms against slow ones, its traffic against its own numbers, and what people see."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from click.testing import CliRunner

from postflight.commands.simulate import command
from postflight.stats import latencies, rates
from postflight.stats.blocks import Block
from postflight.stats.simulation import advice, catalog, tables
from postflight.stats.simulation.arms import BadIntervals, CappedBlocks, FixedWindow, MannWhitney, RateFor
from postflight.stats.simulation.catalog import Setting
from postflight.stats.simulation.study import Result, Scenario, run
from postflight.stats.simulation.traffic import Clock, Clustered, Flapping, Outages, Steady, count_bad

CLOCK = Clock(ticks=600, tick=1.0, requests=20)
DOCS = Path(__file__).parents[2] / "docs" / "triggers.md"


def counts(share: float, runs: int = 40, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    levels = random.choice([0.2 * share, share, 3 * share], (runs, CLOCK.ticks // 60)).repeat(60, axis=1)
    return random.binomial(CLOCK.requests, levels)


# ---- each arm against a loop that anyone can read


@pytest.mark.parametrize("make", [rates.above, rates.below, latencies.above, latencies.below])
@pytest.mark.parametrize("block", [1, 5, 10])
def test_capped_blocks_fire_where_the_real_code_fires(make, block):
    bad = counts(0.06)
    test = make(0.05, alpha=0.01, blocks=CLOCK.ticks // block)
    times = CappedBlocks("ours", test, block).fire_times(bad, bad, CLOCK)
    for ticks, time in zip(bad, times, strict=True):
        state = test.start()
        for begin in range(0, CLOCK.ticks, block):
            state = state.update(Block(block * CLOCK.requests, int(ticks[begin : begin + block].sum())))
        assert time == (math.inf if state.fired_at is None else state.fired_at * block)
    if make is not latencies.below:  # which needs more blocks than these to fire at all
        assert np.isfinite(times).any()


def test_fixed_window():
    bad = counts(0.05)
    times = FixedWindow(0.05, window=120, every=10).fire_times(bad, bad, CLOCK)
    for ticks, time in zip(bad, times, strict=True):
        looks = [end for end in range(120, 601, 10) if ticks[end - 120 : end].mean() / CLOCK.requests > 0.05]
        assert time == (looks[0] if looks else math.inf)


def test_bad_intervals():
    bad = counts(0.04)
    times = BadIntervals(0.05, interval=30, needed=4).fire_times(bad, bad, CLOCK)
    for ticks, time in zip(bad, times, strict=True):
        broken = [end for end in range(30, 601, 30) if ticks[end - 30 : end].mean() / CLOCK.requests > 0.05]
        assert time == (broken[3] if len(broken) > 3 else math.inf)


def test_rate_for():
    bad = counts(0.08)
    times = RateFor(0.05, window=60, hold=90, every=15).fire_times(bad, bad, CLOCK)
    for ticks, time in zip(bad, times, strict=True):
        since, fired = None, math.inf
        for end in range(15, 601, 15):
            if ticks[max(0, end - 60) : end].mean() / CLOCK.requests <= 0.05:
                since = None
                continue
            since = end if since is None else since
            if end - since >= 90:
                fired = end
                break
        assert time == fired
    assert np.isfinite(times).any()


def rank_p_value(ours: list[int], theirs: list[int]) -> float:
    """One-sided Mann-Whitney as textbooks have it: mean ranks, normal approximation, ties and continuity corrected."""
    both, n1, n2 = sorted([*ours, *theirs]), len(ours), len(theirs)
    ranks = {value: both.index(value) + (both.count(value) + 1) / 2 for value in both}
    u = sum(ranks[value] for value in ours) - n1 * (n1 + 1) / 2
    ties = sum(both.count(value) ** 3 - both.count(value) for value in set(both))
    variance = n1 * n2 / 12 * (n1 + n2 + 1 - ties / ((n1 + n2) * (n1 + n2 - 1)))
    return 1 - NormalDist().cdf((u - n1 * n2 / 2 - 0.5) / math.sqrt(variance))


def test_mann_whitney():
    ours, theirs = counts(0.06, runs=10), counts(0.05, runs=10, seed=2)
    arm = MannWhitney(0.05)
    times = arm.fire_times(ours, theirs, CLOCK)
    for mine, control, time in zip(ours, theirs, times, strict=True):
        fired = math.inf
        a, b = (x.reshape(-1, 30).sum(axis=1) for x in (mine, control))
        for end in range(5, 21):
            window = slice(max(0, end - 10), end)
            if rank_p_value(a[window].tolist(), b[window].tolist()) < 0.05:
                fired = end * 30.0
                break
        assert time == fired
    assert np.isfinite(times).any()


# ---- traffic


@pytest.mark.parametrize(
    "traffic",
    [
        Steady(0.03),
        Outages(0.001, every=100, length=5, severity=0.5),
        Outages.with_mean(0.009, base=0.001, length=30),
        Flapping(0.3, 0.01, bad_for=15, good_for=45),
        Clustered(0.05, memory=3),
    ],
    ids=lambda traffic: type(traffic).__name__,
)
def test_traffic_has_the_mean_that_it_claims(traffic):
    clock = Clock(ticks=3000, tick=1.0, requests=10)
    random = np.random.default_rng(1)
    seen = count_bad(random, traffic.shares(random, 400, clock), 400, clock).mean() / clock.requests
    assert seen == pytest.approx(traffic.mean, rel=0.1)


def test_clustered_answers_cluster():
    random = np.random.default_rng(1)
    shares = Clustered(0.05, memory=10).shares(random, 200, Clock(600, 1.0, 10))
    near = np.corrcoef(shares[:, :-1].ravel(), shares[:, 1:].ravel())[0, 1]
    far = np.corrcoef(shares[:, :-100].ravel(), shares[:, 100:].ravel())[0, 1]
    assert near > 0.7
    assert abs(far) < 0.1


def test_durations_are_whole_ticks():
    with pytest.raises(ValueError, match="whole number of ticks"):
        CLOCK.ticks_in(2.5)


# ---- the study


def test_delays_count_from_the_onset_and_firing_before_it_is_early():
    class At:
        name = "at 50 s and 130 s"

        def fire_times(self, bad, control, clock):
            return np.where(np.arange(len(bad)) % 2, 50.0, 130.0)

    bad = Steady(0.5)
    scenario = Scenario("", bad, bad=True, control=bad, before=Steady(0.01), at=100, spread=0)
    (result,) = run([At()], scenario, CLOCK, runs=10, seed=1)
    assert (result.fired, result.early, result.median, result.p95) == (0.5, 0.5, 30, math.inf)


def test_the_same_seed_gives_the_same_results():
    arms = catalog.error_arms(Setting(), [30.0])
    scenario = catalog.bad_errors(Setting())[4]
    first, again, other = (run(arms, scenario, Setting().clock, runs=20, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_ours_keeps_alpha_on_all_healthy_iid_traffic_and_the_window_does_not():
    setting = Setting()
    arms = catalog.error_arms(setting, [30.0, 10.0])
    iid = [each for each in catalog.healthy_errors(setting) if each.name.startswith("iid")]
    assert len(iid) == 3
    results = [result for each in iid for result in run(arms, each, setting.clock, runs=1000, seed=1)]
    assert all(result.fired <= setting.alpha for result in results if result.arm.startswith("blocks"))
    assert any(result.fired > 0.5 for result in results if result.arm == "fixed window")


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.5, 1.0])
def test_one_request_blocks_are_within_3x_of_the_information_bound(share):
    setting = Setting(block=0.01)
    arm = CappedBlocks("one request", setting.rates_above(0.01), 0.01)
    clock = Clock(ticks=5000, tick=0.01, requests=1)
    scenario = Scenario("", Steady(share), bad=True, control=Steady(0.01))
    (result,) = run([arm], scenario, clock, runs=500, seed=1)
    assert result.fired == 1
    assert result.mean * 100 <= 3 * rates.information_bound(0.05, share, 0.01)


# ---- what people see


def result(**changes: object) -> Result:
    values = {"arm": "ours", "scenario": "x", "bad": True, "runs": 100, "fired": 1.0, "early": 0.0, "at_most": 1.0}
    return Result(**{**values, "mean": 40.0, "median": 40.0, "p95": 60.0, **changes})


def test_cells():
    assert tables.cell(result()) == "40 / 60"
    assert tables.cell(result(p95=math.inf, fired=0.6)) == "40 / - (60 % found)"
    assert tables.cell(result(median=math.inf, fired=0.2)) == "20 % found"
    assert tables.cell(result(bad=False, fired=0.123)) == "12.3 %"


def test_a_rule_that_cannot_meet_its_own_claim_is_warned_about():
    (warning,) = advice.claim_warnings(Setting(rate=1, duration=200), advice.Claim())
    assert "needs 919 requests" in warning
    assert "makes 200" in warning
    assert not advice.claim_warnings(Setting(rate=1, duration=919), advice.Claim())


def test_late_and_false_rollbacks_are_warned_about():
    setting = Setting()
    assert not advice.result_warnings(setting, [result(), result(bad=False, fired=0.01)])
    late, false = advice.result_warnings(setting, [result(p95=301.0), result(bad=False, fired=0.02)])
    assert "not found within 300 s" in late
    assert "more than alpha = 1 %" in false


def invoke(*options: str) -> str:
    done = CliRunner().invoke(command, options)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_says_it_in_words():
    output = invoke("--runs", "50", "--for", "15m", "--rate", "20")
    assert re.search(r"At 20 requests/s a 10 % error rate is found in \d+ s \(median\), \d+ s \(p95\)", output)
    assert re.search(r"False rollbacks in 15 min, .*: \d.* %; the plain fixed window: \d.* %", output)


def test_the_command_warns_of_99_5_percent_from_200_requests():
    output = invoke("--runs", "5", "--rate", "0.2", "--for", "1000s")
    assert "99.5 % success at 99 % confidence needs 919 requests without a failure; this watch makes 200" in output


def test_json_is_strict_and_complete():
    document = json.loads(invoke("--runs", "20", "--json", "--severity", "20%", "--triggers", "2"))
    assert document["setting"]["alpha"] == 0.005
    assert {row["arm"] for row in document["results"]} >= {"blocks of 10 s", "fixed window", "Mann-Whitney"}
    assert any(row["median"] is None for row in document["results"])  # never found: null, not Infinity


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--error-rate", "five"), "write 5% or 0.05"),
        (("--error-rate", "500%"), "write 5% or 0.05"),
        (("--block", "10"), "write 10s"),
        (("--alpha", "30%"), "alpha must be"),
        (("--severity", "3%"), "above the limit"),
        (("--rate", "2.5"), "no whole number"),
        (("--block", "7.5s"), "whole number of ticks"),
    ],
)
def test_options_that_cannot_work_are_explained(options, message):
    done = CliRunner().invoke(command, ["--runs", "5", *options])
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


def test_the_triggers_of_a_platform_are_tried(tmp_path):
    file = tmp_path / "budgets.yaml"
    file.write_text(
        "version: 1\nplatforms:\n  any:\n    triggers:\n"
        "      error_rate: {above: 2 %, within: 3 min, do: hold}\n"
        "      health: {failures: 3 in a row, do: hold}\n"
        "  velocity:\n    triggers:\n      response_time: {p90: 1 s, within: 8 min, do: hold}\n"
        "  vibelog: {triggers: {manual: {bug: hold}}}\n"
    )
    options = ("--budgets", str(file), "--platform", "velocity", "--runs", "10", "--rate", "20")
    told = json.loads(invoke(*options, "--json"))
    assert told["platform"] == "velocity"
    errors, slow = told["triggers"]
    names = ("limit", "within", "alpha")
    assert [errors["setting"][name] for name in names] == [0.02, 180, 0.005]  # two triggers share one alpha
    assert [slow["setting"][name] for name in names] == [pytest.approx(0.1), 480, 0.005]
    assert errors["results"][0]["arm"] == "blocks of 10 s"
    assert {row["arm"] for row in slow["results"]} == {"bets, 10 s", "ratios, 10 s", "8 min window"}
    output = invoke(*options)
    assert "velocity: error_rate, at most 2 % of requests" in output
    assert "velocity: response_time, at most 10 % of requests" in output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--error-rate", "2%"), "budgets.yaml says what the triggers are"),
        (("--block", "4m"), "error_rate must decide within 300 s, but needs at least 2 blocks"),
    ],
)
def test_a_platforms_triggers_are_taken_as_they_are(options, words, monkeypatch):
    monkeypatch.chdir(DOCS.parents[1])
    done = CliRunner().invoke(command, ["--platform", "velocity", *options])
    assert done.exit_code == 2
    assert words in " ".join(done.output.split())


def test_only_the_simulation_needs_numpy():
    code = (
        "import sys; import postflight.commands.simulate, postflight.stats.rules, postflight.stats.control,"
        " postflight.stats.floor; sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


# ---- the documentation


def rows(markdown: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines() if line[:1] == "|"]


def test_the_documented_tables_have_the_rows_and_rules_of_the_command():
    short = Setting(duration=900, rate=10)
    made = rows(tables.everything(short, runs=4, seed=1))
    documented = rows(DOCS.read_text(encoding="utf-8").partition("made by: postflight simulate --table -->")[2])
    assert [row[0] for row in documented] == [row[0] for row in made]
    assert [row for row in documented if row[0].startswith(("False", "Seconds"))] == [
        row for row in made if row[0].startswith(("False", "Seconds"))
    ]


def test_the_documented_numbers_keep_what_is_promised():
    documented = rows(DOCS.read_text(encoding="utf-8"))
    iid = [row for row in documented if row[0].startswith("iid, ")]
    assert len(iid) == 7  # three kinds of traffic for blocks, three for single requests, one for latencies
    ours = [cell for row in iid for cell in (row[1:3] if len(row) > 3 else row[1:2])]  # the third table has one rule
    assert all(float(cell.rstrip(" %")) <= 1 for cell in ours)
    ratios = {
        row[0]: float(row[2].partition("(")[2].rstrip("x)"))
        for row in documented
        if row[0] in {"10 %", "30 %", "100 %"}
    }
    assert len(ratios) == 3
    assert max(ratios.values()) <= 3


@pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
def test_not_knowing_the_beginning_costs_no_more_than_its_price(share):
    """Trouble that begins later takes ln(2K) more evidence: 1/(2K) of the bets are on each possible beginning."""
    setting = Setting(block=0.01)
    test = setting.rates_above(0.01)
    clock = Clock(ticks=9000, tick=0.01, requests=1)
    healthy = Steady(0.009)
    scenario = Scenario("", Steady(share), bad=True, control=healthy, before=healthy, at=30, spread=10)
    (result,) = run([CappedBlocks("one request", test, 0.01)], scenario, clock, runs=300, seed=1)
    price = 1 + math.log(2 * test.blocks) / math.log(1 / setting.alpha)  # 3.8 times the bound
    assert result.fired == 1
    assert result.mean * 100 <= 1.6 * price * rates.information_bound(0.05, share, 0.01)
