from hypothesis import given, settings

from tests.tiering.books import AS_OF, books
from tierkit.tiering.assign import plan_tiers


@settings(max_examples=60, deadline=None)
@given(books())
def test_smoke(book):
    scores, tables, policy = book
    plan = plan_tiers(scores, tables, policy, as_of=AS_OF)
    assert len(plan.tiers) == (scores["gate"] == "qualified").sum()
    over = plan.capacity.dropna(subset="slots")
    assert (over["used"] <= over["slots"]).all(), over
