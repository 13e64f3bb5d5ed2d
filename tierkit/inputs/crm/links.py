"""Whose a row is: joined associations, names for ids, and activities that name a deal or a person only."""

from dataclasses import dataclass

import pandas as pd

SEPARATORS = r"\s*;\s*"


@dataclass(frozen=True)
class Links:
    """What leads to an account; each a Series with the account's id, by what names it.

    Attributes
    ----------
    accounts : the ids there are; None where no file gives accounts.
    by_name : by the account's name, where it is of one account only.
    by_deal, by_contact, by_lead : by their ids.
    survivor : by the id of a merged account, what it became.
    deleted : accounts that were deleted.
    """

    accounts: pd.Index | None
    by_name: pd.Series
    by_deal: pd.Series
    by_contact: pd.Series
    by_lead: pd.Series
    survivor: pd.Series
    deleted: pd.Index


def no_links() -> pd.Series:
    """Nothing that leads anywhere."""
    return pd.Series(dtype="str", index=pd.Index([], dtype="str"))


def link_of(keys: pd.Series, values: pd.Series) -> pd.Series:
    """Values by key, of keys that lead to one value alone.

    >>> link_of(pd.Series(["a", "b", "b"]), pd.Series(["1", "2", "3"])).to_dict()
    {'a': '1'}
    """
    pairs = pd.DataFrame({"key": keys.to_numpy(), "value": values.to_numpy()}).dropna().drop_duplicates()
    pairs = pairs[~pairs["key"].duplicated(keep=False)]
    return pd.Series(pairs["value"].to_numpy(), index=pd.Index(pairs["key"], name=None), dtype="str")


def first_of(joined: pd.Series) -> tuple[pd.Series, int]:
    """The first of ids joined by ";", and how many cells hold several.

    >>> first_of(pd.Series(["12;34", "56", None]))[0].tolist()
    ['12', '56', nan]
    """
    several = joined.str.contains(";", regex=False, na=False)
    if not several.any():
        return joined, 0
    first = joined.where(~several, joined.str.strip("; ").str.split(SEPARATORS, regex=True).str[0])
    return first.where(first != ""), int((first.notna() & joined.str.strip("; ").str.contains(";", na=False)).sum())


def one_row_each(frame: pd.DataFrame, column: str) -> tuple[pd.DataFrame, int]:
    """One row for each id joined in a column, and how many rows held several.

    The index repeats for rows made of one.
    """
    several = frame[column].str.contains(";", regex=False, na=False)
    if not several.any():
        return frame, 0
    parted = frame[several]
    lists = parted[column].str.strip("; ").str.split(SEPARATORS, regex=True)
    parted = parted.assign(**{column: lists}).explode(column)
    parted = parted.assign(**{column: parted[column].astype("str")})
    parted = parted[parted[column] != ""]
    parted = parted[~pd.DataFrame({"row": parted.index, "id": parted[column].to_numpy()}).duplicated().to_numpy()]
    out = pd.concat([frame[~several], parted]).sort_index(kind="stable")
    return out, int(parted.index.duplicated(keep=False).sum() and parted.index[parted.index.duplicated()].nunique())


def look_up(keys: pd.Series, found: pd.Series) -> pd.Series:
    """What each key leads to, missing where it leads nowhere."""
    if found.empty:
        return pd.Series(None, keys.index, dtype="str")
    return keys.map(found).astype("str")
