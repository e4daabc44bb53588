"""The web service: pages, the JSON API, and its operation."""
