"""Part 4: what moved since last month, and why."""

import numpy as np
import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Field, Fragment, paragraph, section, table, unavailable


def show_moves(changes: pd.DataFrame | None, matrix: pd.DataFrame | None = None, *, because: str = "") -> Fragment:
    """The tier flow and every account that changed tier.

    Parameters
    ----------
    changes : as `tier_changes` returns it, one row per move; columns account_id, name, from_tier, to_tier (missing:
        not tiered), cause, sentence. None in a first month.
    matrix : as `migration_matrix` returns it; None draws no picture.
    """
    from tierkit.reporting.plots.tiering import plot_tier_flow

    if changes is None:
        return unavailable("moves", because or "this is the first month: there is no earlier one to compare with")
    line = f"{words.things(len(changes), 'account')} changed tier."
    if matrix is not None:
        tiers = [t for t in matrix.index if t in matrix.columns]
        stayed = int(np.trace(matrix.loc[tiers, tiers].to_numpy()))
        line = f"{line[:-1]}, {words.count(stayed)} stayed where they were."
    if changes.empty:
        return section("moves", paragraph(line if matrix is not None else "No account changed tier."))
    moved = changes.copy()
    moved["_best"] = moved[["from_tier", "to_tier"]].min(axis=1)
    moved = moved.sort_values(["_best", "to_tier", "from_tier", "account_id"], kind="stable")
    ids = moved["account_id"].astype("str")
    moved["shown_name"] = moved["name"].fillna(ids) if "name" in moved else ids
    parts: list[str | Fragment] = [paragraph(line)]
    if matrix is not None:
        caption = (
            "Accounts that changed tier, from last month on the left to this month on the right; the width of a "
            "band is the number of accounts. Those that stayed are counted beside the boxes, not drawn."
        )
        parts.append(figure_svg(plot_tier_flow(matrix), caption, name="flow"))
    parts.append(table(moved, _FIELDS, caption="One row per account that changed tier"))
    return section("moves", *parts)


_FIELDS = (
    Field("shown_name", "Account", lead=True),
    Field("from_tier", "From", "tier"),
    Field("to_tier", "To", "tier"),
    Field("cause", "Cause"),
    Field("sentence", "Why"),
)
