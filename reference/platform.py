"""The life of the reference platform: everything is started in order, told of in one line, and ended in reverse."""

import asyncio
import json
import os
import secrets
import signal
import ssl
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass

from reference.api_faults import HANDSHAKE
from reference.auth import Tokens, hash_password
from reference.blue_green import SOCKETS, BlueGreen, make_blue_green
from reference.database import Database, create_database, open_database
from reference.faults import SLOW_HANDSHAKE, TLS_OLD_VERSION
from reference.machine import Machine
from reference.metrics import HttpMetrics
from reference.orchestrator.app import create_orchestrator
from reference.orchestrator.pool import Pool
from reference.postgres import serve_postgres
from reference.realtime.app import PATH as REALTIME_PATH
from reference.realtime.app import create_realtime
from reference.services import Addresses, Services
from reference.serving import Listener, base_url, listen, serve
from reference.settings import REGIONS, Settings
from reference.tls import make_certificates
from reference.web.app import create_web
from reference.web.previews import make_orchestrator_client
from reference.web.upgrade import create_upgrade

PLAIN = "plain"  # the socket that plain HTTP is redirected from


@dataclass(frozen=True, slots=True)
class Account:
    """A person who can sign in."""

    email: str
    password: str


async def run(settings: Settings) -> None:
    """Run until a signal, or until stdin closes where that is asked for. Raises what keeps it from running."""
    loop = asyncio.get_running_loop()
    living = asyncio.create_task(_live(settings))
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, living.cancel)
    if settings.until_stdin_closes:
        threading.Thread(target=_cancel_at_end_of_stdin, args=(loop, living), daemon=True).start()
    with suppress(asyncio.CancelledError):
        await living


def _cancel_at_end_of_stdin(loop: asyncio.AbstractEventLoop, living: asyncio.Task[None]) -> None:
    """A thread, because stdin may be a file or /dev/null, which an event loop cannot wait for."""
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    with suppress(RuntimeError):  # the loop is closed: there is nothing left to end
        loop.call_soon_threadsafe(living.cancel)


async def _live(settings: Settings) -> None:
    async with start(settings) as ready:
        print(json.dumps(ready), flush=True)  # noqa: T201  the interface
        await asyncio.Event().wait()


@asynccontextmanager
async def start(settings: Settings) -> AsyncIterator[dict[str, object]]:
    """Start everything and give what the ready line says; end everything afterwards."""
    accounts = {name: Account(f"{name}@velocity.test", secrets.token_urlsafe(16)) for name in ("primary", "other")}
    database_name = f"velocity_{secrets.token_hex(6)}"
    async with AsyncExitStack() as stack:
        server, folder = await stack.enter_async_context(serve_postgres(settings.database, database_name))
        certificates = make_certificates(folder, settings.faults) if settings.tls else None
        url = await create_database(server, database_name, settings.faults)
        database = await stack.enter_async_context(open_database(url))
        await _add_users(database, accounts.values())

        plain = (PLAIN,) if settings.tls else ()
        side_by_side = SOCKETS if settings.next_release else ()
        named = ("web", "realtime", *REGIONS, *plain, *side_by_side)
        sockets = {name: stack.enter_context(listen()) for name in named}
        realtime_url = base_url(sockets["realtime"], tls=settings.tls, scheme="ws")
        tokens = Tokens(faults=settings.faults)
        services = Services(
            settings=settings,
            addresses=Addresses(
                web=base_url(sockets["web"], tls=settings.tls),
                regions={region: base_url(sockets[region], tls=settings.tls) for region in REGIONS},
                realtime=f"{realtime_url}{REALTIME_PATH}",
            ),
            database=database,
            tokens=tokens,
            api_token=secrets.token_urlsafe(32),
            anon_key=tokens.issue_anon(),
            certificates=certificates,
        )

        orchestrator = await stack.enter_async_context(make_orchestrator_client(services))
        metrics = HttpMetrics()
        metrics.registry.register(Machine())
        pool = Pool(services, metrics.registry)
        stack.push_async_callback(pool.close)
        blue_green: BlueGreen | None = None
        if settings.next_release:
            blue_green = make_blue_green(services, orchestrator, sockets["web"], sockets)
        listeners = [
            *(blue_green.listeners if blue_green else [Listener(create_web(services, orchestrator), sockets["web"])]),
            Listener(create_realtime(services), sockets["realtime"], websockets=True),
            *(Listener(create_orchestrator(services, region, pool, metrics), sockets[region]) for region in REGIONS),
        ]
        if settings.tls:
            listeners.append(Listener(create_upgrade(services), sockets[PLAIN], plain=True))
        oldest = ssl.TLSVersion.TLSv1_1 if TLS_OLD_VERSION in settings.faults else None
        slow = HANDSHAKE if SLOW_HANDSHAKE in settings.faults else 0.0
        servers = await stack.enter_async_context(serve(listeners, certificates, oldest=oldest, slow_handshake=slow))
        if blue_green:
            blue_green.serve_on(servers)
        plain_http = f"http://localhost:{sockets[PLAIN].getsockname()[1]}" if settings.tls else None
        yield _ready_line(services, accounts, plain_http) | (blue_green.ready_line() if blue_green else {})


async def _add_users(database: Database, accounts: Iterable[Account]) -> None:
    people = list(accounts)
    hashes = await asyncio.gather(*(hash_password(person.password) for person in people))
    async with database.service() as connection:
        for person, password_hash in zip(people, hashes, strict=True):
            await connection.execute(
                "insert into users (email, password_hash) values (%s, %s)", [person.email, password_hash]
            )


def _ready_line(services: Services, accounts: dict[str, Account], plain_http: str | None) -> dict[str, object]:
    return {
        "version": 1,
        "pid": os.getpid(),
        "web": services.addresses.web,
        "orchestrator": services.addresses.orchestrator,
        "regions": services.addresses.regions,
        "realtime": services.addresses.realtime,
        "database": services.database.url,
        "anon_key": services.anon_key,
        "api_token": services.api_token,
        "jwt_key": services.tokens.key,
        "plain_http": plain_http,
        "accounts": {name: asdict(account) for name, account in accounts.items()},
        "ca_file": str(services.certificates.ca) if services.certificates else None,
        "pool": services.settings.pool,
        "release": services.settings.release,
        "tier": services.settings.tier,
        "faults": sorted(fault.name for fault in services.settings.faults),
    }
