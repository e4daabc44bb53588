from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.config.yaml_source import DEEPEST, LARGEST, parse_yaml, read_yaml
from postflight.errors import ConfigError


def refusal(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as error:
        parse_yaml(text if isinstance(text, bytes) else text.encode(), "f.yaml")
    return str(error.value)


def test_values_are_plain_and_know_their_lines() -> None:
    source = parse_yaml(b"# comment\na:\n  - 1\n  - b: yes\n    c: 2026-01-02\nd: ~\n", "f.yaml")
    assert source.values == {"a": (1, {"b": "yes", "c": date(2026, 1, 2)}), "d": None}
    assert source.where(("a", 1, "c")) == "f.yaml:5"
    assert source.line(("a", 1, "missing")) == 4
    assert source.line(("nowhere",)) == 1


def test_keys_are_text_as_written() -> None:
    assert parse_yaml(b"1: a\nno: b\n2026-01-02: c\n", "f").values == {"1": "a", "no": "b", "2026-01-02": "c"}


@pytest.mark.parametrize("text", ["2026-02-31", "=", "<<"])
def test_what_yaml_cannot_construct_stays_text(text: str) -> None:
    assert parse_yaml(f"a: {text}".encode(), "f").values == {"a": text}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: a: this key is here twice; first in line 1"),
        ("a: &x 1\n", "f.yaml:1: anchors and aliases are not used here; write out what 'x' stands for"),
        ("a: 1\nb: *x\n", "f.yaml:2: anchors and aliases are not used here"),
        ("a: !!python/object:os.system x\n", "f.yaml:1: tags are not used here; remove 'tag:yaml.org,2002:python"),
        ("a: !!set {x}\n", "f.yaml:1: tags are not used here"),
        ("%YAML 1.1\n---\na: 1\n", "directives (%YAML, %TAG) are not used here; remove them"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: a second document starts here"),
        ("a: [1, 2\nb: 3\n", "f.yaml:2: this is not YAML: while parsing a flow sequence"),
        ("a:\n\t- b\n", "f.yaml:2: this is not YAML"),
        ("a: \x00\n", "this is not YAML"),
        ("? [a]\n: 1\n", "f.yaml:1: a key must be a plain name"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), f"this is nested more than {DEEPEST} deep"),
        ("[" * 500_000, f"this is nested more than {DEEPEST} deep"),
        (b"a: 1\nb: \xff\n", "f.yaml:2: this is not UTF-8 text"),
        ("#" * (LARGEST + 1), "f.yaml is larger than 1024 KiB"),
    ],
)
def test_what_this_dialect_refuses(text: str | bytes, message: str) -> None:
    assert message in refusal(text)


def test_all_repeated_keys_are_named_at_once() -> None:
    assert refusal("a: 1\na: 2\nb:\n  c: 1\n  c: 2\n").splitlines() == [
        "f.yaml has 2 errors:",
        "  f.yaml:2: a: this key is here twice; first in line 1",
        "  f.yaml:5: b.c: this key is here twice; first in line 4",
    ]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml cannot be read: No such file or directory"):
        read_yaml(tmp_path / "nothing.yaml")


@given(st.binary(max_size=60) | st.text("ab:-[]{}&*!|>\"'#%@`,? \n\t019.~<=_", max_size=50).map(str.encode))
def test_any_content_is_read_or_refused(content: bytes) -> None:
    try:
        source = parse_yaml(content, "f")
    except ConfigError as error:
        assert str(error).startswith("f")  # noqa: PT017 - one of two good outcomes
    else:
        assert all(line >= 1 for line in source.lines.values())
