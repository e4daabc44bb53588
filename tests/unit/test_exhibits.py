"""Pictures of a finding: what is kept of too much, and that what is left out is said."""

import math

import pytest
from pydantic import TypeAdapter

from postflight import exhibits
from postflight.exhibits import Exhibit, Frame, Line, Mark, Request, Row


def test_a_waterfall_keeps_its_first_requests_and_says_how_many_more_there_were() -> None:
    requests = [Request(f"r{n}", "script", n / 10, n / 10 + 1) for n in reversed(range(exhibits.MAX_REQUESTS + 40))]
    made = exhibits.make_waterfall("Landing", [*requests, Request("x", "image", math.nan, 1.0)], note="cold cache")
    assert [one.name for one in made.requests[:2]] == ["r0", "r1"]
    assert len(made.requests) == exhibits.MAX_REQUESTS
    assert made.note == "cold cache; … 1 more without times; … 40 more requests"


def test_a_filmstrip_keeps_its_first_and_last_frames() -> None:
    made = exhibits.make_filmstrip("Landing", [Frame(f"{n}.png", n) for n in range(40)], [Mark("LCP", math.inf)])
    assert (made.frames[0].at, made.frames[-1].at) == (0, 39)
    assert len(made.frames) == exhibits.MAX_FRAMES
    assert made.note == "… 28 more frames between these"
    assert made.marks == ()


def test_a_thinned_line_keeps_its_spike_and_its_band() -> None:
    spike = [(float(n), 100.0 if n == 777 else 1.0) for n in range(1000)]
    made = exhibits.make_chart("p95", [Line("p95", tuple(spike), ((0.5, 101.0),) * 1000)], unit="s", limit=math.nan)
    (line,) = made.lines
    assert len(line.points) <= exhibits.MAX_POINTS
    assert (777.0, 100.0) in line.points
    assert len(line.band) == len(line.points)
    assert made.limit is None
    assert "highest of up to 5" in made.note


def test_a_gap_stays_a_gap() -> None:
    made = exhibits.make_chart("p95", [Line("p95", ((0.0, 1.0), (1.0, math.nan), (2.0, None)))], unit="s")
    assert made.lines[0].points == ((0.0, 1.0), (1.0, None), (2.0, None))


@pytest.mark.parametrize("lines", [0, exhibits.MAX_LINES + 2])
def test_lines_that_are_too_many_are_told(lines: int) -> None:
    made = exhibits.make_chart("p95", [Line(str(n), ((0.0, 1.0),)) for n in range(lines)], unit="s")
    assert made.note == ("… 2 more lines" if lines else "")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="row '/' has 1 cells for 2 columns"):
        exhibits.make_matrix("CSP", ["a", "b"], [Row("/", (("ok", ""),))])
    with pytest.raises(ValueError, match="1 entries for 2 points"):
        exhibits.make_chart("p95", [Line("a", ((0.0, 1.0), (1.0, 1.0)), ((0.0, 1.0),))], unit="s")


def test_a_matrix_is_bounded_in_both_directions() -> None:
    columns = [f"c{n}" for n in range(exhibits.MAX_COLUMNS + 3)]
    rows = [Row("x" * 1000, (("ok", "y" * 1000),) * len(columns))] * (exhibits.MAX_ROWS + 1)
    made = exhibits.make_matrix("CSP", columns, rows)
    assert (len(made.columns), len(made.rows), len(made.rows[0].cells)) == (24, 60, 24)
    assert made.note == "… 1 more rows; … 3 more columns"
    assert len(made.rows[0].name) == len(made.rows[0].cells[0][1]) == exhibits.MAX_TEXT


def test_each_kind_comes_back_as_itself() -> None:
    all_kinds: tuple[Exhibit, ...] = (
        exhibits.make_waterfall("w", [Request("r", "script", 0.0, 1.0, 0.5, 10)]),
        exhibits.make_filmstrip("f", [Frame("a.png", 0.0)]),
        exhibits.make_chart("c", [Line("l", ((0.0, None),))], unit="s"),
        exhibits.make_matrix("m", [], []),
    )
    adapter = TypeAdapter(tuple[Exhibit, ...])
    assert adapter.validate_json(adapter.dump_json(all_kinds)) == all_kinds


def test_files_of_a_stage_lie_in_its_folder() -> None:
    strip = exhibits.within(exhibits.make_filmstrip("f", [Frame("a.png", 0.0)]), "performance")
    assert strip == exhibits.make_filmstrip("f", [Frame("performance/a.png", 0.0)])
