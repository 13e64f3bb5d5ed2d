"""Will a deal open, who wins it, and how much a win is worth."""
