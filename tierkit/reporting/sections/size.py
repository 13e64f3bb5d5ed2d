"""How large should Tier 1 be: value against its size, and who would enter or leave."""

import json
from typing import Any

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
    One row per size from 1 on: n_tier1, account_id and name (the account that size adds), tier (which it holds now),
    expected_value (the sum). By value alone, ties by account: the slots of single reps and overlays are set aside.
    """
    ranked = tiers.sort_values(["expected_value", "account_id"], ascending=[False, True], kind="stable")
    ranked = ranked.head(most if most is not None else 2 * int((tiers["tier"] == 1).sum())).reset_index(drop=True)
    ids = ranked["account_id"].astype("str")
    return pd.DataFrame(
        {
            "n_tier1": range(1, len(ranked) + 1),
            "account_id": ids,
            "name": ranked["name"].where(~ranked["name"].map(words.is_missing), ids) if "name" in ranked else ids,
            "tier": ranked["tier"],
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
    at, most = min(chosen, len(curve)), len(curve)
    held = (curve["tier"] == 1).fillna(False).astype("int64").tolist()
    worth = [words.money(v, currency) for v in curve["expected_value"]]
    steps = [list(step) for step in zip(curve["name"].astype("str"), worth, held, strict=True)]
    data = json.dumps({"now": _below(chosen - sum(held), most), "steps": steps}).replace("<", "\\u003c")
    said = "".join(f"<p>{escape(s)}</p>" for s in _says(steps, at, _below(chosen - sum(held), most)))
    return section(
        "size",
        '<div class="beside">',
        picture,
        '<div class="says"><label for="size-slider">If Tier 1 held another number of accounts, by value alone</label>'
        f'<input id="size-slider" type="range" min="1" max="{most}" value="{at}" '
        f'aria-valuetext="{at} accounts hold {escape(worth[at - 1])}">'
        f'<div id="size-said" role="status" aria-live="polite">{said}</div>'
        f'<script type="application/json" id="size-data">{data}</script></div></div>',
    )


def _says(steps: list[list[Any]], n: int, now: str) -> list[str]:
    """What the slider says at `n`: as the page's script says it once it is moved."""
    enter = [str(name) for name, _, held in steps[:n] if not held]
    leave = [str(name) for name, _, held in steps[n:] if held]
    return [
        f"The best {n} by value hold {steps[n - 1][1]}. {now}".strip(),
        f"{len(enter)} would enter: {_names(enter)}.",
        f"{len(leave)} would leave: {_names(leave)}.",
    ]


def _names(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more if names else "nobody"


def _below(n: int, most: int) -> str:
    """Who holds Tier 1 today though far down by value: no size by value alone would bring them in."""
    if n <= 0:
        return ""
    are = "one of today's accounts is" if n == 1 else f"{n} of today's accounts are"
    return f"Not counted: {are} not among the best {most}; claims, triggers or their rep's own places hold them."
