"""Triggers on traffic that never was: ours, and those that pipelines commonly use, on the same simulated requests.

Needs numpy, which nothing else here does: import this package only where something is simulated.
"""
