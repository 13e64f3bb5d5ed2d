"""The weekly review: a few accounts that managers judge, and what they said of them."""
