"""How long the reference platform takes, through the client that all checks use: signing in, the list of projects."""

import os
from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from platforms.velocity import Velocity
from postflight.probes.client import Client
from postflight.target import Wanted, opened

ROUNDS = 50
WARM_UP = 100
"""Requests: a fresh process looks slower than it is."""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        opened(Wanted(None, "velocity", "reference", ready=os.environ.get("POSTFLIGHT_REFERENCE"))) as target,
        Client(target.deployment, "benchmark") as client,
    ):
        yield client


@pytest.fixture(scope="module")
def token(client: Client) -> str:
    return client.run(Velocity().sign_in(client.deployment.accounts["primary"]))


def test_sign_in(client: Client, benchmark: BenchmarkFixture) -> None:
    account = client.deployment.accounts["primary"]
    benchmark.pedantic(lambda: client.run(Velocity().sign_in(account)), rounds=10, warmup_rounds=2)


def test_list_projects(client: Client, token: str, benchmark: BenchmarkFixture) -> None:
    benchmark.pedantic(lambda: client.run(Velocity().list_projects(token)), rounds=ROUNDS, warmup_rounds=WARM_UP)
