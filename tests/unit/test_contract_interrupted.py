"""Ctrl-C while Schemathesis works ends the run: it would take it for itself, and go on with the next operation."""

from typing import Any, cast

import pytest
from schemathesis.engine.run import PhaseName

from postflight.contract.engine import bind, configuration, run_phase
from postflight.contract.tracker import Tracker
from postflight.contract.transport import SafeClient

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {"/x": {"get": {"responses": {"200": {"description": "ok"}}}}},
}


@pytest.mark.parametrize("phase", [PhaseName.COVERAGE, PhaseName.FUZZING])
def test_an_interruption_is_passed_on(phase: PhaseName) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    config = configuration(base_url="http://127.0.0.1:9", seed=1, fuzz=False, max_examples=3, steps=2, schemes={})
    nobody = cast("SafeClient", None)  # nothing is sent
    schema = bind(DOCUMENT, config, nobody, Tracker(()), before=interrupted, after=lambda: None)
    with pytest.raises(KeyboardInterrupt):
        run_phase(schema, phase, seconds=5)
