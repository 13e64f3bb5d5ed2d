import pandas as pd

from tests.tiering.books import AS_OF, tables_of
from tierkit.inputs.tables import Tables
from tierkit.tiering.personalisation import say_breaches, template_breaches, template_use
from tierkit.tiering.policy import Policy

IDS = [f"A{i:03d}" for i in range(120)]
# Tier 1: the first five, of Ana and Ben; Tier 2: the next 55; Tier 3: the rest.
TIERS = pd.DataFrame(
    {
        "account_id": IDS,
        "tier": [1] * 5 + [2] * 55 + [3] * 60,
        "owner_id": ["R1", "R1", "R2", "R2", None, *["R1"] * 115],
    }
)


def company(*sent: tuple[str, str | None], day: str = "2026-10-01", direction: str = "outbound") -> Tables:
    touches = [
        {"account_id": a, "occurred_at": day, "kind": "email", "direction": direction, "template_id": t}
        for a, t in sent
    ]
    reps = [{"owner_id": "R1", "name": "Ana"}, {"owner_id": "R2", "name": "Ben"}]
    return tables_of(accounts=pd.DataFrame({"account_id": IDS}), activities=touches, reps=reps)


def test_a_template_reaches_three_tier_1_accounts_at_most_and_fifty_tier_2_accounts() -> None:
    sent = [(i, "wide") for i in IDS[:4]] + [(i, "narrow") for i in IDS[:3]] + [(IDS[0], "wide"), (IDS[1], None)]
    sent += [(i, "wide") for i in IDS[5:55]] + [(i, "wide") for i in IDS[60:]]
    use = template_use(company(*sent), TIERS, Policy(), as_of=AS_OF)
    assert use is not None
    rows = use[["tier", "template_id", "n_accounts", "n_touches", "breach"]].itertuples(index=False, name=None)
    # Fifty of Tier 2 are just allowed; the last tier has no limit.
    assert list(rows) == [
        (1, "wide", 4, 5, True),
        (1, "narrow", 3, 3, False),
        (2, "wide", 50, 50, False),
        (3, "wide", 60, 60, False),
    ]
    more = template_use(company(*sent, (IDS[55], "wide")), TIERS, Policy(), as_of=AS_OF)
    assert more is not None
    assert more.loc[more["tier"] == 2, "breach"].all()
    # With two tiers the second is the programme: no limit.
    two = template_use(company(*sent, (IDS[55], "wide")), TIERS[:60], Policy(labels=("A", "B")), as_of=AS_OF)
    assert two is not None
    assert not two.loc[two["tier"] == 2, "breach"].any()


def test_breaches_are_told_by_rep() -> None:
    sent = [(i, "x") for i in IDS[:5]] + [(i, "fine") for i in IDS[:3]]
    over = template_breaches(company(*sent), TIERS, Policy(), as_of=AS_OF)
    assert over is not None
    assert over["name"].fillna("nobody").tolist() == ["Ana", "Ben", "nobody"]
    assert over["n_accounts"].tolist() == [2, 2, 1]
    assert set(over["templates"]) == {"x"}
    assert say_breaches(over) == [
        "5 accounts of the upper tiers got a template that went to more accounts than their tier allows, most of them "
        "from Ana (2)."
    ]
    assert say_breaches(None) == []
    none = template_breaches(company(*sent[:3]), TIERS, Policy(), as_of=AS_OF)
    assert none is not None
    assert none.empty


def test_where_no_touch_of_ours_carries_a_template_nothing_is_said() -> None:
    for tables in (
        company((IDS[0], None)),
        company((IDS[0], "x"), direction="inbound"),
        company((IDS[0], "x"), day="2026-08-02"),
        tables_of(accounts=pd.DataFrame({"account_id": IDS})),
    ):
        assert template_use(tables, TIERS, Policy(), as_of=AS_OF) is None
        assert template_breaches(tables, TIERS, Policy(), as_of=AS_OF) is None
