"""Reasons as a page and a list show them: those for an account, the one against it, and how much each is worth."""

import pandas as pd

from tierkit.models.reason_words import say_odds
from tierkit.reporting import words


def split_reasons(reasons: pd.DataFrame, *, top: int = 3) -> pd.DataFrame:
    """The strongest reasons for each account and the strongest against it, in words.

    Parameters
    ----------
    reasons : as `explain_scores` returns it; columns account_id, rank, contribution, words, and shown where not all
        may be seen. The sign of a contribution says for (above 0) or against.
    top : reasons for, at most.

    Returns
    -------
    One row per account, index account_id: reasons_for (tuple of texts), reason_against (text, or None).
    """
    index = pd.Index(sorted(reasons["account_id"].unique()), name="account_id")
    ordered = shown_reasons(reasons)
    pros = ordered[ordered["contribution"] > 0]
    pros = pros[pros.groupby("account_id").cumcount() < top]
    cons = ordered[ordered["contribution"] < 0].groupby("account_id", sort=True)["words"]
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


def shown_reasons(reasons: pd.DataFrame) -> pd.DataFrame:
    """What people see of the reasons, by account and rank."""
    seen = reasons[reasons["shown"].astype("bool")] if "shown" in reasons else reasons
    return seen.sort_values(["account_id", "rank"], kind="stable")


def say_size(part: str, contribution: float, money: float | None = None, currency: str | None = None) -> str:
    """How strong a reason is, in odds and, where a currency is given, in expected value.

    >>> say_size("wins", 0.47, 4_100.0, "USD")
    'odds of winning 1.6 times, +$4.1k of expected value'
    >>> say_size("wins", 0.47)
    'odds of winning 1.6 times'
    """
    said = say_odds(part, contribution)
    if currency is None or words.is_missing(money):
        return said
    amount = words.money(money, currency)
    return f"{said}, {amount if amount.startswith('-') else f'+{amount}'} of expected value"
