"""Load the adapter of a platform: `module:Class`, named in `deployments.yaml`."""

import importlib
from typing import Any

from postflight.errors import ConfigError
from postflight.model import Deployment


def load_adapter(deployment: Deployment) -> Any:
    """Import the adapter's class and return an instance.

    Raises:
        ConfigError: none is named, or there is no such module or class.

    """
    path = deployment.adapter
    if path is None:
        raise ConfigError(f"the platform {deployment.platform!r} has no `adapter:` in deployments.yaml")
    module, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"deployments.yaml: adapter {path!r} cannot be loaded: {error}") from error
