"""The control arm: whose fault is it?"""

import random

import pytest

from postflight.stats import rates
from postflight.stats.blocks import MISSING, Block
from postflight.stats.control import Call, judge
from postflight.stats.eprocess import State

TEST = rates.above(0.05, alpha=0.01, blocks=180)
GOOD, BAD = Block(1000, 9), Block(1000, 400)


def after(*blocks: Block) -> State:
    state = TEST.start()
    for block in blocks:
        state = state.update(block)
    return state


def test_no_trigger_no_call():
    assert judge(after(BAD), after(BAD)).call is Call.WAIT


def test_the_deployment_alone_is_bad():
    assert judge(after(BAD, BAD), None).call is Call.ACT
    assert judge(after(BAD, BAD), after(GOOD, GOOD)).call is Call.ACT


def test_both_are_bad_so_it_is_what_both_need():
    judgement = judge(after(BAD, BAD), after(BAD, BAD))
    assert judgement.call is Call.HOLD
    assert "previous deployment breaks too" in judgement.reason


@pytest.mark.parametrize("control", [(MISSING, MISSING), (GOOD, MISSING)])
def test_a_control_that_was_not_measured_proves_nothing(control):
    judgement = judge(after(BAD, BAD), after(*control))
    assert judgement.call is Call.HOLD
    assert "not measured" in judgement.reason


def test_a_control_that_was_measured_again_counts():
    assert judge(after(BAD, BAD), after(MISSING, GOOD)).call is Call.ACT


def test_a_healthy_control_is_not_taken_for_a_broken_one():
    dice = random.Random(8)
    for _ in range(20):
        control = after(*[Block(200, sum(dice.random() < 0.02 for _ in range(200))) for _ in range(30)])
        assert judge(after(*[MISSING] * 28, *[Block(1000, 1000)] * 2), control).call is Call.ACT
    assert judge(after(*[MISSING] * 28, BAD, BAD), control).call is Call.ACT


def test_arms_that_were_not_fed_alike_are_refused():
    with pytest.raises(ValueError, match="feed both alike"):
        judge(after(BAD, BAD), after(GOOD))


@pytest.mark.parametrize(("share", "held"), [(0.1, 0.9), (0.3, 1.0), (1.0, 1.0)])
def test_a_shared_outage_in_mid_watch_is_held(share, held):
    """Both arms break at once, each with its own luck; the control may need a little longer to show it."""
    dice = random.Random(7)

    def count() -> Block:
        return Block(200, sum(dice.random() < share for _ in range(200)))

    calls = []
    for _ in range(100):
        candidate, control = after(*[Block(200, 2)] * 5), after(*[Block(200, 2)] * 5)
        while not candidate.fired:
            candidate, control = candidate.update(count()), control.update(count())
        calls.append(judge(candidate, control).call)
    assert calls.count(Call.HOLD) / len(calls) >= held
