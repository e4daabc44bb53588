"""Load: an open-model engine driven by Locust, its thresholds, and what a run says about a deployment.

Locust patches the process that imports it (gevent). So only `users`, `shapes`, `session` and `web` import it, and only
processes that `runner` starts import those.
"""
