"""Postflight verifies a web platform right after it was deployed, and decides: promote, hold or roll back."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("postflight")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "0+checkout"
