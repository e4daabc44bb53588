"""Pure analysers. No I/O."""
