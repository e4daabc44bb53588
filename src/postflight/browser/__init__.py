"""Playwright instruments."""
