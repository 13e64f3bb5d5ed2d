"""Accounts that look alike, as a form people decide on; filled in and saved as identity.csv, tierkit reads it."""

import pandas as pd

from tierkit.inputs.tables import Tables

FORM = "duplicates.csv"


def duplicate_form(tables: Tables) -> pd.DataFrame:
    """One row per account that looks like another, the likeliest first; `decision` is empty.

    Returns
    -------
    account_id, name, domain, same_as (the account it looks like), same_as_name, same_as_domain, score, rule, evidence,
    decision (to be filled in: same, or different), author (who decides). Children have no domain here.
    """
    alike, accounts = tables.duplicates, tables.frame("accounts")
    told = pd.concat([accounts, tables.children]).drop_duplicates("account_id").set_index("account_id")
    form = alike.rename(columns={"duplicate_of": "same_as"})
    for column in ("name", "domain"):
        known = told[column] if column in told else pd.Series(dtype="str")
        form[column] = form["account_id"].map(known).astype("str")
        form[f"same_as_{column}"] = form["same_as"].map(known).astype("str")
    form = form.assign(decision="", author="").sort_values(
        ["score", "account_id"], ascending=[False, True], kind="stable", ignore_index=True
    )
    ids = ["account_id", "name", "domain", "same_as", "same_as_name", "same_as_domain"]
    return form[[*ids, "score", "rule", "evidence", "decision", "author"]]
