from datetime import date
from pathlib import Path

import pytest

from postflight.config.deployments import load_deployments
from postflight.errors import ConfigError
from postflight.model import Quantity, Unit

ROOT = Path(__file__).parents[2]

GOOD = """\
version: 1
platforms:
  shop:
    adapter: platforms.shop:Shop
    environments:
      staging:
        base_url: https://staging.shop.example
        services:
          web: {health: /health}
          api: {url: "https://api.shop.example", regions: {iad: "https://iad.shop.example"}}
        allow: [create, load]
        limits: {preview_pool: 5 sessions, preview_idle: 30 min}
        accounts:
          primary: {email: SHOP_EMAIL, password: SHOP_PASSWORD}
        secrets: {database_url: SHOP_DATABASE_URL}
        control: https://control.example
        preflight_deadline: 2 s
        page_troubles:
          - {kind: console, match: analytics, until: 2026-12-31, why: issue 42}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deployments.yaml"


def errors(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_deployments(file)
    return str(error.value).replace(f"{file}:", "FILE:")


def test_a_good_file(file: Path) -> None:
    file.write_text(GOOD)
    environment = load_deployments(file).platforms["shop"].environments["staging"]
    assert environment.limits.preview_pool == Quantity(5, Unit.COUNT)
    assert environment.preflight_deadline == Quantity(2, Unit.SECONDS)
    assert environment.page_troubles[0].until == date(2026, 12, 31)
    assert environment.services["api"].regions == {"iad": "https://iad.shop.example"}


def test_the_projects_own_file_is_good() -> None:
    velocity = load_deployments(ROOT / "deployments.yaml").platforms["velocity"]
    pools = {name: environment.limits.preview_pool for name, environment in velocity.environments.items()}
    assert pools == {
        "reference": None,  # it says itself
        "reference-hardened": None,
        "reference-strict": None,
        "local": Quantity(2, Unit.COUNT),
        "staging": Quantity(5, Unit.COUNT),
        "production": Quantity(20, Unit.COUNT),
    }
    assert [allowed.value for allowed in velocity.environments["production"].allow] == ["create"]


def test_without_a_file_there_are_no_platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_deployments().platforms == {}


def test_a_file_that_is_named_must_be_there(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"deployments\.yaml cannot be read"):
        load_deployments(file)


STAGING = "platforms.shop.environments.staging"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("version: 1", "version: 2", "FILE:1: version: 2 is not one of 1"),
        ("version: 1", "vresion: 1", "FILE:1: vresion: unknown key; did you mean 'version'?"),
        ("adapter:", "adaptor:", "FILE:4: platforms.shop.adaptor: unknown key; did you mean 'adapter'?"),
        ("platforms.shop:Shop", "platforms.shop", "FILE:4: platforms.shop.adapter: 'platforms.shop' does not match"),
        (
            "base_url: https://",
            "base_url: htps://",
            f"FILE:7: {STAGING}.base_url: 'htps://staging.shop.example' has the",
        ),
        ("base_url: https://", "base_url: ", f"FILE:7: {STAGING}.base_url: 'staging.shop.example' is not a whole URL"),
        ("base_url: https://", "base_url: https://me:pw22@", f"FILE:7: {STAGING}.base_url: this looks like a secret"),
        (
            "base_url: https://",
            "tier: https://",
            f"FILE:7: {STAGING}.tier: 'https://staging.shop.example' is not one of",
        ),
        ("base_url:", "baseurl:", f"FILE:7: {STAGING}.baseurl: unknown key; did you mean 'base_url'?"),
        ("{health: /health}", "{health: health}", f"FILE:9: {STAGING}.services.web.health: 'health' does not match"),
        ("{health:", "{helth:", f"FILE:9: {STAGING}.services.web.helth: unknown key; did you mean 'health'?"),
        (
            "{health: /health}",
            '{url: "https://x.example"}',
            f"FILE:9: {STAGING}.services.web.url: the web service is at",
        ),
        ("{health: /health}", "/health", f"FILE:9: {STAGING}.services.web: expected a mapping, found '/health'"),
        ('{url: "https://api.shop.example", ', "{", f"FILE:10: {STAGING}.services.api: url is missing"),
        (
            "[create,",
            "[crate,",
            f"FILE:11: {STAGING}.allow.0: 'crate' is not one of create, load, fuzz, exhaust_pool, inject; did",
        ),
        ("[create, load]", "create", f"FILE:11: {STAGING}.allow: expected a list, found 'create'"),
        (
            "5 sessions",
            "5",
            f"FILE:12: {STAGING}.limits.preview_pool: 5 is a bare number; write its unit, like '5 sess",
        ),
        (
            "5 sessions",
            "5 min",
            f"FILE:12: {STAGING}.limits.preview_pool: '5 min' is a quantity of another kind; expected",
        ),
        ("30 min", "[30]", f"FILE:12: {STAGING}.limits.preview_idle: expected a quantity like '500 ms', found a list"),
        (
            "preview_pool",
            "preview_pol",
            f"FILE:12: {STAGING}.limits.preview_pol: unknown key; did you mean 'preview_pool'?",
        ),
        ("SHOP_EMAIL", "me@shop.example", f"FILE:14: {STAGING}.accounts.primary.email: expected the name of an"),
        (", password: SHOP_PASSWORD", "", f"FILE:14: {STAGING}.accounts.primary.password: this key is missing"),
        ("SHOP_DATABASE_URL", "sk-abcdefghijklmnopqrst", f"FILE:15: {STAGING}.secrets.database_url: this looks like a"),
        (
            "database_url:",
            "databse_url:",
            f"FILE:15: {STAGING}.secrets.databse_url: unknown key; did you mean 'databas",
        ),
        (
            "https://control",
            "ftp://control",
            f"FILE:16: {STAGING}.control: 'ftp://control.example' has the scheme 'ftp'",
        ),
        ("2 s", "2", f"FILE:17: {STAGING}.preflight_deadline: 2 is a bare number; write its unit, like '2 s'"),
        ("2 s", "0 s", f"FILE:17: {STAGING}.preflight_deadline: 0 ms is no deadline; write one from 100 ms to 60 s"),
        (
            "kind: console",
            "kind: consle",
            f"FILE:19: {STAGING}.page_troubles.0.kind: 'consle' is not one of console, ",
        ),
        (
            "2026-12-31",
            "2026-02-31",
            f"FILE:19: {STAGING}.page_troubles.0.until: expected a date like 2026-12-31, found",
        ),
        (
            "match: analytics",
            "match: ''",
            f"FILE:19: {STAGING}.page_troubles.0.match: should have at least 3 characters",
        ),
        ("  shop:", "  Shop:", "FILE:3: platforms.Shop: 'Shop' does not match"),
        ("  shop:", "  generic:", "FILE:3: platforms.generic: this name is kept for addresses that the file does not"),
        (
            "      staging:\n",
            "      staging:\n        start: reference\n",
            f"FILE:6: {STAGING}: 'start' brings its own",
        ),
        ("version: 1\n", "version: 1\nversion: 1\n", "FILE:2: version: this key is here twice; first in line 1"),
    ],
)
def test_each_error_names_line_place_and_remedy(file: Path, right: str, wrong: str, message: str) -> None:
    assert right in GOOD
    assert message in errors(file, GOOD.replace(right, wrong, 1))


@pytest.mark.parametrize("secret", ["hunter22", "sk-abcdefghijklmnopqrst", "https://me:hunter22@shop.example"])
@pytest.mark.parametrize("right", ["SHOP_PASSWORD", "SHOP_DATABASE_URL", "https://staging.shop.example"])
def test_a_secret_in_the_wrong_place_is_never_repeated(file: Path, right: str, secret: str) -> None:
    if secret == "hunter22" and right.startswith("https"):
        secret = "https://me:hunter22@shop.example"
    text = errors(file, GOOD.replace(right, f'"{secret}"'))
    assert "hunter22" not in text
    assert "abcdefghij" not in text


def test_an_environment_without_an_address(file: Path) -> None:
    text = GOOD.replace("        base_url: https://staging.shop.example\n", "")
    assert f"FILE:6: {STAGING}: base_url is missing; write it, like" in errors(file, text)


def test_all_errors_at_once_in_order_of_lines(file: Path) -> None:
    text = (
        GOOD.replace("adapter", "adaptor")
        .replace("5 sessions", "5")
        .replace("[create", "[crate")
        .replace("why:", "wy:")
    )
    lines = errors(file, text).splitlines()
    assert lines[0].endswith("has 5 errors:")
    assert [line.split(":")[1] for line in lines[1:]] == ["4", "11", "12", "19", "19"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "FILE:1: expected a mapping, found nothing"),
        ("- a\n", "FILE:1: expected a mapping, found a list"),
        ("version: 1\n", "FILE:1: platforms: this key is missing"),
        ("version: 1\nplatforms: {}\n", "FILE:2: platforms:"),
        ("version: 1\nplatforms:\n  a:\n", "FILE:3: platforms.a: expected a mapping, found nothing"),
        ("version: 1\nplatforms:\n  a:\n    environments: {}\n", "FILE:4: platforms.a.environments:"),
    ],
)
def test_files_without_a_platform(file: Path, text: str, message: str) -> None:
    assert message in errors(file, text)
