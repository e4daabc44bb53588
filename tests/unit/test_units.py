import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.config.units import known_units, parse_quantity
from postflight.model import Quantity, Unit

SAMPLE = {
    Unit.SECONDS: "s",
    Unit.RATIO: "%",
    Unit.BYTES: "B",
    Unit.COUNT: "sessions",
    Unit.PER_SECOND: "/s",
}


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("500 ms", 0.5, Unit.SECONDS),
        ("500ms", 0.5, Unit.SECONDS),
        ("  2   s ", 2, Unit.SECONDS),
        ("3 ns", 3e-9, Unit.SECONDS),
        ("3 us", 3e-6, Unit.SECONDS),
        ("3 µs", 3e-6, Unit.SECONDS),
        ("30 min", 1800, Unit.SECONDS),
        ("1.5 h", 5400, Unit.SECONDS),
        ("1 d", 86400, Unit.SECONDS),
        ("5 %", 0.05, Unit.RATIO),
        ("99.5%", 0.995, Unit.RATIO),
        ("12 B", 12, Unit.BYTES),
        ("170 KB", 170_000, Unit.BYTES),
        ("1 KiB", 1024, Unit.BYTES),
        ("2 MB", 2_000_000, Unit.BYTES),
        ("2 MiB", 2_097_152, Unit.BYTES),
        ("5 sessions", 5, Unit.COUNT),
        ("1 connection", 1, Unit.COUNT),
        ("0.1 /s", 0.1, Unit.PER_SECOND),
        ("0.1/s", 0.1, Unit.PER_SECOND),
        (".5 s", 0.5, Unit.SECONDS),
        ("0 s", 0, Unit.SECONDS),
    ],
)
def test_a_quantity_is_stored_in_its_base_unit(text: str, value: float, unit: Unit) -> None:
    assert parse_quantity(text) == Quantity(value, unit)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("30", "30 is a bare number; write its unit, like '30 s'"),
        ("", "'' is not a quantity; write a number and its unit, like '500 ms'"),
        ("fast", "'fast' is not a quantity"),
        ("inf s", "'inf s' is not a quantity"),
        ("nan s", "'nan s' is not a quantity"),
        ("1e400 s", "'1e400 s' is too large"),
        ("1e308 d", "'1e308 d' is too large"),
        ("-1 s", "'-1 s' is negative"),
        ("5 Ms", "unknown unit 'Ms' in '5 Ms'; did you mean 'ms'?"),
        ("5 kb", "unknown unit 'kb' in '5 kb'; did you mean 'KB'?"),
        ("5 sesions", "unknown unit 'sesions' in '5 sesions'; did you mean 'sessions'?"),
        ("5 mins", "unknown unit 'mins' in '5 mins'; did you mean 'min'?"),
        ("1 000 s", "unknown unit '000 s'"),
        ("2.5 sessions", "'2.5 sessions' is a count, and must be a whole number"),
        ("\u0665 s", "is not a quantity"),  # a digit, but not one of ours
        ("1" * 5000 + " s", "is not a quantity"),
    ],
)
def test_what_is_no_quantity_is_an_error_with_a_remedy(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        parse_quantity(text)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("5 %", Unit.SECONDS, "'5 %' is a quantity of another kind; expected one like '500 ms'"),
        ("5 s", Unit.COUNT, "'5 s' is a quantity of another kind; expected one like '5 sessions'"),
        ("5", Unit.COUNT, "5 is a bare number; write its unit, like '5 sessions'"),
        ("5 sec", Unit.SECONDS, "unknown unit 'sec' in '5 sec'"),
    ],
)
def test_a_limit_of_one_kind_takes_no_other(text: str, unit: Unit, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_quantity(text, unit)


@given(st.text() | st.from_regex(r"[-+0-9.eE]{0,8}\s?[a-zA-Z%/µ]{0,4}"))
def test_any_text_is_a_finite_quantity_or_a_value_error(text: str) -> None:
    try:
        quantity = parse_quantity(text)
    except ValueError:
        return
    assert math.isfinite(quantity.value)
    assert quantity.value >= 0


@given(st.floats(min_value=0, max_value=1e9), st.sampled_from([Unit.SECONDS, Unit.RATIO, Unit.BYTES, Unit.PER_SECOND]))
def test_what_a_quantity_prints_is_read_back(value: float, unit: Unit) -> None:
    printed = str(Quantity(value, unit))
    again = parse_quantity(printed)
    assert again.unit is unit
    # it is printed with three digits or in whole units
    assert again.value == pytest.approx(value, rel=0.006, abs=0.5 if unit is Unit.BYTES else 0)


@given(st.integers(min_value=0, max_value=10**15), st.sampled_from(sorted(known_units())))
def test_exact_numbers_stay_exact(number: int, unit: str) -> None:
    base = parse_quantity(f"1 {unit}").value
    assert parse_quantity(f"{number} {unit}").value == pytest.approx(number * base, rel=1e-15)
    assert parse_quantity(f"{number}{unit}") == parse_quantity(f" {number}  {unit} ")


def test_every_unit_of_a_dimension_is_of_that_dimension() -> None:
    for unit, name in SAMPLE.items():
        assert name in known_units(unit)
        assert {parse_quantity(f"1 {written}").unit for written in known_units(unit)} == {unit}
