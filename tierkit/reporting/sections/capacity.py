"""Places of each rep, how many are taken, and what one more would be worth."""

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, paragraph, section, table, unavailable

_POOL = "accounts without a rep"


def show_capacity(
    capacity: pd.DataFrame,
    prices: pd.DataFrame | None = None,
    *,
    says: tuple[str, ...] = (),
    currency: str = "USD",
    with_money: bool = True,
) -> Fragment:
    """One row per rep: places taken of those held, by tier, and the worth of one more.

    Parameters
    ----------
    capacity : one row per owner and tier but the last; columns owner_id, name, tier, slots, used.
    prices : `shadow_prices`; rows whose constraint is owner_slots carry owner_id, tier, price. None shows no worth.
    says : sentences on how good the assignment is, and what it assumes.
    with_money : whether expected value reconciles with bookings, so that a worth may be shown.
    """
    if capacity.empty:
        return unavailable("capacity", "no account has a rep and no tier has a size")
    worth = None if prices is None or not with_money else prices[prices["constraint"] == "owner_slots"]
    tiers = sorted(int(t) for t in capacity["tier"].unique())
    rows = capacity.drop_duplicates("owner_id")[["owner_id", "name"]].reset_index(drop=True)
    rows["rep"] = rows["name"].replace("", pd.NA).fillna(rows["owner_id"]).replace("", pd.NA).fillna(_POOL)
    fields = [Field("rep", "Rep", lead=True)]
    for t in tiers:
        of = capacity[capacity["tier"] == t].drop_duplicates("owner_id").set_index("owner_id")
        rows[f"places_{t}"] = [_places(of, owner) for owner in rows["owner_id"]]
        fields.append(Field(f"places_{t}", f"{words.tier_name(t)} places"))
        if worth is not None and len(worth):
            price = worth[worth["tier"] == t].drop_duplicates("owner_id").set_index("owner_id")["price"]
            rows[f"worth_{t}"] = rows["owner_id"].map(price)
            fields.append(Field(f"worth_{t}", f"One more {words.tier_name(t)} place", "money"))
    listed = table(rows, fields, caption="Places by rep: one row per rep", currency=currency)
    told = [_dearest(worth, rows, currency)] if worth is not None and len(worth) else []
    return section("capacity", *(paragraph(s) for s in (*told, *says)), listed)


def _places(of: pd.DataFrame, owner: str) -> str:
    if owner not in of.index:
        return "–"
    return f"{words.count(of.loc[owner, 'used'])} of {words.count(of.loc[owner, 'slots'])}"


def _dearest(worth: pd.DataFrame, rows: pd.DataFrame, currency: str) -> str:
    """Where one more place of the best tier would do most."""
    first = worth[worth["tier"] == worth["tier"].min()].sort_values(["price", "owner_id"], ascending=[False, True])
    top = first.iloc[0]
    tier = words.tier_name(top["tier"])
    if not float(top["price"]) > 0:
        return f"No rep needs one more {tier} place: none is full."
    rep = rows.set_index("owner_id")["rep"].get(top["owner_id"], top["owner_id"])
    return f"One more {tier} place is worth most with {rep}: {words.money(top['price'], currency)}."
