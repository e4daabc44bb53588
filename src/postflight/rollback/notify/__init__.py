"""Who is told about a rollback, and in which words. What is told never delays what is done."""
