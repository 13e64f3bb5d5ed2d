import pandas as pd
import pytest

from tests.tiering.books import AS_OF, tables_of
from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy
from tierkit.tiering.treatment import compare_worth, delivered_effort, say_worth

TIERS = pd.DataFrame({"account_id": list("abcd"), "tier": [1, 2, 3, 3], "expected_value": [90.0, 30, 12, 8]})


def touch(account: str, day: str, **columns: object) -> dict[str, object]:
    return {"account_id": account, "occurred_at": day, "kind": "email", "direction": "outbound", **columns}


def company(*touches: dict[str, object], **frames: object) -> Tables:
    return tables_of(accounts=pd.DataFrame({"account_id": list("abcd")}), activities=list(touches), **frames)


TOUCHES = [
    touch("a", "2026-10-01", contact_id="p1", channel="email", minutes=10.0),
    touch("a", "2026-10-20", contact_id="p2", channel="phone", minutes=20.0),
    touch("a", "2026-10-21", contact_id="p2", channel="phone", minutes=30.0),
    touch("c", "2026-10-02", contact_id="p3", channel="email", minutes=6.0),
    # Theirs, before the window, and after the day: none counts.
    {**touch("c", "2026-10-05"), "direction": "inbound"},
    touch("c", "2026-08-02", minutes=99.0),
    touch("c", "2026-11-01", minutes=99.0),
]


def test_effort_counts_our_touches_of_ninety_days_per_account_and_month() -> None:
    effort = delivered_effort(company(*TOUCHES), TIERS, Policy(), as_of=AS_OF)
    assert effort is not None
    by_tier = effort.set_index("tier")
    months = 90 / (365.25 / 12)
    # Tier 1: 3 touches of one account; Tier 3: 1 touch over two accounts.
    assert by_tier.loc[1, "delivered"] == pytest.approx(3 / months)
    assert by_tier.loc[3, "delivered"] == pytest.approx(0.5 / months)
    assert by_tier.loc[1, "minutes"] == pytest.approx(60 / months)
    assert by_tier["contacts"].tolist() == [2, 0, 0.5]
    assert by_tier["channels"].tolist() == [2, 0, 0.5]
    assert delivered_effort(company(TOUCHES[4]), TIERS, Policy(), as_of=AS_OF) is None


def test_worth_and_what_it_gets_stand_side_by_side() -> None:
    effort = delivered_effort(company(*TOUCHES), TIERS, Policy(), as_of=AS_OF)
    worth = compare_worth(TIERS.assign(investment=[40.0, 20, 12, 8]), effort).set_index("measure")
    # 90 against the mean of 12 and 8; 40 against 10; touches 3 against .5; minutes 60 against 3.
    assert worth["ratio"].to_dict() == pytest.approx(
        {"value": 9, "investment": 4, "touches_intended": 16, "touches_delivered": 6, "minutes_delivered": 20}
    )
    assert say_worth(worth.reset_index(), last_tier=3) == [
        "A Tier 1 account is worth 9.0 times one of Tier 3 and gets 4.0 times the money.",
        "Tier 1 gets 6.0 times the touches of Tier 3, under half of the 16.0 times that the plays intend: raise its "
        "cadence, or make the tier smaller.",
    ]


def test_effort_near_its_plan_is_not_complained_of() -> None:
    # 5 touches against half a touch: 10 times, planned 16: short, but over half.
    effort = delivered_effort(company(*[touch("a", "2026-10-01")] * 5, TOUCHES[3]), TIERS, Policy(), as_of=AS_OF)
    said = say_worth(compare_worth(TIERS, effort), last_tier=3)
    # Only the touch of Tier 3 tells its minutes: Tier 1 got none.
    assert said == ["A Tier 1 account is worth 9.0 times one of Tier 3 and gets 0.0 times our time."]
    assert compare_worth(TIERS, None)["measure"].tolist() == ["value"]
    assert compare_worth(TIERS[:1], None).empty
