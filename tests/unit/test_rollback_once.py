"""Acting once: what each state of the ledger allows, whatever the provider says, and what an old decision may do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from postflight.config.rollback import Part, RollbackWords
from postflight.errors import CannotMeasure, ConfigError
from postflight.model import Deployment
from postflight.rollback import ledger as ledger_module
from postflight.rollback import once as once_module
from postflight.rollback.actions.facts import key_of
from postflight.rollback.followed import Followed
from postflight.rollback.ledger import ActionLedger, Busy, folder_of, locked
from postflight.rollback.model import About, Case, Move, Outcome, Refused, Stage, Standing, Unclear
from postflight.rollback.once import Actor
from postflight.rollback.sequence import dry_run, roll_back
from postflight.rollback.serving import Serving
from postflight.rollback.standby import Cause, Standby, Verified
from postflight.stats.rules import Do
from tests.provider_stub import CASE, SIGNING, Answer, Stub, stub, tools

NAME = "fake shop"
MOVE = Move("go back", "new", "old")


@dataclass
class Fake:
    """An action that does as it is told."""

    does: list[Exception | str] = field(default_factory=lambda: ["yes"])
    stands: Standing = Standing.UNKNOWN
    repeats: bool = False
    about: About = field(default_factory=lambda: About(NAME))
    sent: int = 0

    def plan(self, case: Case) -> Move:
        return MOVE

    def do(self, case: Case, move: Move, key: str) -> str:
        assert (move, key) == (MOVE, key_of(CASE, NAME))
        self.sent += 1
        found = self.does.pop(0) if self.does else "yes"
        if isinstance(found, Exception):
            raise found
        return found

    def standing(self, case: Case, move: Move, key: str) -> Standing:
        return self.stands


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once_module, "SETTLE", 0.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[ActionLedger]:
    with locked(tmp_path / "here", CASE.run_id, deadline=1) as found:
        yield found


def act(action: Fake, ledger: ActionLedger, *, may_send: bool = True) -> Outcome:
    return Actor(CASE, ledger, None, may_send=may_send, sleep=lambda _: None).act(action)


def leave(ledger: ActionLedger, stage: Stage | None) -> None:
    """Leave the ledger as a run that was killed does."""
    if stage is not None:
        ledger.step(NAME, stage, MOVE, key_of(CASE, NAME))


@pytest.mark.parametrize(
    ("left", "stands", "repeats", "stage", "sent"),
    [
        (None, Standing.UNKNOWN, False, Stage.ACCEPTED, 1),
        (Stage.INTENT, Standing.UNKNOWN, False, Stage.ACCEPTED, 1),
        (Stage.REFUSED, Standing.UNKNOWN, False, Stage.ACCEPTED, 1),
        (Stage.SENT, Standing.AFTER, False, Stage.ACCEPTED, 0),
        (Stage.SENT, Standing.UNDER_WAY, True, Stage.ACCEPTED, 0),
        (Stage.SENT, Standing.BEFORE, False, Stage.ACCEPTED, 1),
        (Stage.SENT, Standing.UNKNOWN, False, Stage.UNCLEAR, 0),
        (Stage.SENT, Standing.UNKNOWN, True, Stage.ACCEPTED, 1),
        (Stage.SENT, Standing.ELSEWHERE, True, Stage.UNCLEAR, 0),
        (Stage.UNCLEAR, Standing.UNKNOWN, False, Stage.UNCLEAR, 0),
        (Stage.UNCLEAR, Standing.AFTER, False, Stage.ACCEPTED, 0),
        (Stage.ACCEPTED, Standing.BEFORE, True, Stage.ACCEPTED, 0),
        (Stage.VERIFIED, Standing.BEFORE, True, Stage.VERIFIED, 0),
    ],
)
def test_what_the_ledger_says_decides_whether_it_is_sent(
    ledger: ActionLedger, left: Stage | None, stands: Standing, repeats: bool, stage: Stage, sent: int
) -> None:
    leave(ledger, left)
    action = Fake(stands=stands, repeats=repeats)
    assert (act(action, ledger).stage, action.sent) == (stage, sent)


@pytest.mark.parametrize("left", [None, *Stage])
@pytest.mark.parametrize("stands", list(Standing))
def test_an_old_decision_is_never_sent(ledger: ActionLedger, left: Stage | None, stands: Standing) -> None:
    leave(ledger, left)
    action = Fake(stands=stands, repeats=True)
    act(action, ledger, may_send=False)
    assert action.sent == 0


@pytest.mark.parametrize(
    ("does", "stands", "repeats", "stage", "sent"),
    [
        ([Refused("401")], Standing.UNKNOWN, True, Stage.REFUSED, 1),
        ([Unclear("500")], Standing.AFTER, False, Stage.ACCEPTED, 1),
        ([Unclear("500"), "yes"], Standing.BEFORE, False, Stage.ACCEPTED, 2),
        ([Unclear("500"), Unclear("500")], Standing.BEFORE, False, Stage.REFUSED, 2),
        ([Unclear("500")], Standing.UNKNOWN, False, Stage.UNCLEAR, 1),
        ([Unclear("500"), Unclear("500")], Standing.UNKNOWN, True, Stage.UNCLEAR, 2),
        ([Unclear("500")], Standing.ELSEWHERE, True, Stage.UNCLEAR, 1),
    ],
)
def test_no_clear_answer_is_asked_for_and_tried_twice_at_most(
    ledger: ActionLedger, does: list[Exception | str], stands: Standing, repeats: bool, stage: Stage, sent: int
) -> None:
    action = Fake(does=does, stands=stands, repeats=repeats)
    assert (act(action, ledger).stage, action.sent) == (stage, sent)


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with locked(tmp_path, "a", deadline=1), pytest.raises(Busy), locked(tmp_path, "b", deadline=0.0):
        pass
    with locked(tmp_path, "b", deadline=0.0):
        pass


@pytest.mark.parametrize("release", ["../../etc", "a/b", ".", "..", "x" * 300, "ü", "v1 (rc)"])
def test_a_release_is_no_path(tmp_path: Path, release: str) -> None:
    folder = folder_of(tmp_path, replace(CASE, release=release))
    assert folder.parent == tmp_path / "shop" / "production"
    assert folder.name not in {".", ".."}
    assert len(folder.name) < 100


def test_different_releases_have_different_folders(tmp_path: Path) -> None:
    names = ["a/b", "a_b", "a b", "A", "a"]
    assert len({folder_of(tmp_path, replace(CASE, release=name)).name for name in names}) == len(names)


# A rollback that stands by


@pytest.fixture
def site() -> Iterator[Stub]:
    with stub() as found:
        serve(found, "1.5.0")
        yield found


def serve(site: Stub, version: object) -> None:
    site.answers["GET /api/health"] = Answer(body={"version": version})


@dataclass
class StandingBy:
    site: Stub
    folder: Path

    def by(self, release: str = "", environment: str = "production", **more: Any) -> Standby:
        words = {
            "state": str(self.folder),
            "serves": {"path": "/api/health", "field": "version"},
            "wait": "100 ms",
            "immediate_rollback": [{"webhook": {"url": f"{self.site.url}/back", "secret": "HOOK"}}],
            **more,
        }
        standby = Standby(
            Deployment("shop", environment, self.site.url, known=True),
            RollbackWords.model_validate_json(json.dumps(words)),
            run_id="run-b",
            release=release,
            environ={"HOOK": SIGNING},
            verified=Verified((), {}, self.folder),
        )
        standby.look()
        return standby

    @contextmanager
    def before(self, release: str = "1.5.0", ago: timedelta = timedelta(minutes=1)) -> Iterator[ActionLedger]:
        """A run before, that began so long ago."""
        case = replace(CASE, release=release, serves=release, base_url=self.site.url)
        then = (datetime.now(UTC) - ago).isoformat()
        with pytest.MonkeyPatch.context() as patch, locked(folder_of(self.folder, case), "run-a", deadline=1) as found:
            patch.setattr(ledger_module, "_now", lambda: then)
            found.begin(case)
            yield found

    @property
    def sent(self) -> int:
        return sum(each.path == "/back" for each in self.site.asked)


@pytest.fixture
def standing(site: Stub, tmp_path: Path) -> StandingBy:
    return StandingBy(site, tmp_path)


def cause() -> Cause:
    return Cause("error_rate", Do.IMMEDIATE_ROLLBACK, ("bad",), datetime.now(UTC).isoformat())


def sent(ledger: ActionLedger, site: Stub, stage: Stage = Stage.SENT) -> None:
    ledger.step(f"webhook {site.url}/back", stage, MOVE, "key")


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("ago", "stage", "serves", "may_send"),
    [
        (timedelta(minutes=5), None, "1.5.0", True),
        (timedelta(minutes=5), None, None, True),  # it says nothing, since it is broken
        (timedelta(minutes=5), None, "1.5.1", "nothing"),  # a hotfix: the decision was about another release
        (timedelta(minutes=5), Stage.INTENT, "1.5.1", "nothing"),
        (timedelta(minutes=5), Stage.SENT, "1.4.2", True),
        (timedelta(minutes=5), Stage.ACCEPTED, "1.5.0", True),
        (2 * HOUR, None, "1.5.0", "nothing"),
        (2 * HOUR, Stage.INTENT, "1.5.0", "nothing"),
        (2 * HOUR, Stage.SENT, "1.5.0", False),
        (-2 * HOUR, Stage.SENT, "1.5.0", False),  # from the future: a clock was wrong
        (-2 * HOUR, None, "1.5.0", "nothing"),
    ],
)
def test_what_a_run_before_left(
    standing: StandingBy, ago: timedelta, stage: Stage | None, serves: str | None, may_send: object
) -> None:
    with standing.before(ago=ago) as ledger:
        if stage is not None:
            sent(ledger, standing.site, stage)
    standby = standing.by()
    serve(standing.site, serves)
    standby.look() if serves else None
    plans = standby.unfinished()
    assert [plan.may_send for plan in plans] == ([] if may_send == "nothing" else [may_send])
    assert all(plan.case.run_id == "run-b" and plan.case.release == "1.5.0" for plan in plans)


def test_an_old_one_that_dangles_is_asked_for_told_and_ended_without_being_sent(standing: StandingBy) -> None:
    with standing.before(ago=48 * HOUR) as ledger:
        sent(ledger, standing.site)
    (plan,) = standing.by().unfinished()
    done = roll_back(plan, lambda *_: None)
    assert [outcome.stage for outcome in done.outcomes] == [Stage.UNCLEAR]
    assert standing.sent == 0
    assert standing.by().unfinished() == ()


def test_another_release_that_dangles_is_ended_too(standing: StandingBy) -> None:
    for release in ("1.3.0", "1.5.0"):
        with standing.before(release, ago=timedelta(minutes=5)) as ledger:
            sent(ledger, standing.site)
    assert {plan.case.release for plan in standing.by().unfinished()} == {"1.3.0", "1.5.0"}


def test_environments_do_not_see_each_other(standing: StandingBy) -> None:
    with standing.before() as ledger:
        sent(ledger, standing.site)
    assert standing.by(environment="staging").unfinished() == ()


def test_a_run_that_goes_on_does_not_make_a_decision_younger(standing: StandingBy) -> None:
    with standing.before(ago=timedelta(minutes=90)) as ledger:
        sent(ledger, standing.site)
    with standing.before(ago=timedelta(minutes=40)):
        pass
    assert [plan.may_send for plan in standing.by().unfinished()] == [False]


def test_what_was_ended_is_left_alone(standing: StandingBy) -> None:
    with standing.before() as ledger:
        sent(ledger, standing.site, Stage.ACCEPTED)
        ledger.event("ended")
    assert standing.by().unfinished() == ()


def test_what_was_just_brought_back_is_not_rolled_back_too(standing: StandingBy) -> None:
    with standing.before() as ledger:
        sent(ledger, standing.site, Stage.ACCEPTED)
        ledger.event("serves", text="1.4.2")
        ledger.event("ended")
    serve(standing.site, "1.4.2")
    with pytest.raises(ConfigError, match=r"1\.4\.2 serves since 1\.5\.0 was rolled back"):
        standing.by().plan(cause())
    assert standing.by(release="1.4.2").plan(cause()).case.release == "1.4.2"


def test_while_another_run_is_at_it_nobody_begins_with_what_comes_back(standing: StandingBy) -> None:
    with standing.before() as ledger:
        sent(ledger, standing.site)
    serve(standing.site, "1.4.2")
    with pytest.raises(ConfigError, match="to go back further"):
        standing.by().plan(cause())


def test_a_dry_run_needs_no_lock_and_writes_nothing(standing: StandingBy) -> None:
    with standing.before("1.5.0"):  # another run holds the lock
        before = {path: path.read_bytes() for path in standing.folder.rglob("*") if path.is_file()}
        said: list[str] = []
        done = dry_run(standing.by().plan(cause()), lambda line, _: said.append(line))
        assert {path: path.read_bytes() for path in standing.folder.rglob("*") if path.is_file()} == before
    assert [outcome.stage for outcome in done.outcomes] == [Stage.INTENT]
    assert said[0].startswith(f"would do: webhook {standing.site.url}/back: POST")
    assert SIGNING not in "".join(said)
    assert standing.sent == 0


def test_a_ledger_that_was_changed_lets_nobody_act_and_says_how_to_go_on(standing: StandingBy) -> None:
    with standing.before() as ledger:
        sent(ledger, standing.site)
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b'"sent"', b'"intent"'))
    with pytest.raises(CannotMeasure, match=r"ledger\.jsonl:2 is not as it was written.*then move .*1\.5\.0 away"):
        standing.by().unfinished()


def test_a_hotfix_after_a_rollback_that_was_refused_can_be_rolled_back(standing: StandingBy) -> None:
    with standing.before() as ledger:
        sent(ledger, standing.site)
        sent(ledger, standing.site, Stage.REFUSED)
        ledger.event("ended")
    serve(standing.site, "1.5.1")
    assert standing.by().plan(cause()).case.release == "1.5.1"


@pytest.mark.parametrize("name", [None, "", "\ud800", "a\0b", "two\nlines"])
def test_a_release_that_is_no_name_is_not_known(standing: StandingBy, name: str | None) -> None:
    serve(standing.site, name)
    with pytest.raises(ConfigError, match="say it with --release"):
        standing.by()
    with pytest.raises(ConfigError, match="no name of a release"):
        standing.by(release="a\0b")


def test_what_a_target_says_can_go_into_an_environment_and_into_utf8(standing: StandingBy) -> None:
    hostile = replace(cause(), reasons=("it said \0 and \ud800 and\nmore",))
    (reason,) = standing.by().plan(hostile).case.reasons
    assert reason == "it said   and   and more"


def test_a_part_has_its_steps_and_those_of_the_whole(standing: StandingBy) -> None:
    steps = [
        {"part": part, "webhook": {"url": f"{standing.site.url}/{part}", "secret": "HOOK"}}
        for part in ("backend", "frontend", "full")
    ]
    standby = standing.by(immediate_rollback=steps)
    plan = standby.plan(replace(cause(), part=Part.BACKEND))
    assert [action.about.part for action in plan.actions] == [Part.BACKEND, Part.FULL]
    with pytest.raises(ConfigError, match="has no step of it"):
        standby.plan(replace(cause(), do=Do.FAILOVER))


def test_the_release_that_served_most_since_it_broke_is_blamed() -> None:
    serving = Serving(None, "http://127.0.0.1:9", tools().caller)
    followed, start = Followed(serving), datetime(2026, 1, 1, tzinfo=UTC)
    for second, release in enumerate(["old"] * 60 + ["new"] * 5 + ["old"]):
        followed.note(start + timedelta(seconds=second), release)
    assert followed.since(start + timedelta(seconds=60)) == "new"
    assert followed.since(start) == "old"
    assert followed.since(start + HOUR) == ""
