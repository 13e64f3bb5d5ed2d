"""The nine parts of the review: pure functions from result tables to pieces of the page."""
