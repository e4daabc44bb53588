"""Faults of releases and of switching between them: found by the watch, the rollback, or beside the last release."""

RELEASES = "tests/reference/test_releases.py"
WEIGHTS = "tests/e2e/test_weight_history.py"

TABLE = {  # the file of tests that finds each
    "error-rate-tenth": RELEASES,
    "outage": RELEASES,
    "switch-drops": RELEASES,
    "switch-gap": RELEASES,
    "switch-502": RELEASES,
    "switch-flaps": RELEASES,
    "switch-ignored": RELEASES,
    "rollback-broken": RELEASES,
    "bundle-added": WEIGHTS,
    "bundle-heavier": WEIGHTS,
}
