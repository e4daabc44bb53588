"""A preview container: a process that serves one project's files, and follows its edits."""
