"""Latencies by phase: what is measured of a request, how long to go on measuring, and where the time went. Pure."""
