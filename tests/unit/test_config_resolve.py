import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from postflight.config.deployments import Deployments, load_deployments
from postflight.config.resolve import choose, resolve
from postflight.errors import CannotMeasure, ConfigError
from postflight.model import Deployment, Permissions, Quantity, Unit

FILE = """\
version: 1
platforms:
  shop:
    adapter: platforms.shop:Shop
    environments:
      reference:
        start: reference
        tier: strict
        allow: [create, exhaust_pool]
        limits: {preview_pool: 2 sessions, preview_idle: 30 min}
      local:
        base_url: http://localhost:3000
      staging:
        base_url: https://staging.shop.example
        services:
          web: {health: /health, regions: {iad: "https://iad.shop.example"}}
          api: {url: "https://api.shop.example", health: /healthz, regions: {lhr: "https://lhr.api.shop.example"}}
        tier: hardened
        allow: [create, fuzz]
        limits: {preview_pool: 5 sessions}
        accounts:
          primary: {email: SHOP_EMAIL, password: SHOP_PASSWORD}
          other: {email: SHOP_OTHER_EMAIL, password: SHOP_PASSWORD}
        secrets: {database_url: SHOP_DATABASE_URL, gateway_key: SHOP_KEY}
        control: https://control.example
        preflight_deadline: 5 s
        page_troubles:
          - {kind: console, match: analytics, until: 2026-12-31, why: issue 42}
      production:
        base_url: https://shop.example
  blog:
    environments:
      production:
        base_url: https://blog.example:8443
"""

READY: Mapping[str, object] = {
    "version": 1,
    "pid": 4711,
    "web": "http://127.0.0.1:4001",
    "orchestrator": "http://127.0.0.1:4002",
    "regions": {"iad": "http://127.0.0.1:4002", "sfo": "http://127.0.0.1:4003"},
    "realtime": "ws://127.0.0.1:4001/realtime/v1",
    "database": "postgresql://postgres@/velocity?host=/tmp/pg",
    "anon_key": "anon-key-planted",
    "api_token": "api-token-planted",
    "accounts": {"primary": {"email": "a@example.com", "password": "password-planted"}},
    "ca_file": "/tmp/ca.pem",
    "pool": 3,
    "release": "1.4.2",
    "tier": "hardened",
    "something new": True,
}


@pytest.fixture(scope="module")
def deployments(tmp_path_factory: pytest.TempPathFactory) -> Deployments:
    file = tmp_path_factory.mktemp("config") / "deployments.yaml"
    file.write_text(FILE)
    return load_deployments(file)


def name(deployment: Deployment) -> str:
    return f"{deployment.platform}/{deployment.environment} at {deployment.base_url}"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"environment": "staging"}, "shop/staging at https://staging.shop.example"),
        ({"environment": "production", "platform": "blog"}, "blog/production at https://blog.example:8443"),
        ({"base_url": "https://staging.shop.example"}, "shop/staging at https://staging.shop.example"),
        ({"base_url": "HTTPS://Staging.Shop.Example:443/"}, "shop/staging at https://staging.shop.example"),
        ({"base_url": "https://blog.example:8443/de"}, "blog/production at https://blog.example:8443/de"),
        ({"base_url": "https://blog.example"}, "generic/unknown at https://blog.example"),
        ({"base_url": "http://shop.example"}, "generic/unknown at http://shop.example"),
        ({"base_url": "http://localhost:3000"}, "generic/unknown at http://localhost:3000"),
        ({"base_url": "https://example.com"}, "generic/unknown at https://example.com"),
        ({"base_url": "https://shop.example", "platform": "generic"}, "generic/unknown at https://shop.example"),
        ({"base_url": "https://pr-7.example", "environment": "staging"}, "shop/staging at https://pr-7.example"),
        ({"base_url": "https://blog.example:8443", "environment": "production"}, "blog/production at https://blog.exa"),
        (
            {"base_url": "https://pr-7.example", "environment": "production", "platform": "shop"},
            "shop/production at https://pr-7.example",
        ),
        ({"environment": "local"}, "shop/local at http://localhost:3000"),
    ],
)
def test_what_the_options_mean(deployments: Deployments, options: dict[str, str], expected: str) -> None:
    deployment = resolve(deployments, **options, environ={})  # type: ignore[arg-type]  # environ is not among them
    assert name(deployment).startswith(expected)
    assert deployment.known is not expected.startswith("generic")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"environment": "production"},
            "may mean shop/production, blog/production; add --platform shop or --platform blog",
        ),
        ({"environment": "stagin"}, "--environment stagin: no such environment; did you mean 'staging'?"),
        ({"environment": "staging", "platform": "blog"}, "no such environment; expected one of production"),
        ({"platform": "shoop"}, "--platform shoop: deployments.yaml does not know it; did you mean 'shop'?"),
        ({"platform": "blog"}, "nothing says what to verify; give --base-url, or --environment (blog/production)"),
        ({"platform": "generic"}, "--platform generic takes --base-url, and no --environment"),
        ({"base_url": "https://a.example", "platform": "blog"}, "is no known address of blog; name the environment"),
        (
            {"base_url": "staging.shop.example"},
            "--base-url: 'staging.shop.example' is not a whole URL; write its scheme",
        ),
        (
            {"base_url": "https://a.example", "environment": "reference"},
            "is started by Postflight and takes no --base-url",
        ),
        ({"base_url": "https://u:p@a.example"}, "$BASE_URL_USERINFO is shorter than 4 characters"),
        ({}, "shop/reference is started by Postflight, and was not"),
    ],
)
def test_what_they_cannot_mean(deployments: Deployments, options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        resolve(deployments, **options, environ={})  # type: ignore[arg-type]  # environ is not among them


def test_without_a_file_only_an_address_can_be_verified() -> None:
    nothing = Deployments.model_construct(version=1, platforms={})
    assert name(resolve(nothing, base_url="https://a.example", environ={})) == "generic/unknown at https://a.example"
    with pytest.raises(ConfigError, match=r"there is no deployments\.yaml"):
        resolve(nothing, environ={})


def test_two_environments_at_one_address(tmp_path: Path) -> None:
    file = tmp_path / "deployments.yaml"
    file.write_text(FILE.replace("https://blog.example:8443", "https://shop.example"))
    with pytest.raises(ConfigError, match=r"may mean shop/production, blog/production; add .* or --platform generic"):
        resolve(load_deployments(file), base_url="https://shop.example", environ={})
    file.write_text(FILE.replace("https://staging.shop.example", "https://shop.example"))
    with pytest.raises(ConfigError, match=r"may mean .*; add --environment staging or --environment production"):
        resolve(load_deployments(file), base_url="https://shop.example", environ={})


def test_an_environment_whole(deployments: Deployments) -> None:
    environ = {
        "SHOP_EMAIL": "a@example.com",
        "SHOP_PASSWORD": "password-planted",
        "SHOP_OTHER_EMAIL": "",  # set, but empty: missing
        "SHOP_KEY": "key-planted",
    }
    found = resolve(deployments, environment="staging", environ=environ)
    assert found.adapter == "platforms.shop:Shop"
    assert found.permissions == Permissions(may_create=True, may_fuzz=True)
    assert found.limits == {"preview_pool": Quantity(5, Unit.COUNT)}
    assert (found.control, found.preflight_deadline, found.tier) == ("https://control.example", 5.0, "hardened")
    assert found.services["web"].regions == {"iad": "https://iad.shop.example"}
    assert found.services["api"].url == "https://api.shop.example"
    assert found.services["api"].health == "/healthz"
    assert [trouble.match for trouble in found.allowed_trouble] == ["analytics"]
    assert found.accounts["primary"].password.reveal() == "password-planted"
    assert list(found.accounts) == ["primary"]
    assert {use: str(secret) for use, secret in found.secrets.items()} == {"gateway_key": "$SHOP_KEY"}
    assert found.missing_secrets == ("SHOP_OTHER_EMAIL", "SHOP_DATABASE_URL")
    assert "planted" not in repr(found)


def test_another_address_of_an_environment_has_not_its_regions(deployments: Deployments) -> None:
    found = resolve(deployments, environment="staging", base_url="https://pr-7.example", environ={})
    assert found.services["web"].url == "https://pr-7.example"
    assert found.services["web"].regions == {}
    assert found.services["api"].regions == {"lhr": "https://lhr.api.shop.example"}


def test_an_unknown_address_is_allowed_nothing(deployments: Deployments) -> None:
    found = resolve(deployments, base_url="https://example.com", environ={"SHOP_PASSWORD": "password-planted"})
    assert found.permissions == Permissions()
    assert (found.accounts, found.secrets, found.adapter, found.control) == ({}, {}, None, None)
    assert list(found.services) == ["web"]


def test_user_information_becomes_a_secret(deployments: Deployments) -> None:
    found = resolve(deployments, base_url="https://me:pass%20word@example.com", environ={})
    assert found.base_url == found.services["web"].url == "https://example.com"
    assert found.secrets["basic_auth"].reveal() == "me:pass word"
    assert "pass word" not in repr(found)


def test_a_secret_that_is_too_short_to_redact(deployments: Deployments) -> None:
    with pytest.raises(ConfigError, match=r"^\$SHOP_PASSWORD is shorter than 4 characters") as error:
        resolve(deployments, environment="staging", environ={"SHOP_EMAIL": "a@example.com", "SHOP_PASSWORD": "pw1"})
    assert "pw1" not in str(error.value)


def test_the_reference_platform_says_where_it_is(deployments: Deployments) -> None:
    assert choose(deployments).needs_start
    assert not choose(deployments, environment="staging").needs_start
    found = resolve(deployments, environ={}, ready=json.dumps(READY))
    assert name(found) == "shop/reference at http://127.0.0.1:4001"
    assert found.known
    assert found.services["web"].health == "/api/health"
    assert found.services["orchestrator"].regions["sfo"] == "http://127.0.0.1:4003"
    assert found.services["realtime"].url == "ws://127.0.0.1:4001/realtime/v1"
    assert found.limits == {"preview_pool": Quantity(3, Unit.COUNT), "preview_idle": Quantity(1800, Unit.SECONDS)}
    assert found.accounts["primary"].email.reveal() == "a@example.com"
    assert set(found.secrets) == {"orchestrator_token", "realtime_anon_key", "database_url"}
    assert (found.ca_file, found.tier) == ("/tmp/ca.pem", "hardened")
    assert found.permissions == Permissions(may_create=True, may_exhaust=True)
    assert "planted" not in repr(found)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "Invalid JSON"),
        ("[]", "line: Input should be an object"),
        (json.dumps({**READY, "version": 2}), "version: Input should be 1"),
        (json.dumps({**READY, "pool": "3"}), "pool: Input should be a valid integer"),
        (json.dumps({**READY, "web": "127.0.0.1:4001"}), "web: Value error, '127.0.0.1:4001' is not a whole URL"),
        (
            json.dumps({**READY, "accounts": {"primary": {"email": "a@b.c"}}}),
            "accounts.primary.password: Field required",
        ),
        (
            json.dumps({**READY, "anon_key": 5, "api_token": None}),
            "anon_key: Input should be a valid string; api_token:",
        ),
    ],
)
def test_a_line_that_it_should_not_print(deployments: Deployments, line: str, message: str) -> None:
    with pytest.raises(CannotMeasure, match=re.escape(message)) as error:
        resolve(deployments, environ={}, ready=line)
    assert "planted" not in str(error.value)


def test_a_deployment_is_frozen(deployments: Deployments) -> None:
    found = resolve(deployments, environment="staging", environ={})
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.base_url = "https://elsewhere.example"  # type: ignore[misc]
