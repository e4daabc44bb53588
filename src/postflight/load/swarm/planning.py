"""From what was chosen in Locust, by its command line or in its web UI, to the plan of a run."""

from dataclasses import replace
from typing import Any

from locust import runners
from locust.env import Environment

from postflight.config.load import Shape
from postflight.errors import ConfigError
from postflight.load.orders import Orders, class_name
from postflight.load.safety import check_allowed
from postflight.load.swarm.plan import Plan
from postflight.load.swarm.users import ArrivalUser
from postflight.run_id import new_run_id
from postflight.target import Target


def make_plan(environment: Environment, target: Target, orders: Orders) -> Plan:
    """Return what the workers that are there now shall do.

    Raises `ConfigError` for what cannot be done so, or is not allowed there.
    """
    shape, workers = chosen_shape(environment), worker_ids(environment)
    profiles = {}
    for held in chosen_users(environment):
        profile = target.budgets.load.profiles[held.profile]
        profile = replace(profile, rate=orders.rate or profile.rate)
        check_allowed(target.deployment, profile, shape, i_mean_it=orders.i_mean_it or None)
        profiles[held.profile] = profile
    if len(profiles) > 1 and len(workers) > 1:
        raise ConfigError("with several workers choose one profile: Locust would not give each worker one of each")
    if environment.host not in {None, "", target.deployment.base_url}:
        raise ConfigError(
            f"the host {environment.host} is not what this Locust was started for, which is"
            f" {target.deployment.base_url}: start it with --base-url or --environment"
        )
    run_id = orders.run_id or new_run_id()
    return Plan(run_id, target.deployment.base_url, profiles, shape, tuple(workers), orders.seed, target.ready or "")


def orders_now(environment: Environment, orders: Orders) -> Orders:
    """Return the orders, with what was changed in the web UI's form."""
    options = environment.parsed_options
    changed = {name: getattr(options, name, getattr(orders, name)) for name in ("rate", "seed", "i_mean_it")}
    return replace(orders, **changed)


def chosen_users(environment: Environment) -> list[type[ArrivalUser]]:
    """Return the profiles that were chosen, as Locust's classes of users."""
    return [held for held in environment.user_classes if issubclass(held, ArrivalUser)]


def chosen_shape(environment: Environment) -> Shape:
    """Return the shape that was chosen. Raises `ConfigError` when none was."""
    picked: Any = environment.shape_class
    if not isinstance(getattr(picked, "shape", None), Shape):
        raise ConfigError("choose a shape of budgets.yaml: without one nothing says how much load to send")
    shape: Shape = picked.shape
    return shape


def pick_shape(environment: Environment, target: Target, orders: Orders, name: str | None) -> None:
    """Choose the class of a shape by its name; without one, the shape of the first profile that was chosen."""
    held: Any = environment
    if name is None:
        profiles, ours = target.budgets.load.profiles, chosen_users(environment)
        name = class_name(orders.shape or (profiles[ours[0].profile].shape if ours else "smoke"))
    if name not in (held.available_shape_classes or {}):
        raise ConfigError(f"budgets.yaml has no shape of the class {name}")
    held.shape_class = held.available_shape_classes[name]
    held.shape_class.runner = held.runner


def worker_ids(environment: Environment) -> list[str]:
    """Return the ids of the workers that are there."""
    runner: Any = environment.runner
    if isinstance(runner, runners.MasterRunner):
        there = [*runner.clients.ready, *runner.clients.spawning, *runner.clients.running]
        return sorted(node.id for node in there)
    return [runner.client_id]
