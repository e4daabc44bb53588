"""Passwords and tokens."""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import jwt

from reference.faults import ALG_NONE, EXPIRED_TOKEN, TAMPERED_TOKEN, Fault

TOKEN_LIFETIME = timedelta(hours=1)
_ISSUER = "velocity-reference"
_ALGORITHM = "HS256"
_COST = 2**14  # scrypt's n: with r=8 and p=1 about 40 ms and 16 MiB, the price of one guess
_MAX_REVOKED = 10_000


async def hash_password(password: str) -> str:
    """Return `salt$hash`, both in hexadecimal. Runs in a thread: hashing is slow on purpose."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${(await asyncio.to_thread(_scrypt, password, salt)).hex()}"


async def verify_password(password: str, stored: str | None) -> bool:
    """Tell whether the password is the stored one. It takes as long when nothing is stored."""
    salt, _, expected = (stored or f"{'00' * 16}$").partition("$")
    computed = await asyncio.to_thread(_scrypt, password, bytes.fromhex(salt))
    return hmac.compare_digest(computed.hex(), expected)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=8, p=1, dklen=32)


def equal(given: str, expected: str) -> bool:
    """Compare two secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode(), expected.encode())


class InvalidToken(Exception):
    """The token is malformed, forged, expired, revoked, or of a role that is not accepted here."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says. `user_id` and `email` are None in an anon key."""

    role: Literal["anon", "authenticated"]
    token_id: str
    expires_at: datetime
    user_id: UUID | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Signs and verifies tokens with a key that lives as long as this platform."""

    key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    faults: frozenset[Fault] = frozenset()
    _revoked: dict[str, datetime] = field(default_factory=dict, repr=False)

    def issue_user(self, user_id: UUID, email: str) -> tuple[str, datetime]:
        """Return a token for this user, and when it expires."""
        expires_at = (datetime.now(UTC) + TOKEN_LIFETIME).replace(microsecond=0)
        return self._sign("authenticated", expires_at, sub=str(user_id), email=email), expires_at

    def issue_anon(self) -> str:
        """Return the key that pages and previews may carry openly."""
        return self._sign("anon", datetime.now(UTC) + timedelta(days=30))

    def verify(self, token: str) -> Claims:
        """Return what the token says. Raises `InvalidToken`."""
        try:
            raw = jwt.decode(
                token,
                self.key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                options={
                    "require": ["exp", "iat", "jti", "role"],
                    "verify_signature": not self._is_waved_through(token),
                    "verify_exp": EXPIRED_TOKEN not in self.faults,
                    "verify_iss": True,
                },
            )
        except jwt.InvalidTokenError as error:
            raise InvalidToken(type(error).__name__) from None
        if raw["jti"] in self._revoked:
            raise InvalidToken("revoked")
        return Claims(
            role=raw["role"],
            token_id=raw["jti"],
            expires_at=datetime.fromtimestamp(raw["exp"], UTC),
            user_id=UUID(raw["sub"]) if "sub" in raw else None,
            email=raw.get("email"),
        )

    def _is_waved_through(self, token: str) -> bool:
        """Tell whether a planted fault keeps this token's signature from being looked at."""
        if ALG_NONE in self.faults and jwt.get_unverified_header(token)["alg"] == "none":
            return True
        return TAMPERED_TOKEN in self.faults

    def revoke(self, claims: Claims) -> None:
        """Refuse this token from now on."""
        now = datetime.now(UTC)
        for token_id in [known for known, expires_at in self._revoked.items() if expires_at < now]:
            del self._revoked[token_id]
        while len(self._revoked) >= _MAX_REVOKED:
            del self._revoked[next(iter(self._revoked))]
        self._revoked[claims.token_id] = claims.expires_at

    def _sign(self, role: str, expires_at: datetime, **claims: str) -> str:
        issued = {"iss": _ISSUER, "iat": datetime.now(UTC), "jti": secrets.token_hex(8)}
        return jwt.encode({"role": role, "exp": expires_at, **issued, **claims}, self.key, algorithm=_ALGORITHM)
