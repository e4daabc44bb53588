"""A short run of each load profile. Longer ones and other shapes: `postflight load PROFILE --shape ...` or `locust`."""

import pytest

from postflight.load.judging.outcome import metrics_of

from .conftest import UnderLoad

pytestmark = [pytest.mark.load, pytest.mark.needs("load")]


@pytest.mark.covers("P13-L1", "VEL-M1")
@pytest.mark.measures(*metrics_of("landing"))
def test_landing(under_load: UnderLoad) -> None:
    """The landing page with its assets, as first visitors load it."""
    under_load("landing")


@pytest.mark.platform("velocity")
@pytest.mark.covers("P13-L1", "VEL-M1")
@pytest.mark.measures(*metrics_of("landing-warm"))
def test_landing_warm(under_load: UnderLoad) -> None:
    """The landing page, as visitors who return load it."""
    under_load("landing-warm")


@pytest.mark.platform("velocity")
@pytest.mark.needs("create")
@pytest.mark.covers("P13-L1", "P13-P1", "VEL-M1")
@pytest.mark.measures(*metrics_of("api"))
def test_api(under_load: UnderLoad) -> None:
    """Health and projects."""
    under_load("api")


@pytest.mark.platform("velocity")
@pytest.mark.covers("P13-L1", "VEL-S7", "VEL-M1")
@pytest.mark.measures(*metrics_of("sync"))
def test_sync(under_load: UnderLoad) -> None:
    """Edits reach the other members of a realtime channel."""
    under_load("sync")


@pytest.mark.platform("velocity")
@pytest.mark.needs("create", "exhaust")
@pytest.mark.covers("VEL-S9", "VEL-M3")
@pytest.mark.measures(*metrics_of("preview-pool"))
def test_preview_pool(under_load: UnderLoad) -> None:
    """Starts beyond the pool are refused clearly, also when many come at once."""
    under_load("preview-pool")


@pytest.mark.platform("velocity")
@pytest.mark.needs("create")
@pytest.mark.covers("P13-L1", "VEL-S6", "VEL-M1")
@pytest.mark.measures(*metrics_of("preview-start"))
def test_preview_start(under_load: UnderLoad) -> None:
    """Create a project, start its preview, wait until it is ready, edit, end, clean up."""
    under_load("preview-start")
