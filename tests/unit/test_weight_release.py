"""Files of two releases, paired by names without hashes: what has grown, what is new, what is gone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from performance.weight.handing import leave
from postflight.checks.budget import judge
from postflight.checks.weight.names import address, is_allowed, is_third_party, shape, short, stable
from postflight.checks.weight.page import Kind, PageWeight, Resource
from postflight.checks.weight.release import (
    LONGEST_FILE,
    MOST_FILES,
    OTHERS,
    FileWeight,
    Release,
    differences,
    files_of,
    from_json,
    growth,
    joined,
    range_of_growth,
    tell_differences,
    to_json,
)
from postflight.commands.history import history as history_command
from postflight.history import Entry, History, database, schema
from postflight.model import Budget, Decision, Measurement, Quantity, Unit

SITE = "https://www.example.com"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/static/app-3f2a1b.js", "/static/app.js"),
        ("/chunk.3f2a.js", "/chunk.js"),
        ("/assets/index-B3xK9aQ2.js", "/assets/index.js"),
        ("/css/main.8e4b1f2c9d0a.min.css", "/css/main.min.css"),
        ("/_next/static/chunks/4bd1b696-182b6b13bdad92e3.js", "/_next/static/chunks/*.js"),
        ("/_next/static/7QxTpkLZ_q3a9cZ/_buildManifest.js", "/_next/static/_buildManifest.js"),
        ("/static/site.js?v=3f2a1b9c0d", "/static/site.js"),
        ("/jquery-3.7.1.min.js", "/jquery-3.7.1.min.js"),
        ("/chunk-2024.js", "/chunk-2024.js"),
        ("/page1.js", "/page1.js"),
        ("/deadbeef.js", "/deadbeef.js"),
        ("/fonts/inter-latin-400.woff2", "/fonts/inter-latin-400.woff2"),
        ("/", "/"),
    ],
)
def test_a_name_is_the_same_in_each_release(path: str, name: str) -> None:
    assert stable(f"{SITE}{path}", f"{SITE}/") == name


def test_names_are_bounded_and_printable_and_tell_no_query() -> None:
    assert len(stable(f"{SITE}/{'a' * 100_000}.js", SITE)) <= 120
    assert short(f"{SITE}/a%1b[31m%0A.js?token=secret#x") == "/a?[31m?.js"
    assert address("https://user:word@example.com:8443/a?token=secret#x") == "https://example.com:8443/a"
    assert address("https://[broken/") == "unreadable address"
    assert stable("https://cdn.test/lib.js", f"{SITE}/") == "cdn.test/lib.js"


def test_hostile_names_take_no_time() -> None:
    hostile = "/" + "a1." * 30_000 + "-_~" * 30_000 + ".js"
    assert len(stable(f"{SITE}{hostile}", SITE)) <= 120
    assert len(shape(f"{SITE}{hostile}")) <= 120


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/projects/17", "/api/projects/{id}"),
        ("/api/projects/7c9e6679-7425-40de-944b-e07fc1f90ae7/files", "/api/projects/{id}/files"),
        ("/api/v1/users/me", "/api/v1/users/me"),
        ("/api/flags", "/api/flags"),
        ("/r/aZ3kd93kdk39dkd93kdkA1", "/r/{id}"),
    ],
)
def test_addresses_of_one_route_have_one_shape(path: str, route: str) -> None:
    assert shape(f"{SITE}{path}") == route


@pytest.mark.parametrize(
    ("url", "page", "third"),
    [
        ("https://cdn.example.com/x", "https://www.example.com/", False),
        ("https://example.org/x", "https://www.example.com/", True),
        ("https://other.vercel.app/x", "https://mine.vercel.app/", True),
        ("https://a.example.co.uk/", "https://b.example.co.uk/", False),
        ("http://127.0.0.1:2/x", "http://127.0.0.1:1/", True),
        ("http://localhost:1/x", "http://127.0.0.1:1/", True),
        ("http://[::1]:1/x", "http://[::1]:1/", False),
        ("http://intranet/x", "http://intranet/", False),
    ],
)
def test_who_is_another_party(url: str, page: str, third: bool) -> None:
    assert is_third_party(url, page) is third


def test_who_is_allowed() -> None:
    assert is_allowed("https://fonts.gstatic.com/x", ["fonts.gstatic.com"])
    assert is_allowed("https://a.b.supabase.co/x", ["*.supabase.co"])
    assert not is_allowed("https://supabase.co.evil.test/x", ["*.supabase.co"])
    assert not is_allowed("https://evilsupabase.co/x", ["*.supabase.co"])
    assert is_allowed("http://127.0.0.1:4001/x", ["127.0.0.1:4001"])
    assert not is_allowed("http://127.0.0.1:4002/x", ["127.0.0.1:4001"])


def release(**files: int) -> Release:
    made = [FileWeight("landing", f"/{name}.js", Kind.SCRIPT, wire) for name, wire in files.items()]
    return Release("v1", tuple(made))


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (100_000, 105_000, 0.05),
        (100_000, 110_000, 0.1),
        (100_000, 90_000, -0.1),
        (100_000, 100_000, 0.0),
        (5_000, 6_000, 0.0),  # by a fifth, and by 1 KB: no growth
        (5_000, 6_001, 0.2002),
        (0, 2_000, 2.0),
    ],
)
def test_growth_is_a_share_and_more_than_1_kb(before: int, after: int, share: float) -> None:
    assert growth(release(app=before), release(app=after), "landing", Kind.SCRIPT) == pytest.approx(share)


@pytest.mark.parametrize(
    ("before", "now", "met"),
    [
        ("chromium 150.0.7871.46", "chromium 150.0.7871.63", False),
        ("chromium 149.0.7827.12", "chromium 150.0.7871.46", None),
        ("", "chromium 150.0.7871.46", None),  # what older versions have kept does not say
        ("", "", False),
    ],
)
def test_growth_that_another_browser_may_have_caused_is_no_claim(before: str, now: str, met: bool | None) -> None:
    limit = Budget("growth.script", "performance", at_most=Quantity(0.05, Unit.RATIO))

    def judged(share: float) -> bool | None:
        between = range_of_growth(share, Release("v1", (), before), Release("v2", (), now))
        (found,) = judge(Measurement("landing.growth.script", (share,), Unit.RATIO, interval=between), [limit])
        return found.measurement.met

    assert judged(0.5) is met
    assert judged(0.04) is True
    assert judged(-0.5) is True


def test_the_difference_is_told_by_file_the_largest_first() -> None:
    changes = differences(
        release(app=120_000, old=3_000, same=5), release(app=158_000, vendor=12_000, same=5), "landing", Kind.SCRIPT
    )
    assert tell_differences(changes) == "+38 KB: /app.js (120 KB -> 158 KB); new: /vendor.js 12 KB; gone: /old.js 3 KB"
    assert tell_differences(differences(release(a=5000), release(a=1000), "landing")) == "-4 KB: /a.js (5 KB -> 1 KB)"
    assert differences(release(a=5), release(a=5), "elsewhere") == ()
    many = release(**{f"f{n}": 1000 + n for n in range(20)})
    assert tell_differences(differences(release(), many, "landing")).endswith("; and 15 more")


def files(**sizes: int) -> Release:
    made = [FileWeight("landing", stable(f"{SITE}/assets/{name}", SITE), Kind.SCRIPT, n) for name, n in sizes.items()]
    return Release("v", tuple(made))


def test_files_whose_hash_looks_like_a_word_are_paired_where_nobody_else_can_be_meant() -> None:
    before = files(**{"index-B3xK9aQ2.js": 120_000, "editor-QweRtyUi.js": 9000, "a-AbCdEfGh.js": 5, "a-HgFeDcBa.js": 6})
    after = files(**{"index-DiwrgTda.js": 158_000, "editor-Xx-9_aQz.js": 9000, "a-AaBbCcDd.js": 7})
    assert tell_differences(differences(before, after, "landing")) == (
        "+38 KB: /assets/index-DiwrgTda.js (120 KB -> 158 KB); new: /assets/a-AaBbCcDd.js 7 B; "
        "gone: /assets/a-HgFeDcBa.js 6 B; gone: /assets/a-AbCdEfGh.js 5 B"
    )
    swapped = (
        files(**{"one-AbCdEfGh.js": 10, "two-HgFeDcBa.js": 20}),
        files(**{"one-HgFeDcBa.js": 20, "two-AbCdEfGh.js": 10}),
    )
    assert {str(change) for change in differences(*swapped, "landing")} == {
        "/assets/one-HgFeDcBa.js: 10 B -> 20 B",
        "/assets/two-AbCdEfGh.js: 20 B -> 10 B",
    }


def test_files_of_a_page_go_by_name_and_answers_by_route() -> None:
    def one(path: str, kind: Kind, wire: int) -> Resource:
        return Resource(f"{SITE}{path}", kind, wire=wire)

    page = PageWeight(
        f"{SITE}/editor/17",
        (
            one("/editor/17", Kind.DOCUMENT, 900),
            one("/a-3f2a1b9c.js", Kind.SCRIPT, 10),
            one("/a-1c2d3e4f.js", Kind.SCRIPT, 5),
            one("/api/projects/17", Kind.FETCH, 7),
            one("/api/projects/18", Kind.FETCH, 8),
        ),
    )
    assert [(f.name, f.wire, f.requests) for f in files_of("editor", page)] == [
        ("/editor/{id}", 900, 1),
        ("/api/projects/{id}", 15, 2),
        ("/a.js", 15, 2),
    ]


def test_files_are_bounded_and_none_is_lost() -> None:
    many = tuple(Resource(f"{SITE}/file{'x' * n}.js", Kind.SCRIPT, wire=n) for n in range(MOST_FILES + 5))
    named = tuple(Resource(f"{SITE}/dir{n}x/file.js", Kind.SCRIPT, wire=n) for n in range(MOST_FILES + 5))
    for resources in (many[:50], named):
        files = files_of("landing", PageWeight(f"{SITE}/", resources))
        assert len(files) <= MOST_FILES + 1
        assert sum(f.wire for f in files) == sum(r.wire for r in resources)
        assert sum(f.requests for f in files) == len(resources)
    assert files[-1].name == OTHERS
    assert files[-1].kind is Kind.SCRIPT, "else a page with many files seems to have lost some scripts"
    assert growth(Release("a", files), Release("b", files_of("landing", PageWeight(f"{SITE}/", named[:-1]))), "landing",
                  Kind.SCRIPT) < 0  # fmt: skip


def test_what_another_host_failed_to_send_once_is_no_growth() -> None:
    def with_foreign(wire: int, own: int = 50_000) -> Release:
        foreign = FileWeight("landing", "ads.test/x.js", Kind.SCRIPT, wire)
        return Release("v", (foreign, FileWeight("landing", "/app.js", Kind.SCRIPT, own)))

    assert growth(with_foreign(0), with_foreign(40_000), "landing", Kind.SCRIPT) == 0
    assert growth(with_foreign(40_000), with_foreign(0), "landing", Kind.SCRIPT) == 0
    assert differences(with_foreign(0), with_foreign(40_000), "landing") == ()
    assert growth(with_foreign(20_000), with_foreign(40_000), "landing", Kind.SCRIPT) == pytest.approx(2 / 7)
    assert growth(with_foreign(1, own=0), with_foreign(1), "landing", Kind.SCRIPT) > 1, "own files are the release's"
    assert growth(release(app=50_000), with_foreign(40_000), "landing", Kind.SCRIPT) > 0.5, "it is new"


def test_releases_are_joined_route_by_route() -> None:
    login = FileWeight("login", "/login.js", Kind.SCRIPT, 7)
    twice = joined(release(app=5), Release("other", (*release(app=9).files, login)))
    assert twice == Release("v1", (*release(app=5).files, login))


def test_workers_of_one_run_leave_all_that_they_weighed(tmp_path: Path) -> None:
    def one(route: str) -> Release:
        return Release("run 1", (FileWeight(route, "/app.js", Kind.SCRIPT, 7),))

    (tmp_path / "weights.json").write_text(to_json(release(old=1)))
    routes = [f"route{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda route: leave(tmp_path, one(route)), routes))
    left = from_json((tmp_path / "weights.json").read_text())
    assert left.name == "run 1", "those of another run are forgotten"
    assert sorted(file.route for file in left.files) == routes


def test_a_release_goes_through_text_and_nothing_else_does() -> None:
    made = release(app=5)
    assert from_json(to_json(made)) == made
    for text in ("", "[]", '{"name": 1}', '{"name": "x", "files": [{"route": "a"}]}', "x" * (LONGEST_FILE + 1)):
        with pytest.raises(ValueError, match=r"."):
            from_json(text)


def entry(run_id: str, finished: float, decision: Decision, *files: FileWeight, **more: str) -> Entry:
    where = {"platform": "velocity", "environment": "staging", "base_url": "http://x"} | more
    return Entry(
        run_id, "gate", known=True, started=0, finished=finished, decision=decision, exit_code=0, files=files, **where
    )


def test_the_history_knows_the_newest_release_that_was_promoted_here(tmp_path: Path) -> None:
    def file(wire: int) -> FileWeight:
        return FileWeight("landing", "/app.js", Kind.SCRIPT, wire)

    with History.at(tmp_path / "h.sqlite3") as history:
        assert history.last_release("velocity", "staging") is None
        history.add(entry("a", 1, Decision.PROMOTE, file(10), release="v1"))
        history.add(entry("b", 2, Decision.PROMOTE, file(20)))
        history.add(entry("c", 3, Decision.HOLD, file(30)))
        history.add(entry("d", 4, Decision.PROMOTE))  # weighed nothing
        history.add(entry("e", 5, Decision.PROMOTE, file(50), environment="production"))
        history.add(entry("b", 6, Decision.PROMOTE, file(60)))  # a run is never changed
        assert history.last_release("velocity", "staging") == Release("run b", (file(20),))
        assert history.last_release("velocity", "staging", "http://elsewhere") is None
        assert history.last_release("velocity", "production").files == (file(50),)
        assert history.files_of("a") == (file(10),)


def test_each_page_has_its_own_last_release(tmp_path: Path) -> None:
    def file(route: str, wire: int) -> FileWeight:
        return FileWeight(route, "/app.js", Kind.SCRIPT, wire)

    with History.at(tmp_path / "h.sqlite3") as history:
        history.add(entry("a", 1, Decision.PROMOTE, file("landing", 1), file("login", 2), release="v1"))
        history.add(entry("b", 2, Decision.PROMOTE, file("landing", 3), release="v2"))  # weighed a part of its pages
        assert history.last_release("velocity", "staging") == Release(
            "v2 (login: v1)", (file("landing", 3), file("login", 2))
        )


def test_files_of_old_runs_go_and_the_runs_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "FILES_KEPT", 2)
    with History.at(tmp_path / "h.sqlite3") as history:
        for number in range(4):
            file = FileWeight("landing", "/a.js", Kind.SCRIPT, number)
            history.add(entry(f"r{number}", number, Decision.PROMOTE, file))
        assert [history.weighed(f"r{number}") for number in range(4)] == [False, False, True, True]
        assert len(history.runs()) == 4


def test_a_history_from_before_files_is_brought_forward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "h.sqlite3"
    with monkeypatch.context() as older:
        older.setattr(schema, "STEPS", schema.STEPS[:1])
        with History.at(path):
            pass
    with History.at(path) as history:
        history.add(entry("a", 1, Decision.PROMOTE, FileWeight("landing", "/a.js", Kind.SCRIPT, 1)))
        assert history.last_release("velocity", "staging") is not None


def test_the_history_shows_files_beside_the_last_release(tmp_path: Path) -> None:
    def file(name: str, wire: int) -> FileWeight:
        return FileWeight("landing", name, Kind.SCRIPT, wire)

    path = tmp_path / "h.sqlite3"
    with History.at(path) as history:
        history.add(entry("a", 1, Decision.PROMOTE, file("/app.js", 120_000), file("/old.js", 5), release="v1"))
        history.add(entry("b", 2, Decision.HOLD, file("/app.js", 150_000), release="v2"))
        history.add(entry("c", 3, Decision.HOLD, file("/app.js", 158_000), file("/[red]new.js", 12), release="v3"))
    shown = CliRunner().invoke(history_command, ["--history", str(path), "--files", "--since", "1970-01-01"])
    assert shown.exit_code == 0
    assert "velocity/staging: v3, beside v1" in shown.output
    rows = [" ".join(line.split()) for line in shown.output.splitlines()]
    assert "/app.js script 120 KB 158 KB +38 KB" in rows
    assert "/[red]new.js script 12 B new" in rows
    assert "/old.js script 5 B gone" in rows
