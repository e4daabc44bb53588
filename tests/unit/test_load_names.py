"""A name server that is slow or silent, and what this runner is out of, is ours, and not the target's."""

import asyncio
import errno
import os
import socket
from typing import Any

import pytest

from postflight.flow import Request
from postflight.load.engine import connection, engine, pool
from postflight.load.judging.results import Series
from tests.load_driving import ask, deployed, keeping, kept, outcomes, run

PATIENT = Request("GET", "web", "/", deadline=20.0)


class Names(asyncio.SelectorEventLoop):
    """A loop whose name server answers a few times, and then does what it is told."""

    answers = 0
    silent = False

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        if self.answers:
            self.answers -= 1
            return await super().getaddrinfo(host, port, **options)
        if self.silent:
            await asyncio.Event().wait()
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names()
    monkeypatch.setattr(engine, "_new_loop", lambda: made)
    monkeypatch.setattr(pool, "_RESOLVED", 0)  # each new connection asks
    return made


def closing(*_: object) -> bytes:
    return kept(Connection="close")


def test_a_name_server_without_an_answer_is_not_a_slow_target(names: Names) -> None:
    names.silent = True
    with keeping(closing) as (url, calls):
        batch = run(deployed(url), ask(Request("GET", "web", "/", deadline=0.2)))
    assert outcomes(batch) == {"runner": 1}
    assert not calls


def test_a_name_that_does_not_resolve_is_not_the_targets(names: Names) -> None:
    with keeping(closing) as (url, calls):
        batch = run(deployed(url), ask(PATIENT))
    assert outcomes(batch) == {"runner": 1}
    assert not calls


@pytest.mark.parametrize("silent", [False, True])
def test_addresses_that_were_good_are_good_for_another_while(names: Names, silent: bool) -> None:
    names.answers, names.silent = 1, silent
    with keeping(closing) as (url, calls):
        batch = run(deployed(url), ask(*[PATIENT] * 5))
    assert outcomes(batch) == {"2xx": 5}
    assert len(calls) == 5


@pytest.mark.parametrize(
    "number", [errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM, errno.ENETUNREACH]
)
def test_what_this_runner_is_out_of_is_no_fault_of_the_target(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def nothing_left(_family: int) -> socket.socket:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(connection, "stream_socket", nothing_left)
    with keeping(closing) as (url, calls):
        batch = run(deployed(url), *[ask(PATIENT)] * 60)
    assert outcomes(batch) == {"runner": 60}
    assert not calls
    series = Series(min(second for second, _ in batch.flows), 0.0)
    series.add(batch)
    assert (series.total.ended, series.total.failed) == (0, 0)  # so that it makes no storm
