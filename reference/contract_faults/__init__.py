"""Planted faults of the contract: how each spoils a request before the platform sees it, or the answer afterwards.

Those that nobody could plant from outside are in the platform itself: who sees whose rows (`rows_of` in
web/session.py), and a project that is made twice (web/projects.py).
"""
