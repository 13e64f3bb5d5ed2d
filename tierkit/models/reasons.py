"""Reasons: what each family of features says of each part of the expected value, in money and in plain words."""

import numpy as np
import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.models.acv import Acv
from tierkit.models.bootstrap import RefittedModels
from tierkit.models.design import Array
from tierkit.models.linear import Linear
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity
from tierkit.models.reason_money import Split, reference_value, split_value
from tierkit.models.reason_parts import CAP, HELD, PARTS, Part, fitted_model, note_doubts, take_apart
from tierkit.models.reason_signs import sign_shares
from tierkit.models.reason_words import say_cap, say_values

ROWS = 20_000
"""Rows explained at a time: each becomes some forty rows of reasons."""
STRONG = 0.1
"""Log-odds, or log value, from which a reason is worth a word: odds 1.1 times."""
STABLE = 0.8
"""Share of refits that must agree on the sign of a reason that people see."""

_COLUMNS = {
    "account_id": "str",
    "rank": "int32",
    "part": "category",
    "feature": "category",
    "group": "category",
    "contribution": "float64",
    "money": "float64",
    "sign_share": "float32",
    "shown": "bool",
    "words": "str",
}


def explain_scores(
    rows: pd.DataFrame,
    opening: Opening | None,
    win: Propensity | None,
    acv: Acv | None,
    *,
    refitted: RefittedModels | None = None,
) -> pd.DataFrame:
    """What each family of features says of each row, all of it, the strongest first.

    Parameters
    ----------
    rows : the feature rows that were scored.
    refitted : the same models on resampled accounts (`bootstrap_models`), to tell reasons whose sign lasts from noise.

    Returns
    -------
    One row per account, part and family of features: account_id, rank (1 moves expected value most), part (opens,
    wins, value), feature (the column that says most of the family), group, contribution (log-odds, or log of money,
    summed over the family), money (what it adds to expected value; without ACV, to expected wins), sign_share (of
    refits that agree on its sign; missing where none was asked), shown, words (of what is shown; else missing).

    Contributions of an account and part add up to the model's log-odds, or log value before its cap, less that of the
    reference (`reference_value`), and its money to expected value less the reference's; the cap is a row of its own,
    `(cap)`. Shown is a contribution above 0.1 in size whose value is not just the typical one and whose sign 80 % of
    refits share; where no refit was asked (trees, beyond the 500 rows of greatest expected value) the sign is taken as
    it is. They describe the model, not what would happen if a value changed. Our own effort is held fixed in the
    chance that a deal opens, so it is no reason there.
    """
    models = [(name, m) for name, m in zip(PARTS, (opening, win, acv), strict=True) if m is not None]
    if not models or rows.empty:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _COLUMNS.items()})
    first = _order_of_value(rows, opening, win, acv)
    tables = []
    for start in range(0, len(rows), ROWS):
        some = rows.iloc[start : start + ROWS]
        parts = [take_apart(some, name, model) for name, model in models]
        split = split_value(parts, reference_value(opening, win, acv))
        tables.append(_table(some, parts, split, refitted, first[start : start + ROWS]))
    return note_doubts(_stacked(tables), opening, win, acv)


def reason_groups(reasons: pd.DataFrame) -> pd.DataFrame:
    """How much each group of features says over all accounts, part by part: what a picture of reasons draws.

    Returns
    -------
    One row per part and group, the greatest share first within a part: part, group, mean_size (mean over accounts of
    the absolute contribution, summed within the group), share (of the part's), mean_money (mean absolute money), n
    (accounts).
    """
    rows = reasons[~reasons["feature"].isin([HELD, CAP])].astype({"part": "str", "group": "str"})
    sums = rows.groupby(["part", "group", "account_id"], as_index=False)[["contribution", "money"]].sum(min_count=1)
    sums[["contribution", "money"]] = sums[["contribution", "money"]].abs()
    table = sums.groupby(["part", "group"], as_index=False).agg(
        mean_size=("contribution", "mean"), mean_money=("money", "mean"), n=("account_id", "nunique")
    )
    table["share"] = table["mean_size"] / table.groupby("part")["mean_size"].transform("sum")
    table = table.assign(at=table["part"].map({name: i for i, name in enumerate(PARTS)}))
    table = table.sort_values(["at", "share", "group"], ascending=[True, False, True], kind="stable")
    return table[["part", "group", "mean_size", "share", "mean_money", "n"]].reset_index(drop=True)


def _order_of_value(rows: pd.DataFrame, opening: Opening | None, win: Propensity | None, acv: Acv | None) -> Array:
    """Rank of each row by the product of what there is, 0 for the greatest; ties by account."""
    value = np.ones(len(rows))
    for model in (opening, win, acv):
        if model is not None and not isinstance(fitted_model(model), Linear):
            break
    else:
        # Ranks are asked of trees alone.
        return np.zeros(len(rows), dtype=np.int64)
    for model in (opening, win, acv):
        if model is not None:
            value = value * model.predict(rows)
    order = np.lexsort((rows["account_id"].astype("str").to_numpy(dtype=object), -value))
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows))
    return rank


def _table(
    rows: pd.DataFrame, parts: list[Part], split: Split, refitted: RefittedModels | None, first: Array
) -> pd.DataFrame:
    """All reasons of some rows, sorted by row and rank."""
    sums, slopes, share, usual, stories = [], [], [], [], []
    for part in parts:
        sums.append(part.sums)
        slopes.append(np.repeat(split.slopes[part.name][:, None], len(part.families), axis=1))
        share.append(sign_shares(rows, part, refitted, first))
        usual.append(part.usual)
        stories += [(part.name, columns) for columns in part.families]
    member = np.hstack([part.member for part in parts])
    # What is no feature comes last, and only where there is something to say.
    aside = [(part.name, HELD, part.held, split.slopes[part.name]) for part in parts if part.held.any()]
    aside += [("value", CAP, split.cap, np.ones(len(rows)))] if split.cap.any() else []
    for part_name, name, amount, slope in aside:
        sums.append(amount[:, None])
        slopes.append(slope[:, None])
        share.append(np.full((len(rows), 1), np.nan))
        usual.append(np.ones((len(rows), 1), dtype=bool))
        stories.append((part_name, (name,)))
        member = np.column_stack([member, np.zeros(len(rows), dtype=np.int64)])
    contribution, weight = np.hstack(sums), np.hstack(sums) * np.hstack(slopes)
    sign_share = np.hstack(share)
    shown = (np.abs(contribution) > STRONG) & ~np.hstack(usual) & ~(sign_share < STABLE)
    order = np.argsort(-np.abs(weight), axis=1, kind="stable")
    at, family = np.repeat(np.arange(len(rows)), order.shape[1]), order.ravel()
    kept = np.ones(len(at), dtype=bool)
    if aside:
        kept = (family < len(stories) - len(aside)) | (contribution[at, family] != 0.0)
    rank = np.tile(np.arange(1, order.shape[1] + 1), len(rows))[kept]
    at, family = at[kept], family[kept]
    said = member[at, family]
    width = max(len(columns) for _, columns in stories)
    names = np.array([[*columns, *[""] * (width - len(columns))] for _, columns in stories], dtype=object)
    feature, by = pd.factorize(pd.Series(names[family, said], dtype="object"))
    groups = np.array([_group(name) for name in by], dtype=object)
    table = pd.DataFrame(
        {
            "account_id": rows["account_id"].to_numpy()[at],
            "rank": rank,
            "part": pd.Categorical(np.array([name for name, _ in stories], dtype=object)[family], categories=[*PARTS]),
            "feature": pd.Categorical(np.asarray(by, dtype=object)[feature], categories=sorted(by)),
            "group": groups[feature],
            "contribution": contribution[at, family],
            "money": weight[at, family] * split.worth[at],
            "sign_share": sign_share[at, family],
            "shown": shown[at, family],
        }
    )
    # Each column as narrow as it will be: there are forty rows for every account.
    return table.assign(words=_words(rows, parts, table, at)).astype(_COLUMNS)


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables below one another, whose categories differ."""
    if len(tables) == 1:
        return tables[0]
    for name in ("feature", "group"):
        levels = sorted(set().union(*(table[name].cat.categories for table in tables)))
        tables = [table.assign(**{name: table[name].cat.set_categories(levels)}) for table in tables]
    return pd.concat(tables, ignore_index=True)


def _words(rows: pd.DataFrame, parts: list[Part], table: pd.DataFrame, at: Array) -> Array:
    """Sentences of what is shown, and of the cap; one pass over the values of each column rather than over rows."""
    words = np.full(len(table), None, dtype=object)
    by_name = {part.name: part for part in parts}
    told = table[table["shown"] | (table["feature"] == CAP)]
    for key, some in told.groupby(["part", "feature"], sort=False, observed=True):
        name, column = (str(k) for k in key)
        part, where = by_name[name], some.index.to_numpy()
        if column == CAP:
            assert isinstance(part.model, Acv)
            words[where] = say_cap(part.model.cap)
            continue
        values = rows[column].iloc[at[where]]
        words[where] = say_values(name, column, part.columns.get(column), values, some["contribution"].to_numpy())
    return words


def _group(name: str) -> str:
    return {HELD: "effort", CAP: "deal"}.get(name) or feature_of(name).group
