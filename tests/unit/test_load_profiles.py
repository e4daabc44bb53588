"""What arrivals do, without I/O: they end what they start, stay within the pool, and say which kind of end it is."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from platforms.velocity_load import Api, Previews
from postflight.errors import ConfigError, NotAllowed, NotEnoughEvidence, UnexpectedAnswer, Unreachable
from postflight.flow import Flow, Pause, Request, Response
from postflight.load.profiles.registry import Landing, make_work
from postflight.load.profiles.work import Party, Share
from postflight.model import Account, Deployment, Permissions, Quantity, Secret, Service, Unit

DEPLOYMENT = Deployment(
    "velocity",
    "reference",
    "http://web.test",
    known=True,
    adapter="platforms.velocity:Velocity",
    services={"realtime": Service("realtime", "ws://realtime.test/realtime/v1")},
    permissions=Permissions(may_create=True, may_load=True, may_exhaust=True),
    limits={"preview_pool": Quantity(2, Unit.COUNT)},
    accounts={role: Account(role, Secret("E", f"{role}@x.test"), Secret("P", "p")) for role in ("primary", "other")},
    secrets={"realtime_anon_key": Secret("K", "anon")},
)


@dataclass
class Platform:
    """Velocity as far as profiles go, without I/O. `quirk` may answer first."""

    pool: int = 2
    quirk: Callable[[Request], Response | None] = lambda _request: None
    sent: list[str] = field(default_factory=list)
    projects: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)  # id -> its project
    served: dict[str, str] = field(default_factory=dict)

    def answer(self, request: Request) -> Response:
        self.sent.append(request.name or f"{request.method} {request.path}")
        return self.quirk(request) or self._answer(request)

    def _answer(self, request: Request) -> Response:  # noqa: C901 - a table
        last = request.path.rpartition("/")[2]
        body: Any = request.json
        match self.sent[-1]:
            case "POST /api/auth/login":
                return reply(200, {"token": f"token of {body['email']}"})
            case "POST /api/projects":
                made = f"p{len(self.projects)}"
                self.projects[made] = body["name"]
                return reply(201, {"id": made, "name": body["name"]})
            case "GET /api/projects/{id}":
                return reply(200, {"id": last, "name": self.projects[last]})
            case "GET /api/projects":
                found = [{"id": made, "name": name} for made, name in self.projects.items()]
                return reply(200, {"projects": found})
            case "DELETE /api/projects/{id}":
                del self.projects[last]
                return reply(204)
            case "POST /api/preview/start":
                if len(self.sessions) >= self.pool:
                    return reply(429, {"error": {"code": "pool_exhausted"}})
                started = f"s{len(self.served)}"
                self.sessions[started], self.served[started] = body["projectId"], ""
                return reply(200, self._session(started, body["projectId"]))
            case "GET /api/preview":
                return reply(200, {"sessions": [self._session(*held) for held in self.sessions.items()]})
            case "DELETE /api/preview/{id}":
                self.sessions.pop(last, None)
                return reply(204)
            case "GET /metrics":
                return reply(200, f"active_preview_sessions {len(self.sessions)}.0\n")
            case "POST /api/broadcast":
                [message] = body["messages"]
                for session, project in self.sessions.items():
                    if message["topic"] == f"project:{project}":
                        self.served[session] = message["payload"]["content"]
                return reply(202)
            case "GET preview /health":
                return reply(200, {"devServer": True})
            case "GET preview /":
                return reply(200, self.served[request.path.split("/")[2]])
            case "GET preview (ended)":
                raise Unreachable("refused")
            case "GET /api/health":
                return reply(200, {"status": "healthy"})
        raise AssertionError(self.sent[-1])

    @staticmethod
    def _session(session: str, project: str) -> dict[str, str]:
        return {"sessionId": session, "projectId": project, "status": "active", "previewUrl": f"http://{session}"}

    def run(self, flow: Flow[None]) -> None:
        drive(flow, self)


def reply(status: int, body: object = None) -> Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(status, (), text.encode(), "http://x/", 0.01)


def drive(flow: Flow[None], platform: Platform, *, until: Callable[[object], bool] = lambda _wish: False) -> object:
    """Run a flow to its end, or up to a wish; return that wish."""
    step: Callable[[], object] = lambda: next(flow)  # noqa: E731
    while True:
        try:
            wish = step()
        except StopIteration:
            return None
        if until(wish):
            return wish
        if isinstance(wish, Pause):
            step = lambda: flow.send(None)  # type: ignore[arg-type,return-value]  # noqa: E731
            continue
        assert isinstance(wish, Request)
        try:
            answer = platform.answer(wish)
        except Unreachable as error:
            step = lambda error=error: flow.throw(error)  # type: ignore[misc]  # noqa: E731
        else:
            step = lambda answer=answer: flow.send(answer)  # type: ignore[misc]  # noqa: E731


def party(profile: str, *, share: Share | None = None, **changed: Any) -> Party:
    return Party(profile, replace(DEPLOYMENT, **changed), "r1", share or Share())


def ready(platform: Platform, profile: str, share: Share | None = None) -> Previews:
    work = make_work(party(profile, share=share))
    assert isinstance(work, Previews)
    platform.run(work.prepare())
    platform.sent.clear()
    return work


def test_a_preview_is_used_from_its_start_to_its_end() -> None:
    platform = Platform()
    platform.run(ready(platform, "preview-start").arrive(0))
    assert platform.sent == [
        "POST /api/projects",
        "POST /api/preview/start",
        "GET preview /health",
        "POST /api/broadcast",
        "GET preview /",
        "DELETE /api/preview/{id}",
        "GET preview (ended)",
        "GET /api/preview",
        "DELETE /api/projects/{id}",
    ]
    assert (platform.projects, platform.sessions) == ({}, {})


def test_each_account_signs_in_once_and_arrivals_take_turns() -> None:
    platform, used = Platform(), []
    platform.quirk = lambda request: used.append(request.token)  # type: ignore[func-returns-value]
    work = make_work(party("preview-start"))
    platform.run(work.prepare())
    assert platform.sent.count("POST /api/auth/login") == 2
    used.clear()
    for number in range(4):
        platform.run(work.arrive(number))
    assert platform.sent.count("POST /api/auth/login") == 2
    assert set(used) == {None, "token of primary@x.test", "token of other@x.test"}


@pytest.mark.parametrize("step", range(1, 7))
def test_an_aborted_arrival_leaves_nothing(step: int) -> None:
    """Aborted at its n-th request, whose answer came: that is how the engine stops a flow."""
    platform = Platform()
    work = ready(platform, "preview-start")
    flow, seen = work.arrive(0), 0

    def stop(wish: object) -> bool:
        nonlocal seen
        seen += isinstance(wish, Request)
        return seen > step

    wish = drive(flow, platform, until=stop)
    assert wish is not None
    end(flow, platform)
    assert (platform.projects, platform.sessions) == ({}, {})
    assert work.running == 0


def test_a_start_without_an_answer_is_ended_too() -> None:
    platform = Platform()
    work = ready(platform, "preview-start")

    def lose_the_answer(request: Request) -> Response | None:
        if platform.sent[-1] == "POST /api/preview/start":
            platform._answer(request)
            raise Unreachable("no answer in time")
        return None

    platform.quirk = lose_the_answer
    with pytest.raises(Unreachable):
        platform.run(work.arrive(0))
    assert (platform.projects, platform.sessions) == ({}, {})


def end(flow: Flow[None], platform: Platform) -> None:
    """Abort a flow, as the engine does."""

    def cleaning() -> Flow[None]:
        wish = flow.throw(KeyboardInterrupt())
        while True:
            wish = flow.send((yield wish))

    with pytest.raises(KeyboardInterrupt):
        platform.run(cleaning())


def test_no_more_run_at_once_than_the_pool_has_free() -> None:
    platform = Platform(pool=2)
    work = ready(platform, "preview-start")
    flows = [work.arrive(number) for number in range(3)]
    for flow in flows[:2]:
        drive(flow, platform, until=lambda wish: isinstance(wish, Request) and wish.name == "GET preview /health")
    sent = len(platform.sent)
    with pytest.raises(NotEnoughEvidence):
        next(flows[2])
    assert len(platform.sent) == sent, "a refusal of our own sends nothing"
    for flow in flows[:2]:
        end(flow, platform)
    assert work.running == 0


def test_what_is_in_use_already_is_left_to_its_users() -> None:
    platform = Platform(pool=2, sessions={"theirs": "p9"})
    assert ready(platform, "preview-start").places == 1
    platform.sessions["theirs too"] = "p9"
    with pytest.raises(NotEnoughEvidence, match="in use"):
        ready(platform, "preview-start")


def test_workers_share_the_pool() -> None:
    shares = [Share(worker, 3) for worker in range(3)]
    assert [share.of(5) for share in shares] == [2, 2, 1]
    assert [ready(Platform(), "preview-start", share).places for share in shares] == [1, 1, 0]


def test_a_full_pool_is_a_refusal_and_a_refusal_without_a_reason_is_a_fault() -> None:
    platform = Platform(pool=0)
    work = Previews(party("preview-start"), 2, "anon", beyond=False, tokens=("t",), places=2)
    with pytest.raises(NotEnoughEvidence):
        platform.run(work.arrive(0))
    for status in (429, 500):
        platform.quirk = lambda request, status=status: (  # type: ignore[misc]
            reply(status, {"error": {"code": "internal"}}) if request.path == "/api/preview/start" else None
        )
        with pytest.raises(UnexpectedAnswer):
            platform.run(work.arrive(0))
    assert platform.projects == {}


def test_beyond_the_pool_a_refusal_is_good_and_one_too_many_is_a_fault() -> None:
    def hold(platform: Platform) -> tuple[Previews, list[Flow[None]]]:
        work = ready(platform, "preview-pool")
        flows = [work.arrive(number) for number in range(3)]
        for flow in flows[:2]:
            drive(flow, platform, until=lambda wish: isinstance(wish, Pause))
        return work, flows

    platform = Platform(pool=2)
    work, flows = hold(platform)
    platform.run(flows[2])
    assert work.running == 2
    for flow in flows[:2]:
        end(flow, platform)

    work, flows = hold(overrun := Platform(pool=3))
    with pytest.raises(UnexpectedAnswer, match="3 previews run at once, the pool's limit is 2"):
        overrun.run(flows[2])
    assert len(overrun.sessions) == 2, "the one too many was ended"
    for flow in flows[:2]:
        end(flow, overrun)


def test_an_edit_that_never_shows_and_a_container_that_lives_on_are_faults() -> None:
    for name, told in (
        ("POST /api/broadcast", "did not serve the edited text"),
        ("GET preview (ended)", "still answered"),
    ):
        platform = Platform()
        work = ready(platform, "preview-start")
        platform.quirk = lambda _request, name=name, platform=platform: (  # type: ignore[misc]
            reply(202 if "broadcast" in name else 200) if platform.sent[-1] == name else None
        )
        with pytest.raises(UnexpectedAnswer, match=told):
            platform.run(work.arrive(0))
        assert (platform.projects, platform.sessions) == ({}, {})


def test_the_api_profile_notices_another_ones_project() -> None:
    platform = Platform()
    work = make_work(party("api"))
    assert isinstance(work, Api)
    platform.run(work.prepare())
    platform.run(work.arrive(0))
    crossed = reply(200, {"id": "p1", "name": platform.projects["p1"]})
    platform.quirk = lambda _request: crossed if platform.sent[-1] == "GET /api/projects/{id}" else None
    with pytest.raises(UnexpectedAnswer, match="answered with another one: p1"):
        platform.run(work.arrive(0))
    platform.quirk = lambda _request: None
    platform.run(work.conclude())
    assert platform.projects == {}


@pytest.mark.parametrize(
    ("profile", "changed", "told"),
    [
        ("preview-strat", {}, "did you mean 'preview-start'"),
        ("recording", {}, "comes with the platform vibelog"),
        ("teams", {}, "comes with the platform vibelog"),
        ("api", {"adapter": None}, "there is no load profile 'api' for velocity/reference"),
        ("api", {"accounts": {}, "missing_secrets": ("MAIL",)}, r"set \$MAIL"),
        ("preview-start", {"limits": {}}, "limits.preview_pool"),
        ("preview-start", {"secrets": {}}, "realtime_anon_key"),
        ("sync", {"services": {}}, "service `realtime`"),
        ("sync", {"secrets": {}}, "realtime_anon_key"),
    ],
)
def test_a_profile_that_cannot_be_says_what_is_missing(profile: str, changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        make_work(party(profile, **changed))


@pytest.mark.parametrize(
    ("profile", "permissions", "needed"),
    [("api", Permissions(), "create"), ("preview-pool", Permissions(may_create=True), "exhaust_pool")],
)
def test_a_profile_needs_the_permission_for_what_it_does(profile: str, permissions: Permissions, needed: str) -> None:
    with pytest.raises(NotAllowed, match=needed):
        make_work(party(profile, permissions=permissions))


def test_any_site_has_a_landing_page() -> None:
    assert isinstance(make_work(party("landing", adapter=None, accounts={}, permissions=Permissions())), Landing)
