"""The last release: what a new one is held against is what serves, page by page, and which browser was given it."""

from pathlib import Path

import pytest

from postflight.checks.weight.page import Kind
from postflight.checks.weight.release import FileWeight, Release
from postflight.history import History, HistoryUnavailable
from tests.histories import NOW, ROLLBACK, entry

OLD, NEW = "headless-shell 149.0.7827.12", "headless-shell 150.0.7871.46"


def files(wire: int, *routes: str) -> tuple[FileWeight, ...]:
    return tuple(FileWeight(route, "/app.js", Kind.SCRIPT, wire) for route in routes)


@pytest.fixture
def history(tmp_path: Path):
    with History.at(tmp_path / "h.sqlite3") as opened:
        yield opened


def last(history: History) -> Release:
    found = history.last_release("velocity", "staging")
    assert found is not None
    return found


def test_it_says_which_browser_it_was_given_to(history: History) -> None:
    history.add(entry(release="v1", files=files(10, "landing"), browser=OLD))
    assert last(history) == Release("v1", files(10, "landing"), OLD)


def test_what_was_rolled_back_later_is_no_measure(history: History) -> None:
    """The gate promoted v2, the watch rolled it back: v1 serves."""
    history.add(entry("a", release="v1", files=files(10, "landing")))
    history.add(entry("b", release="v2", files=files(90, "landing")))
    assert last(history).name == "v2"
    history.add(entry("c", ROLLBACK, release="v2", command="watch", environment="production"))
    assert last(history).name == "v2", "elsewhere it was"
    history.add(entry("d", ROLLBACK, release="v2", command="watch"))
    assert last(history).name == "v1"
    history.add(entry("e", release="v2", files=files(20, "landing")))
    assert last(history) == Release("v2", files(20, "landing")), "deployed again, and good this time"


def test_a_runner_whose_clock_is_a_year_ahead_does_not_stay_the_last(history: History) -> None:
    history.add(entry("a", release="v1", files=files(10, "landing"), finished=NOW + 365 * 86400))
    history.add(entry("b", release="v2", files=files(20, "landing")))
    assert last(history).name == "v2"


def test_a_run_that_weighed_one_page_hides_no_other(history: History) -> None:
    """`postflight gate -- -k landing` in between: the editor would have had no last release, and could grow unseen."""
    history.add(entry("a", release="v1", files=files(10, "landing", "editor"), browser=OLD))
    history.add(entry("b", release="v2", files=files(20, "landing"), browser=OLD))
    assert last(history) == Release("v2 (editor: v1)", files(20, "landing") + files(10, "editor"), OLD)
    history.add(entry("c", release="v3", files=files(30, "landing"), browser=NEW))
    assert last(history).browser == "", "not one browser was given them"


def test_a_file_with_words_of_a_later_version_is_unavailable_and_nothing_breaks(history: History) -> None:
    history.add(entry(files=files(10, "landing")))
    history._connection.execute("update files set kind = 'hologram'")
    with pytest.raises(HistoryUnavailable, match="'hologram' is not a valid Kind: has a newer Postflight written it"):
        last(history)
    history._connection.execute("update runs set decision = 'ponder'")
    with pytest.raises(HistoryUnavailable, match="'ponder'"):
        history.runs()
