"""What load does: a profile is a `work.Work`, found by its name in `registry`; `page` and `websocket` are ours."""
