"""Load in an open model: requests start on a schedule whatever the server does, and what is measured is the truth.

`arrivals` says when flows start, `Engine` runs them in a native thread, `Batch` is what it measured
(docs/load-engine.md). `thresholds` judge it while it runs, `conclusion` says what it means (docs/scale.md).

Locust distributes and shows all this, and patches the process that imports it. So only `locustfile`, `users`, `shapes`,
`session` and `web` import it, and only processes that `runner` starts import those.
"""
