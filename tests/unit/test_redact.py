"""No secret survives, in any spelling; and what is no secret stays as it is."""

import base64
import html
import json
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from postflight import redact
from postflight.model import Account, Deployment, Secret
from postflight.redact import Redactor

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "URL": lambda value: quote(value, safe=""),
    "URL path": quote,
    "URL in lower case": lambda value: (
        "".join(f"%{byte:02x}" if byte < 48 else chr(byte) for byte in value.encode())
        if value.isascii()
        else quote(value)
    ),
    "form": quote_plus,
    "URL in a URL": lambda value: quote(quote(value)),
    "JSON": lambda value: json.dumps(value)[1:-1],
    "JSON in UTF-8": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda value: json.dumps(json.dumps(value))[3:-3],
    "JSON in JSON in JSON": lambda value: json.dumps(json.dumps(json.dumps(value)))[7:-7],
    "JSON in HTML": lambda value: html.escape(json.dumps(value)[1:-1]),
    "JSON of Go": lambda value: json.dumps(value)[1:-1].replace("<", "\\u003c").replace("&", "\\u0026"),
    "HTML": html.escape,
    "HTML in HTML": lambda value: html.escape(html.escape(value)),
    "XML attribute": lambda value: quoteattr(value)[1:-1],
    "HTML by number": lambda value: "".join(c if c.isascii() and c.isalnum() else f"&#{ord(c)};" for c in value),
    "JSON in a URL": lambda value: quote(json.dumps(value)[1:-1], safe=""),
    "JSON in JSON in a URL": lambda value: quote_plus(json.dumps(json.dumps(value))[3:-3]),
    "repr of repr": lambda value: repr(repr(value))[2:-2],
    "repr": lambda value: repr(value)[1:-1],
    "repr of bytes": lambda value: repr(value.encode())[2:-1],
}
MARKED = "[secret NAME]"
VALUES = st.text(min_size=4, max_size=40) | st.text(
    alphabet="ab\\\"'/&%+;# \n\u00e9\U0001f600", min_size=4, max_size=20
)


def knowing(value: str) -> Redactor:
    return Redactor([Secret("NAME", value)])


@settings(deadline=None, max_examples=400)
@given(spelling=st.sampled_from(sorted(SPELLINGS)), value=VALUES)
def test_a_secret_survives_in_no_spelling(spelling: str, value: str) -> None:
    spelled = SPELLINGS[spelling](value)
    assume(spelled not in MARKED)

    cleaned = knowing(value).text(f"before: {spelled}!")

    assert spelled not in cleaned
    assert MARKED in cleaned
    assert knowing(value).bytes(spelled.encode()) != spelled.encode()


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@settings(deadline=None)
@given(value=VALUES, before=st.binary(max_size=8), after=st.binary(max_size=4))
def test_a_secret_survives_in_no_base64(
    encode: Callable[[bytes], bytes], value: str, before: bytes, after: bytes
) -> None:
    data = value.encode()
    encoded = encode(before + data + after).decode()
    # the characters of which no bit belongs to the neighbours
    own = encoded[-(-len(before) * 8 // 6) : (len(before) + len(data)) * 8 // 6]
    assume(own not in MARKED)

    for text in (encoded, quote(encoded, safe="")):
        assert own not in knowing(value).text(text)
        assert MARKED in knowing(value).text(text)


def test_an_ordinary_text_stays_as_it_is() -> None:
    text = 'GET /api/projects?limit=10&offset=0 answered 200 in 12 ms: {"name": "caf\\u00e9"} &amp; more\n\ud800'
    assert knowing("s3cret-value").text(text) == text


@pytest.mark.parametrize("value", ["", "abc", "   "])
def test_values_under_four_characters_are_ignored(value: str) -> None:
    assert knowing(value).text(f"abc {value} def") == f"abc {value} def"


def test_the_longest_secret_wins() -> None:
    redactor = Redactor()
    redactor.add("pass", "SHORT")
    redactor.add("password-of-primary", "LONG")
    redactor.add("unnamed")
    assert redactor.text("password-of-primary, pass, unnamed") == "[secret LONG], [secret SHORT], [secret]"


def test_basic_authentication_is_taken_out() -> None:
    for user in ("a", "ab", "abc", "abcd"):
        header = base64.b64encode(f"{user}:hunter2-and-more".encode()).decode()
        assert header[8:-4] not in knowing("hunter2-and-more").text(f"Authorization: Basic {header}")


def test_tokens_are_taken_out_without_being_known() -> None:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256"}, {"sub": "1"})
    ]
    token = ".".join([*parts, "c2lnbmF0dXJl"])
    assert Redactor().text(f"Bearer {token}; {parts[0]}") == f"Bearer [secret token]; {parts[0]}"
    assert Redactor([Secret("ANON", token)]).text(token) == "[secret ANON]"


def test_a_deployments_secrets_are_all_known() -> None:
    account = Account("primary", Secret("EMAIL", "primary@velocity.test"), Secret("PASSWORD", "correct horse"))
    secrets = {"K": Secret("KEY", "api-key")}
    deployment = Deployment("velocity", "local", "http://a", True, accounts={"primary": account}, secrets=secrets)
    text = "primary@velocity.test / correct+horse / api-key"
    assert Redactor.of(deployment).text(text) == "[secret EMAIL] / [secret PASSWORD] / [secret KEY]"


@pytest.mark.parametrize("piece", ["\\", "%25", "%5C", "&amp;", "&", "eyJ", "eyJaaaaa.eyJbbbbb "])
def test_no_text_takes_for_ever(piece: str) -> None:
    # a pattern that backtracks without bound would not end here within a lifetime
    text = piece * 50_000
    assert knowing('secret\\\\\\"\\\\%&amp;\\').text(text) == text
    assert knowing('\\\\\\"\\\\%&amp;\\').text(text) == text


def test_threads_share_a_redactor() -> None:
    redactor = Redactor()
    survived: list[str] = []

    def work(number: int) -> None:
        for step in range(3):
            value = f"secret-{number:02}-{step:02}"
            redactor.add(value)
            if value in redactor.text(f"<{value}>"):
                survived.append(value)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not survived


# traces


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_trace_loses_its_secrets_and_nothing_else(tmp_path: Path) -> None:
    picture = bytes(range(256)) * 100
    trace = zipped(
        tmp_path / "trace.zip",
        {
            "trace.trace": json.dumps({"params": {"value": 'pa"ss/word'}}).encode(),
            "trace.network": json.dumps({"postData": json.dumps({"password": 'pa"ss/word'})}).encode(),
            "resources/0a1b.html": html.escape('<input value="pa"ss/word">').encode(),
            "resources/2c3d.png": picture,
            "resources/empty": b"",
        },
    )
    with zipfile.ZipFile(trace) as archive:
        before = archive.infolist()

    knowing('pa"ss/word').zip(trace)

    after = unzipped(trace)
    assert after["trace.trace"] == b'{"params": {"value": "[secret NAME]"}}'
    assert after["trace.network"] == rb'{"postData": "{\"password\": \"[secret NAME]\"}"}'
    assert after["resources/0a1b.html"] == b"&lt;input value=&quot;[secret NAME]&quot;&gt;"
    assert after["resources/2c3d.png"] == picture
    assert after["resources/empty"] == b""
    with zipfile.ZipFile(trace) as archive:
        assert [(member.filename, member.compress_type, member.date_time) for member in archive.infolist()] == [
            (member.filename, member.compress_type, member.date_time) for member in before
        ]
    assert list(tmp_path.iterdir()) == [trace]


@settings(deadline=None, max_examples=50)
@given(
    gaps=st.lists(st.integers(0, 1500), min_size=1, max_size=6), value=st.text(alphabet='ab"\\', min_size=4, max_size=6)
)
def test_secrets_across_chunks_are_found(tmp_path_factory: pytest.TempPathFactory, gaps: list[int], value: str) -> None:
    spelled = json.dumps(value)[1:-1].encode()
    whole = b"".join(b"-" * gap + spelled for gap in gaps) + b"-" * gaps[0]
    path = zipped(tmp_path_factory.mktemp("trace") / "trace.zip", {"member": whole})
    redactor = knowing(value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redact, "_CHUNK", 61)  # bytes: many chunks, and most of them end in a secret or a gap
        patch.setattr(redact, "_TOKEN_WIDTH", 1)  # no token here: the streamed window is then shorter than the member
        redactor.zip(path)

    assert unzipped(path) == {"member": redactor.bytes(whole)}
    assert spelled not in unzipped(path)["member"]


def test_a_large_member_is_rewritten_in_bounded_memory(tmp_path: Path) -> None:
    size = 60_000_000  # bytes
    trace = zipped(tmp_path / "trace.zip", {"large": bytes(size) + b"s3cret-value"})
    redactor = knowing("s3cret-value")
    tracemalloc.start()
    try:
        redactor.zip(trace)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size / 4
    with zipfile.ZipFile(trace) as archive:
        assert archive.getinfo("large").file_size == size + len("[secret NAME]")


def test_a_broken_trace_is_left_alone(tmp_path: Path) -> None:
    trace = tmp_path / "trace.zip"
    trace.write_bytes(b"no zip: s3cret-value")
    with pytest.raises(zipfile.BadZipFile):
        knowing("s3cret-value").zip(trace)
    assert trace.read_bytes() == b"no zip: s3cret-value"
    assert list(tmp_path.iterdir()) == [trace]


@given(
    st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=20, max_size=60),
    st.integers(6, 14),
    st.integers(6, 14),
)
def test_a_cut_secret_leaves_neither_its_head_nor_its_tail(value: str, head: int, tail: int) -> None:
    redactor = Redactor()
    redactor.add(value)
    shown = f"headers = {{'a': '{value[:head]}...{value[-tail:]}', 'b': 1}} and so on..."
    clean = redactor.text(shown)
    assert clean == "headers = {'a': '[secret]', 'b': 1} and so on..."


def test_a_cut_token_that_nobody_added_is_taken_out_too() -> None:
    assert Redactor().text("token = 'eyJhbGciOiJIUzI1NiIsInR5...rmV_x3.Zq', n = 1") == "token = '[secret]', n = 1"


def test_an_ellipsis_alone_is_left_as_it_is() -> None:
    redactor = Redactor()
    redactor.add("hunter2hunter2")
    assert redactor.text("waiting... for the tide … and") == "waiting... for the tide … and"
