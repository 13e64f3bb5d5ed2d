"""One picture for each result table."""
