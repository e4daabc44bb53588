"""Load in an open model: requests start on a schedule whatever the server does, and what is measured is the truth.

`engine/` sends and measures (docs/load-engine.md), `profiles/` say what is sent, `judging/` what it means, while it
runs and at its end (docs/scale.md). `runner` starts the processes.

Locust distributes and shows all this, and patches the process that imports it. So only `swarm/` imports it, and only
processes that `runner` starts import that.
"""
