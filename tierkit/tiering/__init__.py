"""Which account goes into which tier, and what changed."""
