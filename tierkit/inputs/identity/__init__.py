"""Which accounts are one: domains, likely duplicates, decisions of people, merges, parents and children."""
