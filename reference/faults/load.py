"""Faults that only load brings out."""

from reference.faults.fault import Fault

# Under load: what a single visitor never sees (load_faults.py, and where previews and broadcasts are made)
SLOW_ABOVE_RATE = Fault("slow-above-rate", "above 40 requests/s each takes 1 s longer", ("VEL-M1", "P13-L1", "P13-P1"))
ERRORS_ABOVE_RATE = Fault("errors-above-rate", "above 40 requests/s every second one fails", ("VEL-M1", "P13-L1"))
STALL = Fault("stall", "at its 300th request everything waits for 1.5 s, once", ("P13-L1", "P13-P1"))
LEAK = Fault("leak", "each request makes all later ones 3 ms slower", ("VEL-M1", "P13-L1"))
RATE_COLLAPSE = Fault("rate-collapse", "a lock lets 40 requests/s through and no more", ("VEL-M1", "P13-L1"))
SLOW_ASSET = Fault("slow-asset", "the landing page's hero image takes 3 s", ("P13-L1", "P13-P1"))
CONNECTION_RESETS = Fault("connection-resets", "every 20th answer breaks off in the middle", ("VEL-M1", "P13-L1"))
CORRUPT_BODIES = Fault("corrupt-bodies", "every tenth compressed body has a wrong checksum", ("VEL-M1", "P13-L1"))
CROSSED_ANSWERS = Fault(
    "crossed-answers", "every fifth read of a project shows the one read before", ("P13-L1", "P13-X5")
)
PREVIEW_STUCK = Fault("preview-stuck", "every fifth preview stays in `creating`", ("VEL-M1", "VEL-S6"))
SESSIONS_LEFT = Fault("sessions-left", "every third preview that is ended lives on", ("VEL-M3", "VEL-S8"))
EDITS_LOST = Fault("edits-lost", "every fifth broadcast goes nowhere", ("VEL-M1", "VEL-S7"))
POOL_RACE = Fault("pool-race", "starts at the same time pass the pool's limit", ("VEL-M3", "VEL-S9"))

UNDER_LOAD = frozenset({
    SLOW_ABOVE_RATE, ERRORS_ABOVE_RATE, STALL, LEAK, RATE_COLLAPSE, SLOW_ASSET, CONNECTION_RESETS, CORRUPT_BODIES,
})  # fmt: skip
