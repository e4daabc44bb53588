"""What Locust loads: a class for each profile and each shape of `budgets.yaml`, and who decides.

    locust                                         web UI, with pickers; /budgets shows the limits live
    locust --headless Landing --shape=spike        the same without
    locust --processes 4 ...                       master and workers on one machine

A suite's own `load/locustfile.py` imports this one; users of one's own (`FastHttpUser`) beside it join the same run.
"""

import os
from pathlib import Path
from typing import Any

from locust import events, runners
from locust.env import Environment

from postflight.config import load_budgets
from postflight.load import orders
from postflight.load.swarm.lifeline import hold_on
from postflight.load.swarm.session import Session
from postflight.load.swarm.shapes import SESSION, shapes_of
from postflight.load.swarm.users import listen_as_worker, users_of
from postflight.load.swarm.web import extend

_path = os.environ.get(orders.BUDGETS_VARIABLE)
_settings = load_budgets(Path(_path) if _path else None).load
CLASSES = {**users_of(_settings.profiles), **shapes_of(_settings.shapes)}
globals().update(CLASSES)


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]  # Locust's hooks have no types
def _add_options(parser: Any, **_: Any) -> None:
    orders.add_options(parser)


@events.init.add_listener  # type: ignore[untyped-decorator]  # as above
def _open(environment: Environment, runner: Any, web_ui: Any = None, **_: Any) -> None:
    hold_on()
    if not isinstance(runner, runners.MasterRunner):
        listen_as_worker(environment)
    if isinstance(runner, runners.WorkerRunner):
        return
    given = orders.read_options(environment.parsed_options)  # type: ignore[arg-type]  # the command line has set them
    session = Session.open(environment, given)
    setattr(environment, SESSION, session)
    session.pick_shape(None)
    if web_ui is not None:
        extend(web_ui, session)
