"""The monthly run, the page people read and the files they take away."""
