"""What a gateway adds is measured in pairs: a slow one breaks its budget, a quick one keeps it."""

import sys
from pathlib import Path

import pytest

from tests import hostile
from tests.conftest import ROOT, run_process

OPEN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
DEPLOYMENTS = """
version: 1
platforms:
  velro:
    environments:
      local:
        base_url: {web}
        services:
          backend: {{url: "{web}", health: /health}}
          gateway: {{url: "{gateway}", health: /api/health}}
        preflight_deadline: 10 s
"""


@pytest.mark.parametrize(("slower", "status"), [(0.08, "bad"), (0.0, "good")])
def test_a_gateway_is_held_to_its_budget(slower: float, status: str, tmp_path: Path) -> None:
    def behave(call: hostile.Call, wait: float) -> None:
        while True:
            call.ending.wait(wait)
            call.send(OPEN)
            if not call.socket.recv(65536):
                return

    with (
        hostile.serving(lambda call: behave(call, 0)) as web,
        hostile.serving(lambda call: behave(call, slower)) as gateway,
    ):
        told = tmp_path / "deployments.yaml"
        told.write_text(DEPLOYMENTS.format(web=web, gateway=gateway))
        budgets = tmp_path / "budgets.yaml"
        limit = "gateway.overhead: {at_most: 50 ms, on_breach: hold, covers: [VRO-P1]}"
        budgets.write_text(f"version: 1\nplatforms:\n  velro:\n    budgets:\n      performance:\n        {limit}\n")
        result = run_process(
            sys.executable, "-m", "pytest", str(ROOT / "performance/backend/test_gateway.py"), "-p", "no:cacheprovider",
            "--environment", "local", "--deployments", str(told), "--budgets", str(budgets),
            "--reports", str(tmp_path), reports=tmp_path,
        )  # fmt: skip
    assert result.statuses()["test_gateway_adds_little"] == status, result.output
    if status == "bad":
        found = result.finding("test_gateway_adds_little")
        assert "allowed is at most 50 ms" in found["summary"]
        assert "GET /api/health of gateway against GET /health of backend" in found["where"]
