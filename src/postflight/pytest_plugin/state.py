"""Where the plugin keeps what belongs to a run or an item."""

from collections.abc import Callable

import pytest

from postflight.contract.ledger import Ledger
from postflight.exhibits import Exhibit
from postflight.model import Measurement, Weakness
from postflight.pytest_plugin.run import Run

RUN = pytest.StashKey[Run]()  # on the config
LEDGER = pytest.StashKey[Ledger]()  # on the config: what this process of the contract stage has sent
CHECK = pytest.StashKey[str]()  # on an item: its id before xdist adds to it
CHECKS_AFTER_CALL = pytest.StashKey[list[Callable[[], None]]]()  # on an item: what fails its call phase afterwards
MEASURED = pytest.StashKey[list[Measurement]]()  # on an item
WEAK = pytest.StashKey[list[Weakness]]()  # on an item: its weak points, for SARIF and the forecast
SHOWN = pytest.StashKey[list[Exhibit]]()  # on an item: its pictures, for report.html
EXCLUDED = pytest.StashKey[str]()  # on an item: why configuration does not allow it here
AGAIN = pytest.StashKey[list[str]]()  # on an item: the options with which a rerun does the same, a seed for example
EVIDENCE = pytest.StashKey[
    Callable[[str], tuple[str, ...]]
]()  # on an item: writes screenshot, trace, log; returns their paths
