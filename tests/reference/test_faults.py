"""Each fault breaks what it says. What works without them, the other files show.

Faults that do not hide each other share a platform.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from realtime.types import RealtimeAcknowledgementStatus

from reference.faults import REGISTRY
from tests.faults.table import TABLE
from tests.reference.channel import broadcast, join
from tests.reference.running import DEADLINE, Running, eventually, find_preview, start, start_preview

GROUPS = {
    "front": (
        "dead-landing", "dead-asset", "missing-header", "broken-login",
        "degraded-health", "version-skew", "region-down", "wrong-metrics",
    ),
    "pages": (
        "script-error", "console-error", "weak-login", "session-visible", "preview-wrong-content",
        "orchestrator-open", "pool-overrun-500", "preview-not-ended", "geo-untold", "geo-ignored",
    ),
    "stuck": ("preview-never-ready", "project-not-stored", "realtime-deaf"),
    "late": ("slow-edit-sync", "no-expiry"),
    "often": ("error-rate", "slow-responses"),
    "liar": ("health-lies", "missing-column", "migration-not-run"),
}  # fmt: skip

Planted = Callable[[str], Running]


@pytest.fixture(scope="module")
def planted(platform: Running) -> Iterator[Planted]:
    """Gives the platform that has a fault planted."""
    running: dict[str, Running] = {}
    with ExitStack() as stack:

        def find(fault: str) -> Running:
            [group] = [name for name, faults in GROUPS.items() if fault in faults]
            if group not in running:
                faults = [argument for name in GROUPS[group] for argument in ("--fault", name)]
                arguments = ("--pool", "2", "--database", platform.maintenance_database)
                running[group] = stack.enter_context(start(*arguments, *faults))
            return running[group]

        yield find


def test_every_fault_is_here() -> None:
    """Those of security are held against their stage only, in tests/faults."""
    of_smoke = [planted.fault for planted in TABLE]
    assert sorted(fault for group in GROUPS.values() for fault in group) == sorted(of_smoke)
    assert set(of_smoke) <= REGISTRY.keys()


def test_dead_landing(planted: Planted) -> None:
    with planted("dead-landing").client() as client:
        assert client.get("/").status_code == 500
        assert client.get("/login").status_code == 200


@pytest.mark.parametrize(
    ("fault", "script"), [("script-error", b"throw new Error"), ("console-error", b"console.error")]
)
def test_landing_scripts(planted: Planted, stranger: httpx.Client, fault: str, script: bytes) -> None:
    with planted(fault).client() as client:
        assert script in client.get("/").content
    assert script not in stranger.get("/").content


def test_dead_asset(planted: Planted) -> None:
    with planted("dead-asset").client() as client:
        assert client.get("/static/hero.svg").status_code == 404
        assert client.get("/static/favicon.svg").status_code == 200


def test_missing_header(planted: Planted) -> None:
    with planted("missing-header").client() as client:
        for path in ("/login", "/api/flags", "/static/favicon.svg"):
            assert "x-content-type-options" not in client.get(path).headers


def test_geography(planted: Planted, stranger: httpx.Client) -> None:
    visitor = {"x-vercel-ip-country": "CN"}
    with planted("geo-untold").client() as client:
        answer = client.get("/", headers=visitor)
    assert (answer.status_code, "x-user-country" in answer.headers) == (200, False)
    told = stranger.get("/", headers=visitor)
    assert (told.status_code, told.headers["location"], told.headers["x-user-country"]) == (307, "/cn", "CN")


def test_broken_login(planted: Planted) -> None:
    running = planted("broken-login")
    with running.client() as client:
        right = running.ready["accounts"]["primary"]
        assert client.post("/api/auth/login", json=right).status_code == 500
        assert client.post("/api/auth/login", json={**right, "password": "wrong"}).status_code == 401


def test_weak_login(planted: Planted) -> None:
    running = planted("weak-login")
    with running.client() as client:
        wrong = {**running.ready["accounts"]["primary"], "password": "wrong"}
        assert client.post("/api/auth/login", json=wrong).status_code == 200


def test_project_not_stored(planted: Planted) -> None:
    with planted("project-not-stored").sign_in() as user:
        created = user.post("/api/projects", json={"name": "Gone"})
        assert created.status_code == 201
        assert user.get(created.headers["location"]).status_code == 404


def test_preview_never_ready(planted: Planted) -> None:
    running = planted("preview-never-ready")
    with running.sign_in() as user:
        session = user.post("/api/preview/start", json={"projectId": running.add_project()}).json()
        path = f"/api/preview/{session['sessionId']}"
        assert user.get(path).json()["status"] == "creating"
        assert not [process for process in running.descendants() if "reference.preview" in process.cmdline()]
        assert user.delete(path).status_code == 204
        assert user.get(path).json()["status"] == "ended"


def test_preview_wrong_content(planted: Planted) -> None:
    running = planted("preview-wrong-content")
    with running.sign_in() as user:
        page = httpx.get(start_preview(user, running.add_project("Mine"))["previewUrl"])
        assert "Mine" not in page.text
        assert page.status_code == 200


def test_sessions_of_others_are_seen_and_not_ended_ones_live_on(planted: Planted) -> None:
    """`session-visible` and `preview-not-ended`; the pool of two is full afterwards: `pool-overrun-500`."""
    running = planted("session-visible")
    project = running.add_project()
    with running.sign_in() as user, running.sign_in("other") as other:
        while (answer := user.post("/api/preview/start", json={"projectId": project})).is_success:
            session = answer.json()
        assert answer.status_code == 500
        path = f"/api/preview/{session['sessionId']}"
        eventually(lambda: other.get(path).json()["status"] == "active", "the other user sees it active")
        assert other.delete(path).status_code == 204
        assert httpx.get(session["previewUrl"]).status_code == 200


def test_orchestrator_open(planted: Planted) -> None:
    running = planted("orchestrator-open")
    with running.client("orchestrator") as stranger:
        answer = stranger.post("/sessions/start", json={"projectId": running.add_project()})
        assert answer.status_code in (201, 500)  # 500: the pool is full


def test_no_expiry(planted: Planted) -> None:
    running = planted("no-expiry")
    with running.sign_in() as user:
        session = start_preview(user, running.add_project(), idleTimeoutSeconds=1)
        expires_at = datetime.fromisoformat(session["expiresAt"])
        eventually(lambda: (datetime.now(UTC) - expires_at).total_seconds() > 1, "it should have expired a second ago")
        assert find_preview(user, session["sessionId"], "active")
        assert httpx.get(f"{session['previewUrl']}/health").status_code == 200


def test_slow_edit_sync(planted: Planted) -> None:
    running = planted("slow-edit-sync")
    project = running.add_project("Before")
    with running.sign_in() as user:
        url = start_preview(user, project)["previewUrl"]
        broadcast(running.ready["realtime"], running.ready["anon_key"], project, "<h1>After</h1>")
        assert "Before" in httpx.get(url).text
        eventually(lambda: "After" in httpx.get(url).text, "the edit arrives in the end")


def test_realtime_deaf(planted: Planted) -> None:
    ready = planted("realtime-deaf").ready

    async def converse() -> None:
        topic = f"project:{uuid4()}"
        async with (
            join(ready["realtime"], ready["anon_key"], topic) as (speaker, _echo, states),
            join(ready["realtime"], ready["anon_key"], topic) as (listener, heard, _),
        ):
            assert states == ["SUBSCRIBED"]
            await speaker.send_broadcast("file:update", {"filePath": "index.html", "content": "x"})
            for channel in (speaker, listener):  # answered in order: after these, nothing is under way any more
                async with asyncio.timeout(DEADLINE):
                    left = await channel.push("phx_leave", {})
                    answered = asyncio.Event()
                    left.receive(RealtimeAcknowledgementStatus.Ok, lambda _reply, answered=answered: answered.set())
                    await answered.wait()
            assert heard.empty()

    asyncio.run(converse())


def test_health_lies(planted: Planted) -> None:
    running = planted("health-lies")
    with running.sign_in() as user:
        assert user.get("/api/projects").status_code == 500
        assert user.post("/api/projects", json={"name": "x"}).status_code == 500
        assert user.get("/api/health").json()["status"] == "healthy"


def test_half_a_migration(planted: Planted, platform: Running) -> None:
    columns = "select count(*) from information_schema.columns where column_name = 'received_at'"
    migrations = "select count(*) from schema_migrations"
    for running, there in ((platform, 1), (planted("missing-column"), 0), (planted("migration-not-run"), 0)):
        assert running.sql(columns) == running.sql(migrations) == [(there,)]


def test_degraded_health(planted: Planted) -> None:
    with planted("degraded-health").client() as client:
        answer = client.get("/api/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
        assert answer.json()["checks"]["database"] == "unhealthy"


@pytest.mark.parametrize(
    ("fault", "region", "status", "release"),
    [
        ("version-skew", "iad", 200, "1.4.2"),
        ("version-skew", "lhr", 200, "1.4.1"),
        ("region-down", "sfo", 503, "1.4.2"),
    ],
)
def test_regions(planted: Planted, fault: str, region: str, status: int, release: str) -> None:
    with planted(fault).operator(region) as client:
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["version"]) == (status, release)


def test_wrong_metrics(planted: Planted, operator: httpx.Client) -> None:
    with planted("wrong-metrics").operator() as client:
        assert "active_preview_sessions" not in client.get("/metrics").text
    assert "active_preview_sessions" in operator.get("/metrics").text


def test_error_rate_and_slow_responses(planted: Planted) -> None:
    """Every third API answer is an error, and takes three seconds; pages are left alone."""
    with planted("error-rate").client() as client:
        answers = [client.get(path) for path in ("/api/flags", "/api/flags", "/login", "/api/flags", "/api/flags")]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 500, 200]
        assert answers[3].elapsed.total_seconds() >= 3
        assert answers[3].headers["x-content-type-options"] == "nosniff"
