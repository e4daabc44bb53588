"""The reference platform: a small but real stand-in for Velocity, with faults to plant. It knows no Postflight."""
