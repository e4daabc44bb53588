"""Postflight verifies a web platform right after it was deployed, and decides: promote, hold or roll back."""
