"""The ledgers of several processes add up, also beyond what each names."""

from postflight.contract.ledger import Ledger


def ledger(left: int = 0) -> Ledger:
    one = Ledger()
    one.sent.update({"GET": 3, "POST": 2})
    one.marked["POST"] += 1
    one.refuse("PUT", "PUT changes things")
    one.leave(*(f"/things/{number}" for number in range(left)))
    return one


def test_ledgers_add_up() -> None:
    whole = Ledger.sum([ledger(2), ledger(1)])
    assert (whole.total, whole.unmarked_writes) == (10, 2)
    assert (whole.withheld, whole.refused) == ({"PUT": 2}, {"PUT changes things": 2})
    assert (whole.left, whole.left_in_all) == (["/things/0", "/things/1", "/things/0"], 3)


def test_names_are_bounded_and_counts_are_not() -> None:
    whole = Ledger.sum([ledger(150), ledger(150)])
    assert (len(whole.left), whole.left_in_all) == (100, 300)
    for number in range(200):
        whole.refuse("GET", f"reason {number}")
    assert (len(whole.refused), whole.withheld["GET"]) == (50, 200)


def test_a_ledger_travels_as_text() -> None:
    assert Ledger.from_json(ledger(2).as_json()) == ledger(2)
