"""VEL-S2, P13-X5: no password but the right one opens an account, and sign-in does not tell who has one."""

from collections.abc import Callable

import pytest

from postflight.checks.invariants import refusals
from postflight.model import Account

from .caller import Caller
from .conftest import Hold

pytestmark = [
    pytest.mark.contract,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-S2", "P13-X5"),
    pytest.mark.needs("fuzz"),  # a wrong password is noted against the account
]


def test_sign_in_tells_nothing(
    call_as_stranger: Caller, account: Callable[[str], Account], run_id: str, hold: Hold
) -> None:
    """A wrong password is refused, and an unknown address is refused in the same words"""
    wrong = {"email": account("primary").email.reveal(), "password": f"wrong-{run_id}"}
    tried = call_as_stranger("signIn", wrong)
    hold(refusals.be_refused(tried, "a wrong password"))
    hold(refusals.tell_alike(call_as_stranger("signIn", {**wrong, "email": f"{run_id}@postflight.invalid"}), tried))
