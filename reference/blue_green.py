"""Puts blue-green together: two releases of the web service on one database, the switch, and its control plane."""

import secrets
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import httpx

from reference.releases import Release, Switch
from reference.services import Services
from reference.serving import Listener, Server, base_url
from reference.vercel.app import create_vercel
from reference.vercel.project import NAME, Project, Staged
from reference.web.app import create_web

SOCKETS = ("release", "next_release", "control")
_BETWEEN = 60_000  # milliseconds between the making of the two releases, as the control plane tells


@dataclass(frozen=True, slots=True)
class BlueGreen:
    """What serves it, and what the ready line says of it."""

    switch: Switch
    project: Project
    listeners: tuple[Listener, ...]
    control_url: str
    token: str

    def serve_on(self, servers: Sequence[Server]) -> None:
        """Tell the switch which of the servers has the public address: that of the first listener."""
        self.switch.serve_on(servers[0])

    def ready_line(self) -> dict[str, object]:
        """Return what the ready line says: `control` and `releases`, the live one first."""
        return {
            "control": {
                "url": self.control_url,
                "token": self.token,
                "project": self.project.id,
                "project_name": NAME,
                "team": self.project.account,
            },
            "releases": [
                {"id": each.release.id, "version": each.release.version, "url": each.release.url}
                for each in reversed(self.project.deployments)
            ],
        }


def make_blue_green(
    services: Services, orchestrator: httpx.AsyncClient, public: socket.socket, sockets: dict[str, socket.socket]
) -> BlueGreen:
    """Make two releases that wait side by side; the present one is live. `sockets` has those named in `SOCKETS`."""
    settings = services.settings
    assert settings.next_release is not None
    tls = settings.tls
    of_next = replace(settings, release=settings.next_release, faults=settings.next_faults)
    present, following = (
        Release(
            f"dpl_{secrets.token_hex(14)}",
            each.settings.release,
            base_url(sockets[name], tls=tls),
            create_web(each, orchestrator),
        )
        for name, each in (("release", services), ("next_release", replace(services, settings=of_next)))
    )
    switch = Switch(present, settings.faults, settings.switch_lasts, public.getsockname()[1])
    now = round(time.time() * 1000)
    staged = (Staged(following, now), Staged(present, now - _BETWEEN))
    project = Project(switch, staged, services.addresses.web)
    token = secrets.token_urlsafe(24)
    listeners = (
        Listener(switch, public),
        Listener(present.app, sockets["release"]),
        Listener(following.app, sockets["next_release"]),
        Listener(create_vercel(project, token), sockets["control"], plain=True),
    )
    return BlueGreen(switch, project, listeners, base_url(sockets["control"], tls=False), token)
