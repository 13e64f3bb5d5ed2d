import pandas as pd
import pytest

from tests.tiering.books import AS_OF, accounts_of, tables_of
from tierkit.errors import SheetError
from tierkit.reporting.policy_words import idle_keys, say_policy
from tierkit.tiering.policy import Policy

REPS = [{"owner_id": o, "name": o.title(), "tier1_slots": n, "tier2_slots": 25} for o, n in (("ana", 5), ("ben", 8))]


def said(policy: Policy, **frames: object) -> str:
    accounts = accounts_of(3, owner_id="ana", employees=[5, 50, 500], segment=["gov", "smb", "smb"])
    return "\n".join(say_policy(policy, tables_of(accounts=accounts, **frames), as_of=AS_OF))


def test_the_policy_is_said_in_words() -> None:
    words = said(
        Policy(
            gates={
                "min_employees": 10,
                "required": ("employees",),
                "cool_off_days": 90,
                "exclude": {"segment": ("gov",)},
                "competitors": ("rival.io",),
            },
            exploration_slots=4,
            stability="high",
            budget=9000,
        ),
        reps=REPS,
        exclusions=[{"account_id": "A0001", "reason": "partner"}],
        signals=[{"account_id": "A0002", "kind": "funding", "occurred_at": AS_OF}],
        strategic=[{"account_id": "A0002", "kind": "reference", "value": 0.5}],
    )
    for part in (
        "The tier policy as of 31 Oct 2026:",
        "Tier 1 strategic: 13 slots, 5 to 8 for each of 2 reps; 12 selling hours an account and month; weekly by",
        "Tier 3 programme: every other account inside the ICP; automated nurture",
        "Inside the ICP: employees at least 10. What is not known is not outside.",
        "Never sold to: 1 row of the exclusions table; 1 competitor; segment gov. Children go with their parent.",
        "Needs information first: accounts without employees.",
        "not contacted: an account with an open deal, a customer and one that lost a deal in the last 90 days.",
        "Stability high: another must be 50% better to take a place, and a newcomer stays 6 months.",
        "Strategic lane: 5 Tier 1 places whatever the value; 1 account holds a live claim.",
        "executive hire 90 (promotes)",
        "1 window is open.",
        "Overrides: 0 decisions in force",
        "Exploration: 4 places of Tier 2 drawn at random each quarter",
        "Investment: 9,000 a month in proportion to value",
        # 8 x 12 + 25 x 2.5 = 158.5
        "Warning: Ben would need 158 of 125 selling hours a month",
        "Does nothing: gates.required: every account has 'employees'.",
    ):
        assert part in words
    assert "Warning: Ana" not in words  # 5 x 12 + 25 x 2.5 = 122.5


def test_sizes_shares_and_presets_are_said() -> None:
    assert "Tier 1 strategic: 4 places by value, in 13 slots, 5 to 8 for each of 2 reps" in said(
        Policy(sizes=(4, 9)), reps=REPS
    )
    assert "Tier 2 priority: the best 20% by value, whoever owns them" in said(Policy(shares=(0.1, 0.2)), reps=REPS)
    assert "Preset enterprise: as many as the reps can serve" in said(Policy(preset="enterprise"), reps=REPS)
    plain = said(Policy(stability="low"))
    assert "Stability low: the best value takes the place, whoever held it." in plain


def test_a_policy_that_cannot_be_carried_out_is_not_described() -> None:
    with pytest.raises(SheetError, match="capacity short by 1 rep"):
        said(Policy(sizes=(20, 9)), reps=REPS)


def test_rules_that_reach_nothing_are_named() -> None:
    accounts = accounts_of(2, industry="x", segment="smb")
    policy = Policy(
        windows={"merger": 30, "funding": 10},
        promotion_share=0,
        shares=(0.1, 0.2),
        investment_floor=5,
        gates={"exclude": {"segment": ("gov", "SMB")}, "required": ("industry",)},
    )
    signals = [{"account_id": "A0000", "kind": "funding", "occurred_at": AS_OF}]
    assert idle_keys(policy, tables_of(accounts=accounts, signals=signals, reps=REPS), as_of=AS_OF) == (
        "the window of 'merger': no signal is of this kind",
        "promote: promotion_share is 0, so a trigger moves accounts up inside their tier only",
        "strategic_slots 5: no claim is given",
        "gates.exclude: no account has segment 'gov'",
        "gates.required: every account has 'industry'",
        "the reps' slots: the sheet states shares, and tiers are cut by rank",
        "investment_floor and investment_ceiling: no budget is stated",
    )
    busy = pd.DataFrame({"account_id": ["A0000"], "kind": ["reference"], "value": [1.0]})
    assert idle_keys(Policy(), tables_of(accounts=accounts, strategic=busy), as_of=AS_OF) == ()
