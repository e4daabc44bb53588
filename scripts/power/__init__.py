"""The smallest regressions that are found, measured: `make power`."""
