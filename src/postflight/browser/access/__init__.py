"""Looks at pages as people do who do not see them, do not point at things, or hold a phone."""
