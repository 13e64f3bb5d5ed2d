"""How large should Tier 1 be: value against its size, and who would enter or leave."""

import json

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Fragment, escape, section, unavailable


def value_by_size(tiers: pd.DataFrame, *, most: int | None = None) -> pd.DataFrame:
    """Value held by the best accounts, for every size of Tier 1.

    Parameters
    ----------
    tiers : columns account_id, tier, expected_value; name where known.
    most : largest size; twice the present one unless given.

    Returns
    -------
    One row per size from 1 on: n_tier1, account_id and name (the account that size adds), expected_value (the sum).
    By value alone, ties by account: the slots of single reps and overlays are set aside.
    """
    ranked = tiers.sort_values(["expected_value", "account_id"], ascending=[False, True], kind="stable")
    ranked = ranked.head(most if most is not None else 2 * int((tiers["tier"] == 1).sum())).reset_index(drop=True)
    ids = ranked["account_id"].astype("str")
    return pd.DataFrame(
        {
            "n_tier1": range(1, len(ranked) + 1),
            "account_id": ids,
            "name": ranked["name"].fillna(ids) if "name" in ranked else ids,
            "expected_value": ranked["expected_value"].cumsum(),
        }
    )


def show_size(
    curve: pd.DataFrame | None,
    *,
    chosen: int,
    capacity: int | None = None,
    currency: str = "USD",
    with_money: bool = True,
    because: str = "",
) -> Fragment:
    """The curve with the size chosen, and a slider that says who a larger or smaller Tier 1 adds or drops.

    Parameters
    ----------
    curve : as `value_by_size` returns it.
    chosen : accounts in Tier 1 now. capacity : sum of the reps' slots.
    """
    from tierkit.reporting.plots.tiering import plot_value_by_size

    if curve is None or curve.empty or not chosen or not with_money:
        why = "the money does not agree with the bookings" if not with_money else "no account is in Tier 1"
        return unavailable("size", because or why)
    caption = (
        "Expected value held by the best accounts, by their number; the dot is the size chosen"
        f"{', the broken line the capacity of the reps' if capacity is not None else ''}."
    )
    picture = figure_svg(
        plot_value_by_size(curve, chosen=chosen, capacity=capacity, currency=currency), caption, name="size"
    )
    steps = [[str(n), words.money(v, currency)] for n, v in zip(curve["name"], curve["expected_value"], strict=True)]
    data = json.dumps({"chosen": min(chosen, len(steps)), "steps": steps}).replace("<", "\\u003c")
    start = words.money(curve["expected_value"].iloc[min(chosen, len(steps)) - 1], currency)
    return section(
        "size",
        '<div class="beside">',
        picture,
        '<div class="says"><label for="size-slider">If Tier 1 held another number of accounts, by value alone</label>'
        f'<input id="size-slider" type="range" min="1" max="{len(steps)}" value="{min(chosen, len(steps))}">'
        f'<p><output id="size-said" for="size-slider">{escape(words.things(chosen, "account"))} hold '
        f'{escape(start)}.</output></p><script type="application/json" id="size-data">{data}</script></div></div>',
    )
