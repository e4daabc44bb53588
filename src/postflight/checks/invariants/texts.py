"""Texts that systems like to change, and what was done to one that came back changed."""

import html
import unicodedata
from collections.abc import Callable, Mapping

# Each is unlike itself after one of the changes below. All are legal in JSON and in PostgreSQL.
SAMPLES: Mapping[str, str] = {
    "combining": "Cafe\u0301 A\u030angstro\u0308m",
    "composed": "Caf\u00e9 \u212b\ufb01",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 end",
    "right to left": "\u0634\u0644\u0648\u0645 \u05e9\u05dc\u05d5\u05dd \u202eabc\u202c",
    "markup": "<b>&amp;\"'",
    "white space": "two  spaces\tand a tab ",
    "case": "MiXeD \u0130\u0131\u00df\u1e9e",
    "null-like": "null",
    "backslashes": "C:\\temp\\new %20 %s {0} $1 ${x}",
    "statement": "Robert'); DROP TABLE projects;--",
    "chinese": "\u4f60\u597d\uff0c\u4e16\u754c\U00020bb7",
}

_CHANGES: Mapping[str, Callable[[str], str]] = {
    "white space around it is lost": str.strip,
    "its Unicode is normalised to NFC": lambda text: unicodedata.normalize("NFC", text),
    "its Unicode is normalised to NFD": lambda text: unicodedata.normalize("NFD", text),
    "its Unicode is normalised to NFKC": lambda text: unicodedata.normalize("NFKC", text),
    "it was escaped as HTML": html.escape,
    "it was escaped as HTML (quotes left)": lambda text: html.escape(text, quote=False),
    "it was unescaped as HTML": html.unescape,
    "it is in lower case": str.lower,
    "it is in upper case": str.upper,
    "its UTF-8 was read as Latin-1": lambda text: text.encode().decode("latin-1"),
    "its UTF-8 was read as Windows-1252": lambda text: text.encode().decode("cp1252", "replace"),
    "characters beyond U+FFFF are lost": lambda text: "".join(one for one in text if ord(one) < 0x10000),
    "what is not ASCII became a question mark": lambda text: text.encode("ascii", "replace").decode(),
    "what is not ASCII is lost": lambda text: text.encode("ascii", "ignore").decode(),
    "runs of white space became one space": lambda text: " ".join(text.split()),
    "CR LF became LF": lambda text: text.replace("\r\n", "\n"),
    "LF became CR LF": lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"),
    "tags are lost": lambda text: text.replace("<b>", ""),
}


def what_happened(sent: str, came: object) -> str:
    """Say what was done to a text that came back as something else; continues "the text came back changed: "."""
    if came is None:
        return "it is null"
    if not isinstance(came, str):
        return f"it is no text any more, but {type(came).__name__}"
    for words, change in _CHANGES.items():
        if came == change(sent):
            return words
    if came and sent.startswith(came):
        return f"it was cut to {len(came)} of its {len(sent)} characters"
    if came.endswith(sent) or came.startswith(sent):
        return "something was put to it"
    if not came:
        return "it is empty"
    at = next((index for index, (one, other) in enumerate(zip(sent, came, strict=False)) if one != other), len(came))
    return f"it differs from character {at + 1} on"
