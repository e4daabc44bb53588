"""Load in an open model: requests start on a schedule whatever the server does, and what is measured is the truth.

`arrivals` says when flows start, `Engine` runs them in a native thread, `Batch` is what it measured.
See docs/load-engine.md.
"""
