"""`rollback:` of deployments.yaml: what is wrong there is said with file, line and remedy, and never a secret."""

import re
from pathlib import Path

import pytest

from postflight.config.deployments import load_deployments
from postflight.config.rollback import Part, Severity
from postflight.errors import ConfigError
from postflight.stats.rules import Do
from tests.conftest import ROOT

HEAD = """\
version: 1
platforms:
  shop:
    environments:
      production:
        base_url: https://shop.example
        rollback:
"""
GOOD = """\
          serves: {path: /api/health, field: version}
          immediate_rollback:
            - {part: frontend, vercel: {project: shop, team: team_x, token: VERCEL_TOKEN}}
            - {part: backend, fly: {app: shop-api, token: FLY_API_TOKEN}}
          staged_rollback:
            - {pause: 30 s, command: {run: [./drain, "10"], verify: [./drained], secrets: [DRAIN_TOKEN]}}
            - {workflow: {repository: acme/shop, workflow: back.yml, token: GITHUB_TOKEN, inputs: {to: previous}}}
          failover:
            - part: gateway
              request: {method: PATCH, url: "https://kong.example/services/api", body: '{"host": "spare"}'}
          channels: {chat: {slack: SLACK_URL}, pager: {pagerduty: {key: PAGER_KEY}}}
          notify: {P0: [pager, chat], P1: [chat]}
          severities: {response_time: P2}
          smoke: {only: health}
          links: {Runbook: "https://wiki.example/runbook"}
"""
STEP = "          immediate_rollback:\n            - "
SLACK = "          channels: {chat: {slack: SLACK_URL}}\n"
FLY = "{fly: {app: shop, token: FLY}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deployments.yaml"


def test_a_good_one(file: Path) -> None:
    file.write_text(HEAD + GOOD)
    words = load_deployments(file).platforms["shop"].environments["production"].rollback
    assert words is not None
    assert [step.part for step in words.steps(Do.IMMEDIATE_ROLLBACK)] == [Part.FRONTEND, Part.BACKEND]
    assert words.steps(Do.STAGED_ROLLBACK)[0].pause is not None
    assert words.notify[Severity.P0] == ("pager", "chat")
    assert words.steps(Do.HOLD) == ()
    assert (words.wait.value, words.state) == (60, ".postflight/rollback")


def test_the_example_of_the_projects_own_file_is_a_good_one(file: Path) -> None:
    text = (ROOT / "deployments.yaml").read_text()
    (example,) = re.findall(r"^ {8}# rollback:\n((?: {8}#   .*\n)+)", text, re.MULTILINE)
    file.write_text(HEAD + example.replace("        # ", "        "))
    words = load_deployments(file).platforms["shop"].environments["production"].rollback
    assert words is not None
    assert len(words.steps(Do.IMMEDIATE_ROLLBACK)) == 2


@pytest.mark.parametrize(
    ("written", "line", "says"),
    [
        (SLACK, 7, "write the steps of at least one of immediate_rollback"),
        (STEP + "{part: backend}\n", 9, "write exactly one of command, webhook, workflow"),
        (STEP + "{fly: {app: a, token: FLY}, webhook: {url: https://a.example, secret: S_K}}\n", 9, "webhook and fly"),
        (STEP + "{flyy: {app: shop, token: FLY}}\n", 9, "did you mean 'fly'"),
        (STEP + "{fly: {app: -evil, token: FLY}}\n", 9, "app"),
        (STEP + "{fly: {app: shop, token: fm2_abcdefghijklmnopqrstuv}}\n", 9, "name of an environment variable"),
        (STEP + "{fly: {app: shop, token: FLY, deadline: 2 h}}\n", 9, "write one from 100 ms to 10 min"),
        (STEP + "{vercel: {project: ../x, token: V_T}}\n", 9, "project"),
        (STEP + "{workflow: {repository: shop, workflow: a.yml, token: G_T}}\n", 9, "repository"),
        (STEP + "{command: {run: []}}\n", 9, "run"),
        (STEP + "{request: {method: GET, url: https://a.example}}\n", 9, "PATCH"),
        (STEP + "{request: {method: PUT, url: https://a.example, body: '[1]'}}\n", 9, "expected a JSON object as text"),
        (STEP + "{webhook: {url: ftp://a.example, secret: S_K}}\n", 9, "url"),
        (STEP + FLY + "          notify: {P0: [chat]}\n", 7, "'chat' is none of the channels"),
        (STEP + FLY + "          channels: {chat: {}}\n", 10, "write exactly one of slack, pagerduty"),
        (STEP + FLY + "          serves: {path: /}\n", 10, "write exactly one of header and field"),
        (STEP + FLY + "          serves: {path: '/a?b', header: X-Version}\n", 10, "path"),
        (STEP + FLY + "          notify: {P3: [chat]}\n", 10, "P3"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_remedy(file: Path, written: str, line: int, says: str) -> None:
    file.write_text(HEAD + written)
    with pytest.raises(ConfigError) as error:
        load_deployments(file)
    said = str(error.value)
    assert f"{file}:{line}" in said
    assert says in said
    assert "fm2_" not in said
