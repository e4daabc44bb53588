"""The real pages that are looked at: path, and the role of the account that sees it (empty: anybody)."""

import pytest

velocity = pytest.mark.platform("velocity")

PAGES = (
    pytest.param("", "", id="landing"),
    pytest.param("/login", "", id="login", marks=velocity),
    pytest.param("/projects", "primary", id="projects", marks=velocity),
)
