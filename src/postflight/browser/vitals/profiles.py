"""How a visitor is equipped: screen, network, processor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import CDPSession

KILOBIT = 1000 / 8  # bytes


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of visitor. The network is slow while the page loads, the processor while somebody interacts with it.

    Not both at once: with a throttled processor, LCP varies by 17 % on a busy machine, without it by 3 %. What the
    processor has to do for the page is told by its thread's CPU time, which no other process disturbs.
    """

    name: str
    width: int  # CSS pixels
    height: int
    density: float  # device pixels per CSS pixel
    mobile: bool
    slowdown: float  # of the processor, while somebody interacts
    latency: float  # seconds, of every request
    download: float  # bytes per second
    upload: float

    def __str__(self) -> str:
        return self.name

    @property
    def context_options(self) -> dict[str, Any]:
        """Keyword arguments for Playwright's `browser.new_context`."""
        return {
            "viewport": {"width": self.width, "height": self.height},
            "device_scale_factor": self.density,
            "is_mobile": self.mobile,
            "has_touch": self.mobile,
        }

    def slow_network(self, session: CDPSession) -> None:
        """Hold the page to this profile's network from now on."""
        conditions: Mapping[str, Any] = {
            "offline": False,
            "latency": self.latency * 1000,
            "downloadThroughput": self.download,
            "uploadThroughput": self.upload,
        }
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", dict(conditions))

    def slow_processor(self, session: CDPSession) -> None:
        """Hold the page to this profile's processor from now on."""
        session.send("Emulation.setCPUThrottlingRate", {"rate": self.slowdown})


# Lighthouse's own two, with its figures for what it calls slow 4G and a dense connection at a desk
MOBILE = Profile("mobile", 412, 823, 1.75, True, 4, 0.150, 1600 * KILOBIT, 750 * KILOBIT)  # noqa: FBT003 - a table
DESKTOP = Profile("desktop", 1350, 940, 1, False, 1, 0.040, 10_000 * KILOBIT, 10_000 * KILOBIT)  # noqa: FBT003
PROFILES = (MOBILE, DESKTOP)
