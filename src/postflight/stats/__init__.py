"""Pure statistics. No I/O."""
