"""A platform with a release that waits, and what is done with it through its control plane."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.reference.running import Running, eventually, start

SHORT = 1.0  # seconds that a planted way of switching badly lasts: enough for visitors on a busy machine
VISITORS = 4


@dataclass
class BlueGreen:
    """A platform with a release that waits, and its control plane."""

    running: Running
    api: httpx.Client
    old: dict[str, str] = field(init=False)
    new: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.old, self.new = self.running.ready["releases"]

    @property
    def project(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get("/v9/projects/velocity").raise_for_status().json()
        return found

    def ask(self, kind: str, release: dict[str, str]) -> httpx.Response:
        version = {"promote": "v10", "rollback": "v9"}[kind]
        return self.api.post(f"/{version}/projects/{self.project['id']}/{kind}/{release['id']}")

    def switch(self, kind: str, release: dict[str, str]) -> None:
        """Ask, and wait until the control plane says that it is done."""
        answer = self.ask(kind, release)
        assert (answer.status_code, answer.content) == (201, b"")
        eventually(lambda: self.project["lastAliasRequest"]["jobStatus"] == "succeeded", "the switch is done")

    def look(self) -> str:
        """Ask the public address once, on a connection of its own: the version, the status, or what went wrong."""
        try:
            answer = httpx.get(f"{self.running.ready['web']}/api/flags", timeout=10)
        except httpx.HTTPError as error:
            return type(error).__name__
        return answer.headers["x-velocity-version"] if answer.is_success else str(answer.status_code)

    def seen_during(self, action: Callable[[], None]) -> Counter[str]:
        """What visitors get before, while and after something is done: some at once."""
        seen: Counter[str] = Counter()
        done = False

        def visit() -> None:
            while not done:
                seen[self.look()] += 1

        with ThreadPoolExecutor(VISITORS) as visitors:
            visiting = [visitors.submit(visit) for _ in range(VISITORS)]
            try:
                eventually(lambda: seen.total() >= VISITORS, "visitors come")
                action()
                enough = seen.total() + 2 * VISITORS  # of which at most half were under way
                eventually(lambda: seen.total() >= enough, "visitors come afterwards")
            finally:
                done = True
            for each in visiting:
                each.result()
        return seen


@contextmanager
def blue_green(*arguments: str) -> Iterator[BlueGreen]:
    with start("--next-release", "1.5.0", "--switch-lasts", str(SHORT), *arguments) as running:
        control = running.ready["control"]
        headers = {"Authorization": f"Bearer {control['token']}"}
        with httpx.Client(base_url=control["url"], headers=headers) as api:
            yield BlueGreen(running, api)
