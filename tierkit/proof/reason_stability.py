"""Whether reasons last from month to month: how many of the first three stay, and how many change sides."""

import numpy as np
import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.models.reason_parts import CAP, HELD, PARTS
from tierkit.proof.intervals import design_effect, wilson

TOP = 3
"""Reasons of an account that are compared, those shown first."""
_Z95 = 1.96
_NAMES = {"opens": "deals opening", "wins": "winning", "value": "contract value"}


def reason_stability(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """The reasons of two months, of the accounts that are in both.

    Parameters
    ----------
    now, before : as `explain_scores` returns them.

    Returns
    -------
    One row for all parts together and one a part (opens, wins, value): part, n_accounts (with a reason in either
    month), jaccard (mean over them of the share that the first three of both months have in common; low, high at
    95 %), n_reasons (first three of the month before that are still known), n_flipped (that now point the other way),
    flip_share (with flip_low, flip_high: Wilson, corrected for several reasons of one account).

    A reason is a family of features of one part: which column of the family is told may change without a word.
    """
    both = set(now["account_id"]) & set(before["account_id"])
    new, old = (_stories(part, both) for part in (now, before))
    rows = [_compare(new, old, None)]
    rows += [_compare(new, old, name) for name in PARTS if (old["part"] == name).any() and (new["part"] == name).any()]
    return pd.DataFrame(rows)


def say_reason_stability(table: pd.DataFrame) -> tuple[str, ...]:
    """In a sentence, how far reasons lasted; nothing where no account has reasons in both months."""
    if table.empty or not table["n_accounts"].iloc[0]:
        return ()
    whole = table.iloc[0]
    said = [
        f"Of the first three reasons of an account and those of the month before, {_percent(whole['jaccard'])} are "
        f"the same on average ({_percent(whole['jaccard_low'])} to {_percent(whole['jaccard_high'])}; "
        f"{whole['n_accounts']:,} accounts)"
    ]
    if whole["n_reasons"]:
        said.append(
            f"{whole['n_flipped']:,} of {whole['n_reasons']:,} changed from for to against or back "
            f"({_percent(whole['flip_share'])}, {_percent(whole['flip_low'])} to {_percent(whole['flip_high'])})"
        )
    parts = table.iloc[1:]
    worst = parts[parts["flip_share"] > 0.1].sort_values("flip_share", ascending=False, kind="stable")
    if len(worst):
        first = worst.iloc[0]
        said.append(f"most of all reasons about {_NAMES[str(first['part'])]}, {_percent(first['flip_share'])} of them")
    return ("; ".join(said) + ".",)


def _stories(reasons: pd.DataFrame, accounts: set[str]) -> pd.DataFrame:
    """Reasons of some accounts with their story, the first three shown marked `top`."""
    rows = reasons[reasons["account_id"].isin(accounts) & ~reasons["feature"].isin([HELD, CAP])]
    rows = rows.astype({"part": "str", "feature": "str"}).sort_values(["account_id", "rank"], kind="stable")
    known = {name: feature_of(name) for name in rows["feature"].unique()}
    story = rows["feature"].map({name: f"{f.group}/{f.family}" for name, f in known.items()})
    # As objects: pandas cannot merge texts of no rows.
    return pd.DataFrame(
        {
            "account_id": rows["account_id"].astype("object"),
            "part": rows["part"],
            "story": (rows["part"] + "/" + story).astype("object"),
            "sign": np.sign(rows["contribution"]),
            "shown": rows["shown"].astype("bool"),
        }
    )


def _top(rows: pd.DataFrame) -> pd.DataFrame:
    shown = rows[rows["shown"]]
    return shown[shown.groupby("account_id").cumcount() < TOP]


def _compare(new: pd.DataFrame, old: pd.DataFrame, part: str | None) -> dict[str, object]:
    if part is not None:
        new, old = new[new["part"] == part], old[old["part"] == part]
    by = ["account_id", "story"]
    first, second = _top(old)[[*by, "sign"]], _top(new)[by]
    pairs = first[by].merge(second, on=by, how="outer", indicator=True)
    shared = (pairs["_merge"] == "both").groupby(pairs["account_id"]).mean()
    n, mean = len(shared), float(shared.mean()) if len(shared) else float("nan")
    half = _Z95 * float(shared.std(ddof=1)) / np.sqrt(n) if n > 1 else float("nan")
    still = first.merge(new[[*by, "sign"]], on=by, suffixes=("_old", "_new"))
    still = still[(still["sign_old"] != 0) & (still["sign_new"] != 0)]
    flipped = (still["sign_old"] != still["sign_new"]).to_numpy()
    low = high = share = float("nan")
    if len(still):
        share, worth = float(flipped.mean()), design_effect(flipped, still["account_id"].to_numpy())
        low, high = wilson(flipped.sum() / worth, len(still) / worth)
    return {
        "part": part or "all",
        "n_accounts": n,
        "jaccard": mean,
        "jaccard_low": max(0.0, mean - half),
        "jaccard_high": min(1.0, mean + half),
        "n_reasons": len(still),
        "n_flipped": int(flipped.sum()),
        "flip_share": share,
        "flip_low": low,
        "flip_high": high,
    }


def _percent(rate: float) -> str:
    return f"{100 * rate:.0f} %" if rate >= 0.1 or rate == 0 else f"{100 * rate:.1f} %"
