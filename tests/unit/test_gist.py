"""What is told of many measurements and exclusions where there is little room: nothing that decides is dropped."""

from dataclasses import replace

from postflight.model import Finding, Measurement, Status, Unit
from postflight.report import gist

LCP = Measurement("lcp", (2.0,), Unit.SECONDS, limit="at most 2.5 s", met=True, bound=2.5)


def test_what_is_not_within_its_limit_is_always_shown_and_first() -> None:
    kept = [replace(LCP, metric=f"kept{n}") for n in range(5)]
    broken = [replace(LCP, metric=f"broken{n}", values=(3.0,), met=False) for n in range(3)]
    unclear = replace(LCP, metric="unclear", met=None)
    shown, more = gist.nearest([*kept, unclear, *broken], most=2)
    assert [m.metric for m in shown] == ["broken0", "broken1", "broken2", "unclear"]
    assert more == 5


def test_then_comes_what_is_nearest_to_its_limit() -> None:
    far, near = replace(LCP, metric="far", values=(0.1,)), replace(LCP, metric="near", values=(2.4,))
    score = Measurement("score", (0.91,), Unit.RATIO, limit="at least 90 %", met=True, bound=0.9)
    shown, more = gist.nearest([far, near, score], most=2)
    assert ([m.metric for m in shown], more) == (["score", "near"], 1)


def test_the_number_shown_is_the_one_that_is_judged() -> None:
    assert gist.shown(replace(LCP, values=(1.0, 2.0))) == "2 s"
    assert gist.shown(replace(LCP, values=(1.0, 2.0), limit="at least 1 s")) == "1 s"
    assert gist.shown(replace(LCP, values=(1.0, 2.0, 9.0), interval=(1.5, 2.5))) == "2 s (1.5 s to 2.5 s)"


def test_what_was_left_out_is_told_once_for_each_test() -> None:
    finding = Finding("t.py::test_a[x]", "performance", Status.EXCLUDED, title="A: x", summary="no baseline")
    others = [replace(finding, check=f"t.py::test_a[{n}]") for n in range(2)]
    told = gist.left_out([finding, *others, replace(finding, check="t.py::test_b", title="B")])
    assert [str(each) for each in told] == ["A: x: no baseline (and 2 more alike)", "B: no baseline"]
