"""The readiness page: what an export holds, what stops or weakens a run from it, and what it cannot show."""
