"""Tokens: where they must not be (URLs), and forged ones that a server must refuse.

URLs end in logs, histories and Referer headers (OWASP ASVS 8.3.1, RFC 6750 5.3). Nothing here shows a token's value.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from postflight.checks.headers.finding import HeaderFinding, Severity

MAX_URL = 64 * 1024  # characters; the rest of a longer URL is not looked at
MAX_FIELDS = 1000
_JWT = re.compile(r"(?<![\w-])(eyJ[\w-]{5,}\.[\w-]{2,}\.[\w-]*)", re.ASCII)
_CREDENTIAL = re.compile(
    r"(?:^|[_-])(?:access_?token|id_?token|refresh_?token|auth(?:_?token)?|jwt|bearer|session(?:_?id)?|sid|phpsessid"
    r"|jsessionid|password|passwd|pwd)$",
    re.IGNORECASE,
)
_KEY = re.compile(r"(?:^|[_-])(?:token|api_?key|secret|client_?secret|signature_?key)$", re.IGNORECASE)
_LEAST = 6  # characters: shorter values are flags, not secrets
_FIX = "Send it in the Authorization header or a cookie, and revoke this one: it is in logs by now."


@dataclass(frozen=True, slots=True)
class Jwt:
    """A JSON Web Token in its parts (RFC 7519). Nothing is verified."""

    header: Mapping[str, object]
    claims: Mapping[str, object]
    signature: str


def read_jwt(token: str) -> Jwt | None:
    """Return the parts of a token, or None if it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    header, claims = _load(parts[0]), _load(parts[1])
    return Jwt(header, claims, parts[2]) if header is not None and claims is not None else None


def tampered(token: str) -> Mapping[str, str]:
    """Return forged variants of a token, which a server must refuse: name -> token.

    A JWT gives four: signature changed, cut off, algorithm `none`, claims changed; an opaque token gives one.
    """
    jwt = read_jwt(token)
    if jwt is None:
        return {"character-changed": _change_first(token)} if token else {}
    header, claims, signature = token.split(".")
    unsigned = _dump({**jwt.header, "alg": "none"})
    other = _dump({**jwt.claims, "sub": "postflight-forged", "role": "admin"})
    # the first character: the last one of base64 may hold unused bits only, and change nothing
    return {
        "signature-changed": f"{header}.{claims}.{_change_first(signature)}",
        "signature-missing": f"{header}.{claims}.",
        "algorithm-none": f"{unsigned}.{claims}.",
        "claims-changed": f"{header}.{other}.{signature}",
    }


def expired(token: str, *, now: int, key: bytes | None = None) -> str | None:
    """Return the token with `exp` an hour before `now` (seconds since 1970), or None if it is no JWT.

    With the server's HS256 `key` it is validly signed, so that only the date can be the reason of a refusal. Without it
    the old signature stays: refused by any sound server, but not proof that dates are checked.
    """
    jwt = read_jwt(token)
    if jwt is None:
        return None
    claims = _dump({**jwt.claims, "iat": now - 7200, "exp": now - 3600})
    if key is None:
        return f"{token.split('.', maxsplit=1)[0]}.{claims}.{jwt.signature}"
    signed = f"{_dump({**jwt.header, 'alg': 'HS256'})}.{claims}"
    return f"{signed}.{_encode(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def without_secrets(url: str) -> str:
    """Return the URL as it can be shown: no user information, no values in query and fragment, no JWT in the path."""
    parts = _split(url[:MAX_URL])
    if parts is None:
        return "(a broken URL)"
    path = _JWT.sub("…", unquote(parts.path))
    query = "&".join(f"{name}=…" for name, _ in _fields(parts.query))
    marks = ("?" + query if query else "") + ("#…" if parts.fragment else "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}{marks}"


def find(url: str, *, public_keys: frozenset[str] = frozenset()) -> Iterator[HeaderFinding]:
    """Yield credentials in a URL. `public_keys` are values that are no secret (Supabase's anon key)."""
    parts = _split(url[:MAX_URL])
    if parts is None:
        return
    if parts.password:
        yield _say("url-password", Severity.HIGH, parts, "user:…@", "The URL holds a password.")
    for name, value in _fields(parts.query):
        if value not in public_keys:
            yield from _find_field(parts, name, value)
    if _JWT.search(unquote(parts.path)):
        yield _say("url-token", Severity.HIGH, parts, "in the path", "The path holds a JSON Web Token.")
    for name, value in _fields(parts.fragment):
        if value not in public_keys and (_JWT.search(value) or _CREDENTIAL.search(name)):
            yield _say(
                "url-token-fragment",
                Severity.LOW,
                parts,
                f"#{name}=…",
                "The fragment holds a token: servers do not see it, but history and scripts do.",
            )


def _find_field(parts: SplitResult, name: str, value: str) -> Iterator[HeaderFinding]:
    jwt = _JWT.search(value)
    if jwt and _is_public(jwt[1]):
        yield _say("url-public-key", Severity.INFO, parts, f"{name}=…", "The URL holds a key for anonymous access.")
    elif jwt or (_CREDENTIAL.search(name) and len(value) >= _LEAST):
        yield _say("url-token", Severity.HIGH, parts, f"{name}=…", "The URL holds a credential.")
    elif _KEY.search(name) and len(value) >= _LEAST:
        yield _say("url-key", Severity.MEDIUM, parts, f"{name}=…", "The URL holds what looks like a key.")


def _is_public(token: str) -> bool:
    """Whether it is a key that Supabase means to be public: `role` is `anon`."""
    jwt = read_jwt(token)
    return jwt is not None and jwt.claims.get("role") == "anon" and "sub" not in jwt.claims


def _load(part: str) -> Mapping[str, object] | None:
    try:
        value: object = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _dump(value: Mapping[str, object]) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _change_first(text: str) -> str:
    return ("B" if text[:1] == "A" else "A") + text[1:]


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return []


def _say(code: str, severity: Severity, parts: SplitResult, where: str, message: str) -> HeaderFinding:
    shown = f"{without_secrets(parts.geturl())} ({where})"
    return HeaderFinding(code, severity, "URL", shown, message, _FIX, ("P13-X5",))
