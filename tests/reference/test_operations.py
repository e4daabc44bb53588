from datetime import datetime

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from reference.settings import REGIONS
from tests.reference.running import Running, start_preview


def samples(client: httpx.Client) -> dict[tuple[str, str], float]:
    """Values by metric name and route (or operation)."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, sample.labels.get("route", sample.labels.get("operation", ""))): sample.value
        for family in families
        for sample in family.samples
    }


def test_health(stranger: httpx.Client) -> None:
    answer = stranger.get("/api/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "healthy"
    assert answer.json()["checks"] == {"database": "healthy", "orchestrator": "healthy"}
    assert datetime.fromisoformat(answer.json()["timestamp"]).tzinfo


def test_every_region_is_healthy_in_the_same_version(platform: Running) -> None:
    for region in REGIONS:
        with platform.operator(region) as client:
            answer = client.get("/health")
        assert answer.headers["x-region"] == answer.json()["region"] == region
        assert answer.json()["status"] == "healthy"
        assert answer.json()["version"] == platform.ready["release"]
        assert set(answer.json()["checks"]) == {"database", "fly_api", "container_registry"}


def test_metrics_count_by_route(stranger: httpx.Client) -> None:
    stranger.get("/api/flags")
    stranger.get("/no/such/path")
    before = samples(stranger)
    stranger.get("/api/flags")
    after = samples(stranger)
    counted = ("http_requests_total", "/api/flags")
    assert after[counted] == before[counted] + 1
    assert ("http_request_duration_seconds_count", "/api/flags") in after
    assert ("http_requests_total", "unmatched") in after
    assert ("http_requests_total", "/no/such/path") not in after


def test_the_orchestrator_counts_its_previews(operator: httpx.Client, user: httpx.Client, project: str) -> None:
    before = samples(operator)
    start_preview(user, project)
    during = samples(operator)
    gauge, started = ("active_preview_sessions", ""), ("fly_machine_operations_total", "start")
    assert during[gauge] == before[gauge] + 1
    assert during[started] == before.get(started, 0) + 1
    user.delete(f"/api/projects/{project}")
    assert samples(operator)[gauge] == before[gauge]


def test_flags(stranger: httpx.Client) -> None:
    answer = stranger.get("/api/flags").json()
    assert answer["environment"] == "local"
    assert answer["flags"]["NEW_EDITOR"] is True


def test_pages_know_where_their_visitor_is(stranger: httpx.Client) -> None:
    answer = stranger.get("/", headers={"x-vercel-ip-country": "de", "x-vercel-ip-country-region": "BY"})
    assert (answer.headers["x-user-country"], answer.headers["x-user-region"]) == ("DE", "BY")
    assert stranger.get("/").headers["x-user-country"]


def test_visitors_from_china_have_a_page_of_their_own(stranger: httpx.Client) -> None:
    china = {"x-vercel-ip-country": "CN"}
    answer = stranger.get("/", headers=china)
    assert (answer.status_code, answer.headers["location"]) == (307, "/cn")
    assert stranger.get("/cn", headers=china).status_code == 200
    assert stranger.get("/api/flags", headers=china).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/login", 200),
        ("/nothing", 404),
        ("/api/flags", 200),
        ("/api/nothing", 404),
        ("/static/hero.svg", 200),
    ],
)
def test_all_answers_name_the_version_and_forbid_sniffing(
    platform: Running, stranger: httpx.Client, path: str, status: int
) -> None:
    answer = stranger.get(path)
    assert answer.status_code == status
    assert answer.headers["x-velocity-version"] == platform.ready["release"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/%00"])
def test_static_files_end_at_their_folder(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/projects", "/editor/7b2d2a0c-9f0e-4a55-8a0e-0a52f0b6c111"])
def test_pages_of_users_ask_to_sign_in(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=/")


def test_people_get_pages_and_programs_get_json(stranger: httpx.Client) -> None:
    assert stranger.get("/nothing", headers={"Accept": "text/html"}).headers["content-type"].startswith("text/html")
    assert stranger.get("/nothing").json()["error"]["code"] == "not_found"
    assert stranger.post("/api/flags").json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/csp-report", {"csp-report": {"blocked-uri": "eval"}}),
        ("application/reports+json", [{"type": "csp-violation", "body": {"blockedURL": "inline"}}]),
    ],
)
def test_violation_reports_are_stored(
    platform: Running, stranger: httpx.Client, content_type: str, body: object
) -> None:
    [(before,)] = platform.sql("select coalesce(max(id), 0) from csp_reports")
    request = stranger.build_request("POST", "/api/csp-report", json=body)
    request.headers["content-type"] = content_type
    assert stranger.send(request).status_code == 204
    assert len(platform.sql("select report from csp_reports where id > %s", before)) == 1


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/csp-report", b"{", 400),
        ("application/csp-report", b"[" * 100_000, 400),
        ("application/csp-report", b"[1]", 422),
        ("application/csp-report", b'{"a": "\\u0000"}', 422),
        ("application/csp-report", b'{"a": "\\ud800"}', 422),
        ("application/csp-report", b'{"a": NaN}', 422),
    ],
    ids=["plain", "cut off", "deep", "number", "NUL", "surrogate", "NaN"],
)
def test_what_is_no_report(stranger: httpx.Client, content_type: str, body: bytes, status: int) -> None:
    answer = stranger.post("/api/csp-report", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status


def test_errors_become_rows(platform: Running, stranger: httpx.Client) -> None:
    error = {"severity": "critical", "code": "E_TEST", "message": "m", "stack": "s", "context": {"page": "/"}}
    assert stranger.post("/api/errors", json=error).status_code == 202
    [row] = platform.sql(
        """
        select environment, severity, code, message, stack, context from error_log
        where context = %s order by id desc limit 1
        """,
        '{"page": "/"}',
    )
    assert row == ("local", "critical", "E_TEST", "m", "s", {"page": "/"})


@pytest.mark.parametrize("context", [b'"x"', b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b'{"a": NaN}'], ids=range(4))
def test_what_is_no_error(stranger: httpx.Client, context: bytes) -> None:
    body = b'{"severity": "error", "code": "E", "message": "m", "context": ' + context + b"}"
    answer = stranger.post("/api/errors", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_the_tables_that_strangers_fill_are_bounded(platform: Running) -> None:
    platform.sql("insert into csp_reports (report) select '{}' from generate_series(1, 1500)")
    assert platform.sql("select count(*) from csp_reports") == [(1000,)]


def test_the_api_describes_itself(platform: Running, stranger: httpx.Client) -> None:
    document = stranger.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["servers"][0]["url"] == platform.ready["web"]
