"""Acting on a verdict: once for each deployment, with evidence for each step, and people told about it.

`actions/` are the ways to act, one adapter each. `ledger` keeps what was done, behind a lock; `once` acts so that a
killed watcher and a second one change nothing; `sequence` is the whole rollback: earlier release, act, wait until it
serves, smoke tests, tell. `notify/` are the channels.
"""
