"""Secrets: files hold the *names* of environment variables, never values; values come from the environment."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from postflight.errors import ConfigError
from postflight.model import Secret

NAME = re.compile(r"^[A-Z][A-Z0-9_]{2,63}$")
SHORTEST = 4  # characters. A shorter one cannot be taken out of reports without taking out innocent text too.

# What tokens of common services look like. Not complete: it catches a slip, it is no scanner.
_SHAPES = re.compile(
    r"""
    \beyJ[\w-]{8,}\.[\w-]{8,}\.                    # JSON Web Token
    | \b(?:sk|pk|rk)[-_][\w-]{16,}                 # OpenAI, Anthropic, Stripe
    | \bgh[pousr]_\w{20,} | \bgithub_pat_\w{20,}   # GitHub
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                # AWS
    | \bxox[abprs]-[\w-]{10,}                      # Slack
    | \bsb[p_]\w{20,} | \bsb_secret_\w+            # Supabase
    | \bFlyV1\s\S{16,} | \bfm[12]_\S{16,}          # Fly.io
    | -----BEGIN\s[A-Z ]*PRIVATE\sKEY
    """,
    re.VERBOSE,
)
_OPAQUE = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+=]{24,}")  # letters and digits without a break


def looks_like_secret(text: str) -> bool:
    """Tell whether a text looks like a secret value: a known token, a long opaque one, or a URL with a password."""
    return bool(_SHAPES.search(text) or _OPAQUE.fullmatch(text)) or _has_password(text)


def check_name(text: str) -> str:
    """Return the name of an environment variable, or raise `ValueError` that does not repeat what was written."""
    if not NAME.fullmatch(text):
        raise ValueError(
            "expected the name of an environment variable, like VELOCITY_TEST_PASSWORD, found something else"
            " (not shown here, as it may be the secret itself)"
        )
    return text


def read_secret(name: str, environ: Mapping[str, str]) -> Secret | None:
    """Read a secret from the environment, or return None when it is unset or empty. Too short a one is an error."""
    value = environ.get(name, "")
    if not value:
        return None
    return check_length(Secret(name, value))


def check_length(secret: Secret) -> Secret:
    """Return the secret, or raise `ConfigError` when it is too short to be kept out of reports."""
    if len(secret.reveal()) < SHORTEST:
        raise ConfigError(
            f"{secret} is shorter than {SHORTEST} characters and could not be kept out of reports; use a longer secret",
            where=str(secret),
        )
    return secret


def _has_password(text: str) -> bool:
    try:
        return "://" in text and bool(urlsplit(text).password)
    except ValueError:
        return False
