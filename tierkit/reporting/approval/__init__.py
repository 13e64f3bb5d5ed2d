"""Propose, approve, commit: moves that wait for people, their answers, and what stands after them."""
