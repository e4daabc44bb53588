"""`locust`: the load profiles of budgets.yaml with Locust's web UI. Users of your own beside them join the same run."""

from postflight.load.swarm.locustfile import CLASSES

globals().update(CLASSES)
