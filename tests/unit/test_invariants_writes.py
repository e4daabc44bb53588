"""Each law of writing holds of a true service, and names what another one did."""

import html
import unicodedata

import pytest

from postflight.checks.invariants import texts, writes
from postflight.checks.invariants.resource import Resource
from tests.exchanges import exchange, laws

THING = Resource("thing", "things", list="listThings")
BEFORE = {"id": "1", "name": "a", "note": "n", "createdAt": "2026-01-31T12:00:00Z", "updatedAt": "2026-01-31T12:00:00Z"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (str.strip, "white space around it is lost"),
        (lambda text: unicodedata.normalize("NFC", text), "its Unicode is normalised to NFC"),
        (html.escape, "it was escaped as HTML"),
        (str.lower, "it is in lower case"),
        (lambda text: text.encode().decode("latin-1"), "its UTF-8 was read as Latin-1"),
        (lambda text: "".join(one for one in text if ord(one) < 0x10000), "characters beyond U+FFFF are lost"),
        (lambda text: text.encode("ascii", "replace").decode(), "what is not ASCII became a question mark"),
        (lambda text: text[:4], "it was cut to 4 of its"),
    ],
)
def test_some_sample_shows_each_change_and_names_it(change, words: str) -> None:
    told = [
        texts.what_happened(sample, change(sample)) for sample in texts.SAMPLES.values() if change(sample) != sample
    ]
    assert any(words in one for one in told)


@pytest.mark.parametrize(
    ("came", "words"),
    [
        (None, "null"),
        (5, "no text any more, but int"),
        ("", "empty"),
        ("abcabc", "something was put to it"),
        ("axc", "character 2"),
    ],
)
def test_what_else_can_happen(came: object, words: str) -> None:
    assert words in texts.what_happened("abc", came)


def test_what_was_sent_is_shown() -> None:
    assert laws(writes.be_kept({"name": "a"}, exchange(body=BEFORE), "now")) == []
    assert laws(writes.be_kept({"name": "b"}, exchange(body=BEFORE), "now")) == ["not-as-sent"]
    assert laws(writes.be_kept({"name": "b"}, exchange(status=422, body={}), "now")) == ["refused-wrongly"]


@pytest.mark.parametrize(
    ("read", "listed", "law"),
    [("b", None, []), ("a", "b", ["stale-read"]), ("a", "a", ["not-saved"]), ("a", None, ["not-saved"])],
)
def test_a_stale_read_is_told_from_a_change_that_was_not_saved(read: str, listed: str | None, law: list[str]) -> None:
    shown = None if listed is None else {"name": listed}
    assert laws(writes.be_saved({"name": "b"}, exchange(body={"name": read}), shown)) == law


def test_a_change_changes_what_it_names() -> None:
    after = {**BEFORE, "name": "b", "updatedAt": "2026-01-31T12:00:01Z"}
    sent = {"name": "b"}
    assert laws(writes.leave_the_rest(BEFORE, exchange(body=after), sent, THING)) == []
    assert laws(writes.leave_the_rest(BEFORE, exchange(body={**after, "note": ""}), sent, THING)) == ["change-spreads"]
    moved = exchange(body={**after, "createdAt": after["updatedAt"]})
    assert laws(writes.leave_the_rest(BEFORE, moved, sent, THING)) == ["created-at-changes"]
    assert laws(writes.move_on(BEFORE, exchange(body=after), THING)) == []
    assert laws(writes.move_on(BEFORE, exchange(body=BEFORE), THING)) == ["updated-at-frozen"]
    early = exchange(body={**after, "createdAt": "2026-02-01T00:00:00Z"})
    assert laws(writes.move_on(BEFORE, early, THING)) == ["created-after-changed"]
    assert laws(writes.agree(exchange(body=after), exchange(body=after), BEFORE, "law", "")) == []
    assert laws(writes.agree(exchange(body=BEFORE), exchange(body=after), {"name": ""}, "law", "")) == ["law"]


def test_creation() -> None:
    made = exchange("POST /t", 201, BEFORE, {"location": "/t/1"})
    assert laws(writes.lead_to(made, exchange(body=BEFORE), THING)) == []
    assert laws(writes.lead_to(made, exchange(status=404), THING)) == ["location-elsewhere"]
    assert laws(writes.lead_to(made, None, THING)) == ["location-elsewhere"]
    assert laws(writes.lead_to(exchange("POST /t", 201, BEFORE), None, THING)) == ["location-missing"]
    assert laws(writes.be_made_once(made, ("1",), THING)) == []
    assert laws(writes.be_made_once(made, ("1", "2"), THING)) == ["created-twice"]
    assert laws(writes.be_defaults(made, {"note": "n"})) == []
    assert laws(writes.be_defaults(made, {"note": ""})) == ["default-not-applied"]
    assert laws(writes.be_measured("é", exchange(body={"size": 2}))) == []
    assert laws(writes.be_measured("é", exchange(body={"size": 1}))) == ["size-wrong"]


@pytest.mark.parametrize(("status", "law"), [(404, []), (410, []), (200, ["use-after-delete"]), (500, ["crash"])])
def test_what_was_deleted_is_gone(status: int, law: list[str]) -> None:
    assert laws(writes.be_gone(exchange(status=status), "reading a thing")) == law


@pytest.mark.parametrize(
    ("status", "promised", "law"),
    [
        (404, {"204", "404"}, []),
        (204, {"204"}, []),
        (404, {"204"}, ["delete-not-idempotent"]),
        (409, {"204", "409"}, ["delete-not-idempotent"]),
        (500, {"204", "404"}, ["delete-not-idempotent"]),
    ],
)
def test_deleting_again(status: int, promised: set[str], law: list[str]) -> None:
    assert laws(writes.delete_again(exchange(status=status), "thing", frozenset(promised))) == law
