"""Laws that hold between answers of an API, whatever its document says: what nobody can see in one answer alone."""
