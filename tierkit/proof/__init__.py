"""Did the tiers work, and how surely is that known."""
