"""Part 4: what moved since last month, and why."""

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Field, Fragment, paragraph, section, table, unavailable


def show_moves(
    changes: pd.DataFrame | None, flow: pd.DataFrame | None = None, *, n_tiers: int = 3, because: str = ""
) -> Fragment:
    """The tier flow and every account that changed tier.

    Parameters
    ----------
    changes : one row per account; columns account_id, from_tier, to_tier (missing: not tiered), cause, why (a
        sentence); name is optional. None in a first month.
    flow : columns from_tier, to_tier, n, as `plot_tier_flow` draws it; None draws no picture.
    """
    from tierkit.reporting.plots.tiering import plot_tier_flow

    if changes is None:
        return unavailable("moves", because or "this is the first month: there is no earlier one to compare with")
    before, after = changes["from_tier"].fillna(0), changes["to_tier"].fillna(0)
    moved = changes[before != after].copy()
    stayed = len(changes) - len(moved)
    line = f"{words.things(len(moved), 'account')} changed tier, {words.count(stayed)} stayed where they were."
    if moved.empty:
        return section("moves", paragraph(line))
    rank = moved[["from_tier", "to_tier"]].fillna(n_tiers + 1).min(axis=1)
    moved = moved.assign(_rank=rank).sort_values(["_rank", "to_tier", "account_id"], kind="stable")
    moved["shown_name"] = _names(moved)
    parts: list[str | Fragment] = [paragraph(line)]
    if flow is not None:
        caption = (
            "Accounts that changed tier, from last month on the left to this month on the right; the width of a "
            "band is the number of accounts. Those that stayed are counted in the boxes, not drawn."
        )
        parts.append(figure_svg(plot_tier_flow(flow, n_tiers=n_tiers), caption, name="flow"))
    fields = (
        Field("shown_name", "Account", lead=True),
        Field("from_tier", "From", "tier"),
        Field("to_tier", "To", "tier"),
        Field("cause", "Cause"),
        Field("why", "Why"),
    )
    parts.append(table(moved, fields, caption="One row per account that changed tier"))
    return section("moves", *parts)


def _names(frame: pd.DataFrame) -> pd.Series:
    ids = frame["account_id"].astype("str")
    return frame["name"].fillna(ids) if "name" in frame else ids
