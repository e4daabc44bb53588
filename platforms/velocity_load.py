"""What Velocity's load profiles do: `api`, `preview-start` and `preview-pool`. Flows without I/O.

Sign-in is rate limited (ten in a minute) and accounts are few: each process signs in once per account, before the first
arrival, and all its arrivals share the tokens. So a profile measures what people do once they are in.

What is created is named by the run: `postflight cleanup` and the end of a run find it when a process was killed.
"""

from dataclasses import dataclass, field

from platforms.velocity import PREFIX, Project, Velocity
from postflight.errors import NotEnoughEvidence, UnexpectedAnswer
from postflight.flow import Flow, Pause, Request
from postflight.load.profiles.work import MakeWork, Party

READY_WITHIN = 30.0  # seconds; VEL-S6
EDIT_WITHIN = 5.0  # seconds until an edit counts as lost; how fast it must be, says the budget of `edit.sync`
HELD = 1.0  # seconds that `preview-pool` keeps each place that it got
PROJECTS_EACH = 2  # that `api` reads, for each account

_VELOCITY = Velocity()


@dataclass(slots=True)
class Api:
    """What the projects page asks for: health, the list, one project; which must be the one that was asked for."""

    party: Party
    tokens: tuple[str, ...] = ()
    projects: list[tuple[str, Project]] = field(default_factory=list)  # with the tokens of their owners

    def prepare(self) -> Flow[None]:
        """Sign in, and create the projects that are read."""
        self.tokens = yield from _sign_in(self.party)
        for number in range(PROJECTS_EACH):
            for account, token in enumerate(self.tokens):  # neighbours in the list belong to different people
                name = f"{PREFIX}{self.party.name_of(f'api-{account}-{number}')}"
                self.projects.append((token, (yield from _VELOCITY.create_project(token, name))))

    def arrive(self, number: int) -> Flow[None]:
        """Look at the platform's health, the own projects and one of them."""
        token, project = self.projects[number % len(self.projects)]
        yield from _VELOCITY.health("web", "/api/health")
        yield from _look_at_projects(token)
        read = yield from _VELOCITY.read_project(token, project.id)
        if read != project:
            message = f"asked for the project {project.id}, /api/projects/{{id}} answered with another one: {read.id}"
            raise UnexpectedAnswer(message, expected=str(project), seen=str(read), where="/api/projects/{id}")

    def conclude(self) -> Flow[None]:
        """Remove the projects."""
        for token, project in self.projects:
            yield from _VELOCITY.remove_project(token, project.id)


@dataclass(slots=True)
class Previews:
    """Create a project, start its preview, wait until it is ready, see an edit in it, end it, and clean up.

    `preview-start` never runs more at once than the pool has free: an arrival that finds all of its places taken is
    a refusal, and sends nothing. `preview-pool` leaves it to the platform to refuse, which must do so clearly: when
    more run than the pool allows, that is the platform's fault.
    """

    party: Party
    limit: int
    key: str
    beyond: bool  # whether it asks for more than the pool has
    tokens: tuple[str, ...] = ()
    places: int = 0
    running: int = 0

    def prepare(self) -> Flow[None]:
        """Sign in, and see how much of the pool is free."""
        self.tokens = yield from _sign_in(self.party)
        in_use = yield from _VELOCITY.previews_in_use()
        if in_use >= self.limit:
            raise NotEnoughEvidence(
                f"all {self.limit} previews of the pool are in use: nothing can be started; try later"
            )
        self.places = self.party.share.of(self.limit - in_use)

    def arrive(self, number: int) -> Flow[None]:
        """Use one preview from its beginning to its end."""
        if self.running >= self.places and not self.beyond:
            raise NotEnoughEvidence(f"all {self.places} places of the pool that this process may take are taken")
        token = self.tokens[number % len(self.tokens)]
        self.running += 0 if self.beyond else 1  # taken before the first wait, so that two cannot take the last place
        try:
            project = yield from _VELOCITY.create_project(token, f"{PREFIX}{self.party.name_of(number)}")
            try:
                yield from self._hold(token, project) if self.beyond else self._use(token, project)
            finally:  # ends a preview too whose start was not answered
                yield from _VELOCITY.remove_project(token, project.id)
        finally:
            self.running -= 0 if self.beyond else 1

    def conclude(self) -> Flow[None]:
        """Remove what arrivals left that could not."""
        for token in self.tokens:
            yield from _VELOCITY.remove_projects(token, f"{PREFIX}{self.party.name_of('')}")

    def _use(self, token: str, project: Project) -> Flow[None]:
        yield from _VELOCITY.use_preview(
            token, project.id, key=self.key, ready_within=READY_WITHIN, edit_within=EDIT_WITHIN
        )

    def _hold(self, token: str, project: Project) -> Flow[None]:
        """Take a place for a while. What runs at once here must not be more than the pool allows."""
        session = yield from _VELOCITY.start_or_be_refused(token, project.id)
        if session is None:
            return  # a clear refusal is what this profile asks for
        self.running += 1
        try:
            if self.running > self.limit:
                raise UnexpectedAnswer(
                    f"{self.running} previews run at once, the pool's limit is {self.limit}",
                    expected=f"a refusal of start {self.limit + 1}",
                    seen="it was started",
                )
            yield Pause(HELD)
        finally:
            self.running -= 1
            yield from _VELOCITY.end_preview(token, session.id)


def _look_at_projects(token: str) -> Flow[None]:
    """Read the first page of the own projects, as the projects page does."""
    answer = yield Request("GET", "web", "/api/projects", token=token)
    answer.expect(200).json_object().items("projects")


def _sign_in(party: Party) -> Flow[tuple[str, ...]]:
    tokens: tuple[str, ...] = ()
    for account in party.accounts():
        tokens = (*tokens, (yield from _VELOCITY.sign_in(account)))
    return tokens


def _api(party: Party) -> Api:
    party.may_create()
    party.accounts()
    return Api(party)


def _previews(party: Party, *, beyond: bool = False) -> Previews:
    party.may_create()
    party.accounts()
    return Previews(party, party.limit("preview_pool"), party.secret("realtime_anon_key"), beyond)


def _pool(party: Party) -> Previews:
    party.may_exhaust()
    return _previews(party, beyond=True)


PROFILES: dict[str, MakeWork] = {"api": _api, "preview-start": _previews, "preview-pool": _pool}
