"""HTTP probing: the client that drives flows, the preflight, and what a transport error means."""
