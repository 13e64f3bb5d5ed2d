"""What became of decisions: quick for a large company, and the same as by looking at each day anew."""

import numpy as np
import pandas as pd

from tierkit.features.deals import known_deals
from tierkit.inputs.opening import open_tables
from tierkit.proof.followed import follow_decisions
from tierkit.proof.in_use import tiers_in_use
from tierkit.proof.outcomes import account_outcomes

AS_OF = pd.Timestamp("2026-10-31")


def tier_of(rows: pd.DataFrame, day: pd.Timestamp) -> float:
    """The tier of an account on a day: of the rows that hold then the one that began last."""
    found = np.nan
    for row in rows.sort_values("valid_from", kind="stable").itertuples():
        if row.valid_from <= day and (pd.isna(row.valid_to) or day <= row.valid_to):
            found = float(row.tier)
    return found


def test_decisions_are_followed_as_day_by_day_tables_of_tiers_and_outcomes_say() -> None:
    rng = np.random.default_rng(6)
    ids = np.array([f"a{i}" for i in range(60)])

    def days(n: int, first: str = "2026-01-01") -> pd.Series:
        return pd.Series(pd.Timestamp(first) + pd.to_timedelta(rng.integers(0, 200, n), unit="D"))

    record = pd.DataFrame({"account_id": rng.choice(ids, 150), "tier": rng.integers(1, 4, 150)})
    record["valid_from"] = days(150)
    record["valid_to"] = (record["valid_from"] + pd.Timedelta(days=60)).mask(rng.random(150) < 0.3)
    deals = pd.DataFrame({"deal_id": [f"d{i}" for i in range(80)], "account_id": rng.choice(ids, 80)})
    deals["opened_at"] = days(80)
    deals["closed_at"] = deals["opened_at"] + pd.to_timedelta(rng.integers(1, 90, 80), unit="D")
    deals["outcome"] = rng.choice(["won", "lost"], 80)
    tables = open_tables({"accounts": pd.DataFrame({"account_id": ids}), "deals": deals})
    decisions = pd.DataFrame({"account_id": [*rng.choice(ids, 40), "stranger"], "made_on": days(41, "2026-03-01")})
    decisions["known_on"] = decisions["made_on"] + pd.Timedelta(days=90)
    moved = set(decisions["account_id"][:20])

    new = known_deals(tables, before=AS_OF)
    new = new[new["is_new_business"]]
    told = follow_decisions(tables, decisions, record, as_of=AS_OF, moved=moved)
    assert len(told) == len(decisions)
    for row in told:
        day = row["made_on"] - pd.Timedelta(days=1)
        then = pd.Series({a: tier_of(rows, day) for a, rows in record.groupby("account_id")}).dropna()
        pd.testing.assert_series_equal(then, tiers_in_use(record, day), check_names=False)
        all_ids = then.index.union(pd.Index([row["account_id"]]))
        won = account_outcomes(new, all_ids, as_of=row["made_on"], horizon_days=90, through=AS_OF)
        won = won.set_index("account_id")["won_in_horizon"]
        tier = then.get(row["account_id"], np.nan)
        peers = [a for a in then.index[then == tier] if a not in moved]
        known = not np.isnan(tier) and row["known_on"] <= AS_OF
        expected = (
            tier,
            won[row["account_id"]],
            len(peers) if known else np.nan,
            won[peers].sum() if known else np.nan,
        )
        np.testing.assert_array_equal([row[c] for c in ("from_tier", "won", "n_peers", "n_peers_won")], expected)
    assert {np.isnan(row["won"]) for row in told} == {True, False}
    assert sum(row["n_peers_won"] > 0 for row in told) > 5
