"""Wires the suites to the plugin, nothing more."""

pytest_plugins = ["postflight.pytest_plugin"]
