"""Which fault that only load brings out breaks which limits, under which profile, and in which words it is told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """One fault. `breaks`: limits of which each must be red. `says`: a pattern that a red finding's words must match.

    `quick`: also in `make test`; the others are behind `--prove`.
    """

    fault: str
    profile: str
    breaks: tuple[str, ...]
    says: str
    shape: str = ""  # default: the profile's own
    quick: bool = False


LATE = ("latency.p95",)

TABLE = (
    Planted("slow-above-rate", "landing", LATE, r"slow above about \d", shape="ramp"),
    Planted(
        "errors-above-rate", "landing", ("errors", "success"), r"fails above about \d.*503", shape="ramp", quick=True
    ),
    Planted("stall", "landing", ("latency.p99",), r"stood still once, for about 1\.\d+ s"),
    Planted("leak", "landing", LATE, r"gets slower from second to second"),
    Planted("rate-collapse", "landing", LATE, r"gets slower from second to second: .* a queue grows"),
    Planted("slow-asset", "landing", LATE, r"only GET /static/hero\.svg is slow"),
    Planted(
        "connection-resets", "landing", ("errors", "success"), r"closed the connection in the middle of its answer"
    ),
    Planted("corrupt-bodies", "landing", ("success",), r"a body that is not encoded as its headers say"),
    Planted("crossed-answers", "api", ("success",), r"answered with another one", quick=True),
    Planted("preview-stuck", "preview-start", ("success",), r"was not ready within 30 s"),
    Planted(
        "sessions-left", "preview-start", ("success",), r"container of the ended preview .* still answered", quick=True
    ),
    Planted("edits-lost", "sync", ("success",), r"it is lost", quick=True),
    Planted("pool-race", "preview-pool", ("success",), r"previews run at once, the pool's limit is 5"),
    Planted("pool-overrun-500", "preview-pool", ("success",), r"status 500"),
)
HEALTHY = ("landing", "api", "preview-start", "sync")
