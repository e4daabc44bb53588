"""What docs/rollback.md shows as configuration is configuration."""

import re
import textwrap
from pathlib import Path

from postflight.config import load_deployments
from postflight.stats.rules import Do
from tests.conftest import ROOT


def test_the_example_is_read_as_it_stands(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/rollback.md").read_text(), re.DOTALL)
    file = tmp_path / "deployments.yaml"
    head = "version: 1\nplatforms:\n  shop:\n    environments:\n      production:\n        base_url: https://shop.example\n"
    file.write_text(head + textwrap.indent(example, " " * 8))
    rollback = load_deployments(file).platforms["shop"].environments["production"].rollback
    assert rollback is not None
    for do in (Do.IMMEDIATE_ROLLBACK, Do.STAGED_ROLLBACK, Do.FAILOVER):
        assert rollback.steps(do)
    assert set(rollback.channels) == {"chat", "pager", "mail", "status"}
