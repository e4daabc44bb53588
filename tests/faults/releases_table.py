"""Faults of releases and of switching between them: watch, rollback or history find them, no stage alone."""

RELEASES = "tests/reference/test_releases.py"

TABLE = {  # the file of tests that finds each
    "error-rate-tenth": RELEASES,
    "outage": RELEASES,
    "switch-drops": RELEASES,
    "switch-gap": RELEASES,
    "switch-502": RELEASES,
    "switch-flaps": RELEASES,
    "switch-ignored": RELEASES,
    "rollback-broken": RELEASES,
    "bundle-added": "tests/e2e/test_weight_history.py",
    "bundle-heavier": "tests/e2e/test_weight_history.py",
}
