"""Faults that can be planted: what each breaks, and the requirements that a verification should then find broken.

A fault is asked for where it acts, `if DEAD_LANDING in settings.faults`: a search for its name finds all of it.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from reference.faults import contract, load, performance, platform, security
from reference.faults.contract import *  # noqa: F403 - whoever plants one need not know in which list it stands
from reference.faults.fault import Fault
from reference.faults.load import *  # noqa: F403
from reference.faults.performance import *  # noqa: F403
from reference.faults.platform import *  # noqa: F403
from reference.faults.security import *  # noqa: F403

REGISTRY: dict[str, Fault] = {
    fault.name: fault
    for module in (platform, security, contract, load, performance)
    for fault in vars(module).values()
    if isinstance(fault, Fault)
}


def find(names: Iterable[str]) -> frozenset[Fault]:
    """Return the faults of these names. Raises `ValueError`, naming the nearest one, for a name that does not exist."""
    found = set()
    for name in names:
        if name not in REGISTRY:
            near = get_close_matches(name, REGISTRY, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "--list-faults lists them"
            raise ValueError(f"there is no fault {name!r}; {hint}")
        found.add(REGISTRY[name])
    return frozenset(found)
