import httpx
import psycopg
import pytest

from tests.reference.running import Running


def test_the_life_of_a_project(user: httpx.Client) -> None:
    created = user.post("/api/projects", json={"name": "First", "description": "one"})
    assert created.status_code == 201
    path = created.headers["location"]
    assert user.get(path).json() == created.json()
    assert created.json() in user.get("/api/projects?limit=100").json()["projects"]
    changed = user.patch(path, json={"name": "Second"}).json()
    assert (changed["name"], changed["description"]) == ("Second", "one")
    assert user.delete(path).status_code == 204
    assert user.get(path).status_code == 404
    assert user.delete(path).status_code == 404


def test_the_list_comes_in_pages(user: httpx.Client) -> None:
    paths = [user.post("/api/projects", json={"name": f"Page {n}"}).headers["location"] for n in range(3)]
    page = user.get("/api/projects?limit=1&offset=1").json()
    assert (page["limit"], page["offset"], len(page["projects"])) == (1, 1, 1)
    assert page["total"] >= 3
    for path in paths:
        user.delete(path)


def test_the_list_is_sorted_and_searched(user: httpx.Client) -> None:
    names = ["Shelf b", "Shelf B", "Shelf 10", "Shelf 9", "other"]
    paths = [user.post("/api/projects", json={"name": name}).headers["location"] for name in names]
    user.patch(paths[0], json={"description": "later"})

    def listed(query: str) -> list[str]:
        return [project["name"] for project in user.get(f"/api/projects?q=sHELF&{query}").json()["projects"]]

    by_code_point = ["Shelf 10", "Shelf 9", "Shelf B", "Shelf b"]
    assert listed("sort=name&order=asc") == by_code_point
    assert listed("sort=name") == by_code_point[::-1]
    assert listed("") == names[3::-1]
    assert listed("sort=updatedAt")[0] == "Shelf b"
    assert listed("sort=name&order=asc&limit=2&offset=1") == by_code_point[1:3]
    assert user.get("/api/projects?q=Shelf%251").json()["total"] == 0
    for path in paths:
        user.delete(path)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "offset=-1",
        "limit=²",
        f"offset={'9' * 30}",
        "sort=id",
        "order=up",
        f"q={'x' * 101}",
        "q=%00",
    ],
)
def test_pages_that_do_not_exist(user: httpx.Client, query: str) -> None:
    assert user.get(f"/api/projects?{query}").status_code == 422


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 101}, {"name": "\0"}, {"name": 1}], ids=range(5))
def test_projects_that_cannot_be(user: httpx.Client, body: dict[str, object]) -> None:
    answer = user.post("/api/projects", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_request"


def test_a_new_project_shows_its_name(user: httpx.Client, project: str) -> None:
    files = user.get(f"/api/projects/{project}/files").json()["files"]
    assert [file["path"] for file in files] == ["index.html", "main.js"]
    page = user.get(f"/api/projects/{project}/files/index.html").json()
    assert "<h1>Test &lt;1&gt;</h1>" in page["content"]
    assert page["size"] == len(page["content"])


def test_files_are_written_and_removed(user: httpx.Client, project: str) -> None:
    path = f"/api/projects/{project}/files/css/site.css"
    assert user.get(path).status_code == 404
    assert user.put(path, json={"content": "é"}).json()["size"] == 2
    assert user.put(path, json={"content": "body {}"}).status_code == 200
    assert user.get(path).json()["content"] == "body {}"
    assert user.delete(path).status_code == 204
    assert user.get(path).status_code == 404


def test_file_limits(user: httpx.Client, project: str) -> None:
    files = f"/api/projects/{project}/files"
    assert user.put(f"{files}/%2e%2e/x", json={"content": ""}).status_code == 422
    assert user.put(f"{files}/a%00b", json={"content": ""}).status_code == 422
    assert user.put(f"{files}/long.txt", json={"content": "x" * 300_000}).status_code == 422
    for number in range(98):
        assert user.put(f"{files}/{number}.txt", json={"content": ""}).status_code == 200
    assert user.put(f"{files}/one-too-many.txt", json={"content": ""}).status_code == 409
    assert user.put(f"{files}/0.txt", json={"content": "still"}).status_code == 200


def test_nobody_sees_what_others_have(user: httpx.Client, other: httpx.Client, project: str) -> None:
    paths = [f"/api/projects/{project}", f"/api/projects/{project}/files", f"/api/projects/{project}/files/index.html"]
    for path in paths:
        assert user.get(path).status_code == 200
        assert other.get(path).status_code == 404
    assert other.patch(paths[0], json={"name": "mine"}).status_code == 404
    assert other.put(paths[2], json={"content": "mine"}).status_code == 404
    assert other.delete(paths[2]).status_code == 404
    assert other.delete(paths[0]).status_code == 404
    assert project not in other.get("/api/projects?limit=100").text
    assert user.get(paths[0]).json()["name"] == "Test <1>"


def test_strangers_see_nothing(stranger: httpx.Client, project: str) -> None:
    for method, path in [("GET", "/api/projects"), ("POST", "/api/projects"), ("GET", f"/api/projects/{project}")]:
        answer = stranger.request(method, path)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "unauthorized"


def test_the_database_itself_keeps_users_apart(platform: Running, project: str) -> None:
    """Row-level security, and not the API, is what decides."""
    [(owner,), (stranger,)] = [
        platform.sql("select id from users where email = %s", platform.ready["accounts"][name]["email"])[0]
        for name in ("primary", "other")
    ]
    with psycopg.connect(platform.ready["database"]) as connection:
        connection.execute("set local role authenticated")
        for person, visible in ((owner, 1), (stranger, 0)):
            connection.execute("select set_config('request.user_id', %s, true)", [str(person)])
            for table, key in (("projects", "id"), ("files", "project_id")):
                count = f"select count(distinct {key}) from {table} where {key} = %s"
                assert connection.execute(count.encode(), [project]).fetchone() == (visible,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("insert into files values (%s, 'x', 'mine')", [project])


@pytest.mark.parametrize(
    "statement",
    ["select password_hash from users", "insert into preview_sessions default values", "select * from error_log"],
)
def test_users_have_no_more_rights_than_they_need(platform: Running, statement: str) -> None:
    with psycopg.connect(platform.ready["database"]) as connection:
        connection.execute("set local role authenticated")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
