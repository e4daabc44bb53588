"""Write contract/velocity.openapi.yaml as the reference platform serves it: `python scripts/contract.py`."""

import json
from pathlib import Path

from ruamel.yaml import YAML

from reference.openapi import document

COMMITTED = Path(__file__).parents[1] / "contract" / "velocity.openapi.yaml"
HEAD = """\
# The contract that clients of Velocity's web API rely on. `postflight contract diff` holds every release against it.
"""


def main() -> None:
    """Write the document."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 120
    with COMMITTED.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        yaml.dump(json.loads(json.dumps(document("https://velocity.example"))), file)


if __name__ == "__main__":
    main()
