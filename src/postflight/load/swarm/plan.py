"""What the master tells each worker to do, as it travels with Locust's own order to spawn users. No I/O."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from postflight.config.load import Profile, Shape, Stage
from postflight.load.engine import arrivals

MASTER_OPTION = "postflight_plan"  # of Locust's parsed options, which go to every worker


@dataclass(frozen=True, slots=True)
class Plan:
    """A run: profiles by name, the shape they share, and who takes part. `ready` is a started reference's line."""

    run_id: str
    base_url: str
    profiles: Mapping[str, Profile]
    shape: Shape
    workers: tuple[str, ...]  # ids; the place in it is the number of its share
    seed: int
    ready: str = ""

    def schedule(self, profile: str, share: int) -> arrivals.Schedule:
        """Return when flows of a profile start on the worker with this share."""
        held = self.profiles[profile]
        return arrivals.Schedule(
            tuple(
                arrivals.Stage(stage.seconds, stage.start * held.rate, stage.end * held.rate)
                for stage in self.shape.stages
            ),
            arrivals.Kind.POISSON if held.arrivals == "poisson" else arrivals.Kind.CONSTANT,
            seed=self.seed,
            worker=share,
            workers=len(self.workers),
        )

    def connections(self, profile: str, share: int) -> int:
        """Return how many of the profile's connections the worker with this share may use; one at least."""
        whole, rest = divmod(self.profiles[profile].connections, len(self.workers))
        return max(1, whole + (share < rest))

    def to_wire(self) -> dict[str, Any]:
        """Return what msgpack carries."""
        return asdict(self)

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Plan":
        """Return what `to_wire` was made of."""
        shape = wire["shape"]
        stages = tuple(Stage(**stage) for stage in shape["stages"])
        profiles = {name: Profile(**held) for name, held in wire["profiles"].items()}
        made = {"shape": Shape(**{**shape, "stages": stages}), "profiles": profiles, "workers": tuple(wire["workers"])}
        return cls(**{**wire, **made})
