"""Whether a page looks as it did: which pixels differ, in which regions, and which element explains each."""
