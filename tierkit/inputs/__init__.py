"""Open the tables of a company and check them at the door."""
