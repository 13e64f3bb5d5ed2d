"""Reasons as a page and a list show them: those for an account, the one against it, and how much each is worth."""

import numpy as np
import pandas as pd

from tierkit.models.reason_words import say_odds
from tierkit.reporting import words


def split_reasons(reasons: pd.DataFrame, accounts: "pd.Series[str]", *, top: int = 3) -> pd.DataFrame:
    """The strongest reasons for each of some accounts and the strongest against it, in words.

    Parameters
    ----------
    reasons : as `explain_scores` returns it; columns account_id, rank, contribution, words, and shown where not all
        may be seen. The sign of a contribution says for (above 0) or against.
    accounts : their ids, each once.
    top : reasons for, at most.

    Returns
    -------
    One row per account in the order of `accounts`, index account_id: reasons_for (tuple of texts, empty where there is
    none), reason_against (text, or None).
    """
    ids = pd.Index(accounts, name="account_id")
    seen = _seen(reasons)
    at = np.asarray(ids.get_indexer(pd.Index(seen["account_id"])), dtype=np.int64)
    order = np.lexsort((seen["rank"].to_numpy()[at >= 0], at[at >= 0]))
    mine, at = seen[at >= 0].iloc[order], at[at >= 0][order]
    pro, con = (mine["contribution"] > 0).to_numpy(), (mine["contribution"] < 0).to_numpy()
    found: list[tuple[str, ...]] = [()] * len(ids)
    for i, text in zip(at[pro], mine["words"][pro], strict=True):
        if len(found[i]) < top:
            found[i] = (*found[i], text)
    against = np.full(len(ids), None, dtype=object)
    which, first = np.unique(at[con], return_index=True)
    against[which] = mine["words"][con].iloc[first].to_numpy(dtype=object)
    # As objects: text of pandas' own kind knows no None
    split = {"reasons_for": found, "reason_against": pd.Series(against, ids, dtype="object")}
    return pd.DataFrame(split, index=ids)


def first_reasons(reasons: pd.DataFrame) -> pd.DataFrame:
    """Of each account the strongest reason that people see, by account."""
    seen = _seen(reasons).reset_index(drop=True)
    return seen.loc[seen.groupby("account_id", sort=True)["rank"].idxmin()]


def _seen(reasons: pd.DataFrame) -> pd.DataFrame:
    return reasons[reasons["shown"].astype("bool")] if "shown" in reasons else reasons


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
