"""Two releases behind one address, the control plane that switches between them, and each way of doing it badly."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from postflight.config.ready import fill, parse_ready
from postflight.model import Deployment
from reference.__main__ import main
from tests.reference.blue_green import BlueGreen, blue_green
from tests.reference.running import Running, eventually


def borrowed(platform: Running) -> tuple[str, str]:
    """Let a platform use the database server of another."""
    return "--database", platform.maintenance_database


@pytest.fixture(scope="module")
def well(platform: Running) -> Iterator[BlueGreen]:
    """One that switches as it should. The old release is live; leave it so."""
    with blue_green(*borrowed(platform)) as found:
        yield found


@pytest.fixture
def planted(platform: Running) -> Iterator[Callable[..., BlueGreen]]:
    with ExitStack() as stack:

        def plant(*arguments: str) -> BlueGreen:
            return stack.enter_context(blue_green(*borrowed(platform), *arguments))

        yield plant


def test_a_switch_loses_no_request(well: BlueGreen) -> None:
    assert well.look() == "1.4.2"
    seen = well.seen_during(lambda: well.switch("promote", well.new))
    assert well.look() == "1.5.0"
    assert seen.keys() == {"1.4.2", "1.5.0"}
    seen = well.seen_during(lambda: well.switch("rollback", well.old))
    assert well.look() == "1.4.2"
    assert seen.keys() == {"1.4.2", "1.5.0"}


def test_both_releases_answer_at_addresses_of_their_own(well: BlueGreen) -> None:
    for release in (well.old, well.new):
        health = httpx.get(f"{release['url']}/api/health")
        assert health.json()["version"] == health.headers["x-velocity-version"] == release["version"]
        assert release["version"] in httpx.get(f"{release['url']}/").text
        assert httpx.get(f"{release['url']}/openapi.json").json()["info"]["version"] == release["version"]


def test_releases_share_what_people_have(well: BlueGreen) -> None:
    with well.running.sign_in() as user:
        project = user.post("/api/projects", json={"name": "Shared"}).raise_for_status().json()
        read = user.get(f"{well.new['url']}/api/projects/{project['id']}")
        assert (read.status_code, read.headers["x-velocity-version"]) == (200, "1.5.0")


def test_the_ready_line_is_read_by_postflight(well: BlueGreen) -> None:
    ready = parse_ready(json.dumps(well.running.ready))
    assert ready.control is not None
    assert ready.control.project == well.project["id"]
    assert [release.version for release in ready.releases] == ["1.4.2", "1.5.0"]
    filled = fill(Deployment("velocity", "reference", "http://127.0.0.1:1", known=True), ready)
    assert filled.secrets["vercel_token"].reveal() == ready.control.token, "a secret, so that no output ever has it"


class TestControlPlane:
    def test_it_wants_its_token(self, well: BlueGreen) -> None:
        url = f"{well.running.ready['control']['url']}/v9/projects/velocity"
        nobody, wrong = httpx.get(url), httpx.get(url, headers={"Authorization": "Bearer wrong"})
        assert (nobody.status_code, wrong.status_code) == (403, 403)
        assert nobody.json()["error"]["code"] == "forbidden"
        assert wrong.json()["error"] == {"code": "forbidden", "message": "Not authorized", "invalidToken": True}

    def test_it_acts_for_its_team_only(self, well: BlueGreen) -> None:
        own = well.running.ready["control"]["team"]
        statuses = [
            well.api.get("/v9/projects/velocity", params={"teamId": team}).status_code for team in (own, "team_other")
        ]
        assert statuses == [200, 403]

    def test_deployments_are_listed_newest_first(self, well: BlueGreen) -> None:
        listed = well.api.get("/v6/deployments", params={"projectId": "velocity", "target": "production"}).json()
        assert [each["uid"] for each in listed["deployments"]] == [well.new["id"], well.old["id"]]
        new, old = listed["deployments"]
        assert new["url"] == urlsplit(well.new["url"]).netloc
        assert (new["readyState"], new["target"], new["meta"]["release"]) == ("READY", "production", "1.5.0")
        assert (new["aliasAssigned"], old["aliasAssigned"]) == (False, True)

    def test_deployments_are_paged(self, well: BlueGreen) -> None:
        first = well.api.get("/v6/deployments", params={"limit": 1}).json()
        assert first["pagination"]["count"] == 1
        after = well.api.get("/v6/deployments", params={"limit": 1, "until": first["pagination"]["next"]}).json()
        assert [each["uid"] for each in after["deployments"]] == [well.old["id"]]
        assert after["pagination"]["next"] is None

    def test_a_filter_that_there_is_not_is_refused(self, well: BlueGreen) -> None:
        for asked in ({"staate": "READY"}, {"limit": "many"}):
            assert well.api.get("/v6/deployments", params=asked).status_code == 400

    def test_what_never_served_production_is_no_rollback(self, platform: Running) -> None:
        with blue_green(*borrowed(platform)) as fresh:
            candidates = fresh.api.get("/v6/deployments", params={"rollbackCandidate": "true"}).json()["deployments"]
            assert [each["uid"] for each in candidates] == [fresh.old["id"]]
            assert fresh.ask("rollback", fresh.new).status_code == 422
            assert fresh.look() == "1.4.2"

    def test_what_is_live_cannot_be_promoted(self, well: BlueGreen) -> None:
        answer = well.ask("promote", well.old)
        assert answer.status_code == 409
        assert "already the current production deployment" in answer.json()["error"]["message"]

    def test_what_is_not_there(self, well: BlueGreen) -> None:
        assert well.ask("promote", {"id": "dpl_nothing"}).status_code == 404
        assert well.api.get("/v9/projects/another").status_code == 404
        assert well.api.get("/v13/deployments/dpl_nothing").json()["error"]["code"] == "not_found"

    def test_the_project_tells_how_a_switch_goes(self, well: BlueGreen) -> None:
        assert well.project["targets"]["production"]["id"] == well.old["id"]
        assert well.ask("promote", well.new).status_code == 201
        last = well.project["lastAliasRequest"]
        assert last["jobStatus"] in {"pending", "in-progress"}, "accepted is not yet done"
        eventually(lambda: well.project["lastAliasRequest"]["jobStatus"] == "succeeded", "promoted")
        assert well.project["targets"]["production"]["id"] == well.new["id"]
        assert well.project["autoAssignCustomDomains"] is True
        well.switch("rollback", well.old)
        after = well.project
        assert (after["lastAliasRequest"]["fromDeploymentId"], after["lastAliasRequest"]["toDeploymentId"]) == (
            well.new["id"],
            well.old["id"],
        )
        assert after["lastRollbackTarget"]["toDeploymentId"] == well.old["id"]
        assert after["autoAssignCustomDomains"] is False, "as on Vercel: builds no longer go live by themselves"

    def test_one_switch_at_a_time(self, planted: Callable[..., BlueGreen]) -> None:
        slow = planted("--fault", "switch-502")
        assert slow.ask("promote", slow.new).status_code == 201
        answer = slow.ask("promote", slow.new)
        assert answer.status_code == 409
        assert "in progress" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [("switch-drops", "RemoteProtocolError"), ("switch-gap", "ConnectError"), ("switch-502", "502")],
)
def test_ways_of_losing_requests(planted: Callable[..., BlueGreen], fault: str, trouble: str) -> None:
    bad = planted("--fault", fault)
    seen = bad.seen_during(lambda: bad.switch("promote", bad.new))
    assert seen[trouble]
    assert bad.look() == "1.5.0"
    assert seen.keys() - {"1.4.2", "1.5.0", "RemoteProtocolError", "ReadError"} <= {trouble}


def test_flapping(planted: Callable[..., BlueGreen]) -> None:
    flapping = planted("--fault", "switch-flaps", "--switch-lasts", "30")
    flapping.ask("promote", flapping.new)
    eventually(lambda: flapping.look() == "1.5.0", "the new release answers")
    assert {flapping.look(), flapping.look()} == {"1.4.2", "1.5.0"}


def test_a_switch_that_is_never_made_is_called_done(planted: Callable[..., BlueGreen]) -> None:
    idle = planted("--fault", "switch-ignored")
    idle.switch("promote", idle.new)
    assert idle.project["targets"]["production"]["id"] == idle.new["id"]
    assert idle.look() == "1.4.2"


def test_a_release_that_is_broken_when_it_is_switched_back_to(planted: Callable[..., BlueGreen]) -> None:
    broken = planted("--fault", "rollback-broken")
    broken.switch("promote", broken.new)
    assert broken.look() == "1.5.0"
    broken.switch("rollback", broken.old)
    assert broken.look() == "500"


def test_faults_of_the_next_release_are_its_own(planted: Callable[..., BlueGreen]) -> None:
    bad = planted("--next-fault", "outage")
    assert bad.look() == "1.4.2"
    assert httpx.get(bad.new["url"]).status_code == 500
    assert httpx.get(f"{bad.new['url']}/metrics").status_code == 200, "what broke can still be read"
    bad.switch("promote", bad.new)
    assert bad.look() == "500"


def test_every_tenth_answer(planted: Callable[..., BlueGreen]) -> None:
    bad = planted("--next-fault", "error-rate-tenth")
    paths = ("/", "/api/flags", "/login", "/api/health")
    statuses = Counter(httpx.get(f"{bad.new['url']}{path}").status_code for path in paths * 10)
    assert statuses == {200: 36, 500: 4}


@pytest.mark.parametrize(
    "argument", [("--fault", "switch-gap"), ("--next-fault", "outage"), ("--next-release", "1.4.2")]
)
def test_what_makes_no_sense_is_refused(argument: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(argument)
    assert "1.5.0" in capsys.readouterr().err
