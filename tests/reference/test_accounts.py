import httpx
import pytest

from tests.reference.running import Running


def test_the_right_password_opens_a_session(platform: Running, stranger: httpx.Client) -> None:
    answer = stranger.post("/api/auth/login", json=platform.ready["accounts"]["primary"])
    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == platform.ready["accounts"]["primary"]["email"]
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()  # over plain HTTP the browser would drop it
    assert stranger.get("/api/projects").status_code == 200  # by the cookie that it now has


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"email": "nobody@velocity.test"}, {"password": ""}])
def test_wrong_credentials_are_refused_alike(platform: Running, stranger: httpx.Client, change: dict[str, str]) -> None:
    answer = stranger.post("/api/auth/login", json={**platform.ready["accounts"]["primary"], **change})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_credentials"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"email": 1, "password": "x"}', "application/json", 422),
        (b'{"email": "a\\u0000", "password": "x"}', "application/json", 422),
        (b'{"email": "\\ud800", "password": "x"}', "application/json", 422),
        (b"email=a&password=b", "application/x-www-form-urlencoded", 415),
        (b'"' + b"x" * 2_000_000 + b'"', "application/json", 413),
    ],
    ids=["cut off", "list", "number", "NUL", "surrogate", "form", "too long"],
)
def test_bodies_that_are_not_credentials(stranger: httpx.Client, body: bytes, content_type: str, status: int) -> None:
    answer = stranger.post("/api/auth/login", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "e30.e30."])
def test_a_forged_token_is_refused(stranger: httpx.Client, token: str) -> None:
    answer = stranger.get("/api/projects", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


def test_the_anon_key_is_no_user(platform: Running, stranger: httpx.Client) -> None:
    answer = stranger.get("/api/projects", headers={"Authorization": f"Bearer {platform.ready['anon_key']}"})
    assert answer.status_code == 401


def test_signing_out_ends_the_token(user: httpx.Client) -> None:
    assert user.post("/api/auth/logout").status_code == 204
    assert user.get("/api/projects").status_code == 401


def test_a_cookie_does_not_serve_foreign_pages(platform: Running, stranger: httpx.Client) -> None:
    stranger.post("/api/auth/login", json=platform.ready["accounts"]["primary"])
    foreign = stranger.post("/api/auth/logout", headers={"Origin": "http://127.0.0.1:1"})
    assert foreign.status_code == 403
    assert stranger.post("/api/auth/logout", headers={"Origin": platform.ready["web"]}).status_code == 204
