"""Reasons as a page and a list show them: those for an account, and the one against it."""

import pandas as pd


def split_reasons(reasons: pd.DataFrame, *, top: int = 3) -> pd.DataFrame:
    """The strongest reasons for each account and the strongest against it, in words.

    Parameters
    ----------
    reasons : as `explain_scores` returns it; columns account_id, rank, contribution, words. The sign of a
        contribution says for (above 0) or against.
    top : reasons for, at most.

    Returns
    -------
    One row per account, index account_id: reasons_for (tuple of texts), reason_against (text, or None).
    """
    ordered = reasons.sort_values(["account_id", "rank"], kind="stable")
    pros = ordered[ordered["contribution"] > 0]
    pros = pros[pros.groupby("account_id").cumcount() < top]
    cons = ordered[ordered["contribution"] < 0].groupby("account_id", sort=True)["words"]
    index = pd.Index(sorted(ordered["account_id"].unique()), name="account_id")
    found: dict[str, tuple[str, ...]] = {}
    for account, text in zip(pros["account_id"], pros["words"], strict=True):
        found[account] = (*found.get(account, ()), text)
    return pd.DataFrame(
        {
            "reasons_for": [found.get(account, ()) for account in index],
            "reason_against": cons.first().reindex(index).astype("object").where(lambda s: s.notna(), None),
        },
        index=index,
    )
