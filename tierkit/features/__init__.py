"""What was known about an account or a deal before a moment."""
