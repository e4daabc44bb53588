"""Gives the checks here what all checks of the contract have."""

from ..hold import hold

__all__ = ["hold"]
