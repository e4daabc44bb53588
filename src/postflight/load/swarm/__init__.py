"""Locust's side: users, shapes, the web page, and the session that decides. Only what `load.runner` starts has it."""
