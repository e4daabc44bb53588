"""Web Vitals in a real browser: the instrument, the visitors, and visits until a limit is decided."""
