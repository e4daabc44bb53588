"""How the reference platform sends what its pages load: packed, and kept for as long as its name is true."""

import re

import brotli
import httpx
import pytest

from reference.web.assets import address_of, find_asset
from reference.web.compression import accepted_encodings, packed
from tests.reference.running import Running


def test_every_file_of_a_page_has_a_name_that_changes_with_it(stranger: httpx.Client) -> None:
    page = stranger.get("/").text
    names = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(names) == 4
    for name in names:
        answer = stranger.get(name.replace("&amp;", "&"))
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable", name


def test_modules_import_each_other_by_such_names(stranger: httpx.Client) -> None:
    script = stranger.get(address_of("login.js")).text
    assert f'from "{address_of("api.js")}"' in script


def test_an_old_name_is_kept_for_a_day_only(stranger: httpx.Client) -> None:
    for path in ("/static/site.js", "/static/site.js?v=0000000000"):
        assert stranger.get(path).headers["cache-control"] == "public, max-age=86400"


@pytest.mark.parametrize(
    ("asked", "sent"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None), ("", None)],
)
def test_a_file_is_packed_as_it_is_asked_for(platform: Running, asked: str, sent: str | None) -> None:
    with (
        platform.client() as client,
        client.stream("GET", "/static/site.css", headers={"Accept-Encoding": asked}) as got,
    ):
        raw = b"".join(got.iter_raw())
    asset = find_asset("site.css")
    assert asset is not None
    assert got.headers.get("content-encoding") == sent
    assert got.headers["vary"] == "Accept-Encoding"
    assert int(got.headers["content-length"]) == len(raw)
    assert raw == (packed(asset.body, sent, quality=11) if sent else asset.body)


def test_an_unchanged_file_is_not_sent_again(stranger: httpx.Client) -> None:
    tag = stranger.get("/static/site.js").headers["etag"]
    again = stranger.get("/static/site.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert stranger.get("/static/site.js", headers={"If-None-Match": '"another"'}).status_code == 200


def test_pages_are_packed_and_answers_with_secrets_are_not(platform: Running) -> None:
    with platform.client() as client:
        with client.stream("GET", "/", headers={"Accept-Encoding": "br"}) as page:
            packed = b"".join(page.iter_raw())
        assert page.headers["content-encoding"] == "br"
        assert b"<h1" in brotli.decompress(packed)
        head = client.head("/", headers={"Accept-Encoding": "br"})
        assert "content-encoding" not in head.headers
        assert head.headers["vary"] == page.headers["vary"]
        wrong = client.post("/api/auth/login", json={"email": "x" * 1000, "password": "y"})
        missing = client.get("/nothing", headers={"Accept": "text/html"})
    assert "content-encoding" not in wrong.headers
    assert missing.status_code == 404
    assert "content-encoding" not in missing.headers


def test_what_clients_accept() -> None:
    assert {"gzip", "br"} <= accepted_encodings("gzip, br;q=1.0, *;q=0")
    assert accepted_encodings("gzip;q=0, BR") == {"br"}
    assert len(accepted_encodings("a," * 100_000)) < 300
