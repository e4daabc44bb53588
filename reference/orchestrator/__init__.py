"""The orchestrator: starts, watches and ends preview containers; one listener per region."""
