"""What tiers by the scorecard give up against tiers by the models: by the models' own figures, and by what came."""

from typing import Any

import numpy as np
import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.models.scorecard import Scorecard
from tierkit.proof.lift import cut_tiers, tier_lift
from tierkit.tiering.assign import assign_tiers
from tierkit.tiering.gates import QUALIFIED
from tierkit.tiering.policy import Policy

LITTLE = 0.05
"""Share of Tier 1 value given up below which the card is recommended (requirement M8)."""


def compare_scorecard(
    card: Scorecard,
    gated: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: str | pd.Timestamp,
    unseen: np.ndarray[Any, np.dtype[Any]] | None = None,
) -> pd.DataFrame:
    """Tier 1 by the card beside Tier 1 by the models, in the same places.

    Parameters
    ----------
    gated : scored and gated accounts; columns account_id, expected_value, and the features of the card.
    unseen : what cards made from other accounts say of each row of `gated` (`unseen_values`); None leaves it out.

    Returns
    -------
    One row: n_lines, n (qualified), n_tier1, n_common, agreement (share of Tier 1 places in common), n_moved (accounts
    in another tier), value_model and value_card (expected value of Tier 1 by the models), given_up (share of it that
    the card's Tier 1 lacks), given_up_unseen (the same where no account was scored by a card that it helped to make),
    n_tied (accounts left out of Tier 1 with the points of the last one in it).

    Both sides are set by value alone, as if nobody held a tier: what a minimum stay holds would make them look alike.
    """
    rows = gated[gated["gate"] == QUALIFIED] if "gate" in gated else gated
    value = rows["expected_value"].astype("float64")
    ours = _tiers(rows, value, tables, policy, as_of)
    theirs = _tiers(rows, pd.Series(card.value(rows), rows.index), tables, policy, as_of)
    first, common = ours == 1, (ours == 1) & (theirs == 1)
    total = float(value[first].sum())
    row: dict[str, Any] = {
        "n_lines": int(card.steps["line"].nunique()),
        "n": len(rows),
        "n_tier1": int(first.sum()),
        "n_common": int(common.sum()),
        "agreement": float(common.sum() / first.sum()) if first.any() else np.nan,
        "n_moved": int((ours != theirs).sum()),
        "value_model": total,
        "value_card": float(value[theirs == 1].sum()),
        "given_up": _given_up(value, theirs, total),
        "given_up_unseen": np.nan,
        "n_tied": int(card_cuts(card, rows, theirs)["n_tied"].iloc[:1].sum()),
    }
    if unseen is not None:
        others = pd.Series(unseen, gated.index)[rows.index]
        row["given_up_unseen"] = _given_up(value, _tiers(rows, others, tables, policy, as_of), total)
    return pd.DataFrame([row])


def scorecard_tiers(
    card: Scorecard, gated: pd.DataFrame, tables: Tables, policy: Policy, *, as_of: str | pd.Timestamp
) -> "pd.Series[int]":
    """Tier of each qualified row of `gated` by points, ties by fit and then by account_id."""
    rows = gated[gated["gate"] == QUALIFIED] if "gate" in gated else gated
    return _tiers(rows, pd.Series(card.value(rows), rows.index), tables, policy, as_of)


def card_cuts(card: Scorecard, rows: pd.DataFrame, tiers: "pd.Series[int]") -> pd.DataFrame:
    """From how many points each tier begins, to be printed under the card.

    Parameters
    ----------
    rows : accounts; column owner_id where reps have places of their own.
    tiers : their tiers by the card, same index (`scorecard_tiers`).

    Returns
    -------
    One row per tier but the last: tier, n, from_low and from_high (points of the last account in it, over reps), n_tied
    (accounts with those points that stand lower).
    """
    points = pd.Series(card.points(rows), rows.index)
    owner = rows["owner_id"].fillna("") if "owner_id" in rows else pd.Series("", rows.index)
    out = []
    for tier in range(1, int(tiers.max()) if len(tiers) else 1):
        last = points[tiers == tier].groupby(owner[tiers == tier]).min()
        tied = (tiers > tier) & (points == owner.map(last))
        out.append((tier, int((tiers == tier).sum()), last.min(), last.max(), int(tied.sum())))
    return pd.DataFrame(out, columns=["tier", "n", "from_low", "from_high", "n_tied"])


def scorecard_lift(replay: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """What came of accounts ranked by the models and by the card of each replayed month, in the same places.

    Parameters
    ----------
    replay : as of `backtest_policy`; column card_tier.

    Returns
    -------
    One row per kind, method (models, scorecard) and tier ("1", "1+2" where there is a third): n (mature
    account-months), n_won, rate, low, high, won_acv. The models rank by expected value alone and over all reps, as the
    card does; places are as many as the policy filled that month, so won_acv compares as it stands.
    """
    columns = ["kind", "method", "tier", "n", "n_won", "rate", "low", "high", "won_acv"]
    rows = replay[(replay["unit"] == "account") & replay["card_tier"].notna()].reset_index(drop=True)
    if rows.empty:
        return pd.DataFrame(columns=columns)
    last = int(rows["card_tier"].max())
    by_value = [
        cut_tiers(
            month["expected_value"], month["account_id"], [int((month["card_tier"] == t).sum()) for t in range(1, last)]
        )
        for _, month in rows.groupby("as_of", sort=True)
    ]
    rows = rows.drop(columns=["size_tier", "tier_in_use"]).assign(by_value=pd.concat(by_value))
    parts = []
    for method, column in (("models", "by_value"), ("scorecard", "card_tier")):
        for label, cut in (("1", 1), ("1+2", 2))[: last - 1]:
            held = rows[rows[column] <= cut].assign(tier=1)
            lift = tier_lift(held, confidence=confidence)
            lift = lift[(lift["measure"] == "rate") & (lift["tier"] == "1")]
            won = held[held["won_in_horizon"].notna()].groupby("kind")["won_acv"].sum()
            parts.append(lift.assign(method=method, tier=label, won_acv=lift["kind"].map(won)))
    return pd.concat(parts).sort_values(["kind", "tier"], kind="stable", ignore_index=True)[columns]


def say_scorecard(comparison: pd.DataFrame, later: pd.DataFrame | None = None) -> tuple[str, ...]:
    """What the card gives up, whether it is recommended, and what came of it where it was replayed."""
    row = comparison.iloc[0]
    if not row["n_tier1"]:
        return ()
    says = [
        f"{row['n_lines']:.0f} lines of points, added up by hand, choose {row['n_common']:.0f} of the models' "
        f"{row['n_tier1']:.0f} Tier 1 accounts and give up {_share(row['given_up'])} of their expected value"
        + (
            f", {_share(row['given_up_unseen'])} on accounts the card was not made from."
            if np.isfinite(row["given_up_unseen"])
            else "."
        )
    ]
    if row["n_tied"]:
        says.append(f"{row['n_tied']:.0f} accounts left out have as many points as the last one in: fit decides there.")
    worst = np.nanmax([row["given_up"], row["given_up_unseen"]])
    says.append(
        "That is under 5 %: the card does the models' work and can be explained to anyone, so use it."
        if worst < LITTLE
        else "That is 5 % or more: let the models choose, and use the card to explain them."
    )
    for kind in ("backtest", "contains_treatment") if later is not None and len(later) else ():
        part = later[later["kind"] == kind]  # type: ignore[index]
        both = part[part["tier"] == part["tier"].max()].set_index("method")
        if len(both) == 2 and both["n"].min():
            card, model = both.loc["scorecard"], both.loc["models"]
            name = "Tier 1" if both["tier"].iloc[0] == "1" else "Tiers 1 and 2"
            ratio = f", {card['won_acv'] / model['won_acv']:.2f} times the value" if model["won_acv"] else ""
            says.append(
                f"Replayed, {name} by each month's card won {_share(card['rate'])} ({_share(card['low'])} to "
                f"{_share(card['high'])}) of {card['n']:,.0f} account-months against {_share(model['rate'])} by the "
                f"models{ratio}."
            )
            break
    return tuple(says)


def _tiers(
    rows: pd.DataFrame, value: "pd.Series[float]", tables: Tables, policy: Policy, as_of: str | pd.Timestamp
) -> "pd.Series[int]":
    placed = assign_tiers(rows.copy().assign(expected_value=value), tables, policy, as_of=as_of)
    tiers: pd.Series[int] = placed.set_index("account_id")["base_tier"].reindex(rows["account_id"]).astype("int64")
    return tiers.set_axis(rows.index)


def _given_up(value: "pd.Series[float]", tiers: "pd.Series[int]", total: float) -> float:
    return float(1 - value[tiers == 1].sum() / total) if total else np.nan


def _share(share: float) -> str:
    return f"{100 * share:.1f} %" if abs(share) < 0.0995 else f"{100 * share:.0f} %"
