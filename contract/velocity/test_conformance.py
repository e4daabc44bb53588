"""VEL-S2, VEL-S3: the answers of a whole life of a project are those that the document promises."""

from collections.abc import Callable

import pytest

from postflight.checks.invariants import protocol
from postflight.checks.invariants.conformance import Conformance
from postflight.checks.invariants.exchange import Exchange
from postflight.model import Account

from .caller import Caller
from .conftest import Hold, NewProject
from .resources import FILE, PROJECT

pytestmark = [
    pytest.mark.contract,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-S3"),
    pytest.mark.needs("create", "fuzz"),
]


def test_a_projects_life_is_as_documented(
    call: Caller, new_project: NewProject, unique: Callable[[], str], hold: Hold
) -> None:
    """Creating, reading, listing, changing, writing files and deleting answer as the document says"""
    made = new_project()
    id_ = PROJECT.id_of(made.object)
    life: list[Exchange] = [
        made,
        call(PROJECT.read, id=id_),
        call(PROJECT.list),
        call(PROJECT.change, {"name": unique()}, id=id_),
        call(FILE.write, {"content": "caf\u00e9"}, id=id_, path="a.txt"),
        call(FILE.list, id=id_),
        call(FILE.read, id=id_, path="a.txt"),
        call(FILE.delete, id=id_, path="a.txt"),
        call(FILE.read, id=id_, path="a.txt"),
        call(PROJECT.delete, id=id_),
        call(PROJECT.read, id=id_),
    ]
    conformance = Conformance(call.promises)
    hold(violation for one in life for violation in conformance.violations(one))
    hold(violation for one in life[:8] for violation in conformance.success(one))
    for one in (life[1], life[2], life[6]):
        hold(protocol.stay_private(one))


@pytest.mark.covers("VEL-S2")
def test_signing_in_and_out_is_as_documented(
    call_as_stranger: Caller, account: Callable[[str], Account], hold: Hold
) -> None:
    """Signing in and out answer as the document says, and nothing beyond it"""
    primary = account("primary")
    signed_in = call_as_stranger("signIn", {"email": primary.email.reveal(), "password": primary.password.reveal()})
    conformance = Conformance(call_as_stranger.promises)
    hold(conformance.violations(signed_in))
    token = signed_in.response.expect(200).json_object().text("token")
    out = Caller(call_as_stranger.api, call_as_stranger.promises, token)("signOut")
    hold(conformance.violations(out))
