"""How to speak to the platforms: flows without I/O, one module per platform."""
