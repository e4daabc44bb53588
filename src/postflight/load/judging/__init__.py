"""What the workers measured, gathered, judged while it comes, concluded and written down. Imports no Locust."""
