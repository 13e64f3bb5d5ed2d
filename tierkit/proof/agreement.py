"""What managers said of the weekly samples: how far they agree with the tiers, and with one another."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from tierkit.proof.intervals import design_effect, wilson
from tierkit.tiering.changes import weighted_kappa

VERDICTS = ("agree", "too high", "too low", "wrong data")
"""What a manager may say of a tier."""

FEW = 10
"""Below so many answers, or accounts judged twice, no rate is told."""

WEEKS = 26
"""Weeks that a month looks back on: what managers said before was said of other tiers."""

REVIEW_COLUMNS = (
    "week",
    "review_id",
    "account_id",
    "name",
    "tier",
    "stratum",
    "reviewer",
    "verdict",
    "reason",
    "coaching_note",
    "next_step",
)

MODEL_COLUMNS = ["by", "group", "n", "n_accounts", "n_agree", "n_too_high", "n_too_low", "n_wrong_data"]


def model_agreement(reviews: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """How often managers agreed with the tier.

    Parameters
    ----------
    reviews : one row per answer; columns `REVIEW_COLUMNS`.

    Returns
    -------
    One row per group: by (all, tier, stratum, reviewer, judged twice), group, n (answers), n_accounts, n_agree,
    n_too_high, n_too_low, n_wrong_data, share (of answers that agree: wrong data is none), low, high. Wilson interval
    on counts corrected for accounts that were judged more than once. The sample seeks hard cases: a share is of it, not
    of all accounts.
    """
    rows = [
        {"by": by, "group": group, **_counts(part), **_share(part, confidence)}
        for by, group, part in _groups(reviews)
        if len(part)
    ]
    return pd.DataFrame(rows, columns=[*MODEL_COLUMNS, "share", "low", "high"])


def _groups(reviews: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "all", "all", reviews
    for tier, part in reviews.groupby("tier", sort=True):
        yield "tier", f"Tier {tier}", part
    for by in ("stratum", "reviewer"):
        for name, part in reviews.groupby(by, sort=True):
            yield by, str(name), part
    yield "judged twice", "judged twice", reviews[reviews.duplicated("review_id", keep=False)]


def _counts(part: pd.DataFrame) -> dict[str, int]:
    said = part["verdict"].value_counts()
    counts = {f"n_{v.replace(' ', '_')}": int(said.get(v, 0)) for v in VERDICTS}
    return {"n": len(part), "n_accounts": int(part["account_id"].nunique()), **counts}


def _share(part: pd.DataFrame, confidence: float) -> dict[str, float]:
    agree = part["verdict"].eq("agree").to_numpy(dtype="float64")
    again = part["account_id"].duplicated().any()
    n = len(part) / (design_effect(agree, part["account_id"].to_numpy()) if again else 1.0)
    share = float(agree.mean())
    low, high = wilson(share * n, n, confidence=confidence)
    return {"share": share, "low": low, "high": high}


def between_managers(reviews: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """How often two managers who judged the same account, neither knowing of the other, said the same.

    Returns
    -------
    One row per pair of managers, by name, and one for all where there are several: pair, n (accounts both judged),
    n_same, share, low, high (Wilson), by_chance (share that their habits alone would give), kappa (Cohen 1960, over the
    four verdicts; missing where chance alone would agree fully). With several pairs the first by name counts as the
    first judge.
    """
    columns = ["pair", "n", "n_same", "share", "low", "high", "by_chance", "kappa"]
    code = {verdict: i for i, verdict in enumerate(VERDICTS)}
    tables: dict[str, np.ndarray] = {}
    for _, part in reviews.groupby("review_id", sort=True):
        said = sorted(zip(part["reviewer"], part["verdict"], strict=True))
        for (one, first), (other, second) in combinations(said, 2):
            table = tables.setdefault(f"{one} and {other}", np.zeros((len(code), len(code))))
            table[code[first], code[second]] += 1
    rows = [_pair(name, table, confidence) for name, table in sorted(tables.items())]
    if len(rows) > 1:
        rows.append(_pair("all", np.sum(list(tables.values()), axis=0), confidence))
    return pd.DataFrame(rows, columns=columns)


def _pair(name: str, table: np.ndarray, confidence: float) -> dict[str, Any]:
    n, same = int(table.sum()), int(np.trace(table))
    low, high = wilson(same, n, confidence=confidence)
    chance = float((table.sum(axis=0) * table.sum(axis=1)).sum() / n**2)
    kappa = weighted_kappa(table, power=0)
    return {
        "pair": name,
        "n": n,
        "n_same": same,
        "share": same / n,
        "low": low,
        "high": high,
        "by_chance": chance,
        "kappa": kappa,
    }


def found_wrong(reviews: pd.DataFrame) -> pd.DataFrame:
    """Every answer that is not "agree", the newest week first; columns `REVIEW_COLUMNS`."""
    wrong = reviews[reviews["verdict"] != "agree"].sort_values(["review_id", "reviewer"], kind="stable")
    wrong = wrong.sort_values("week", ascending=False, kind="stable", ignore_index=True)
    return wrong.reindex(columns=list(REVIEW_COLUMNS))


def say_agreement(model: pd.DataFrame, between: pd.DataFrame) -> tuple[str, ...]:
    """How far managers agree with the tiers and with one another, in sentences; none where nobody judged."""
    if model.empty:
        return ()
    whole = model.iloc[0]
    n, n_accounts = int(whole["n"]), int(whole["n_accounts"])
    answers = f"{n} {'answer' if n == 1 else 'answers'} on {n_accounts} {'account' if n_accounts == 1 else 'accounts'}"
    lately = f"In the last {WEEKS} weeks managers agreed with the tier in"
    said = [f"{lately} {whole['n_agree']} of {answers}{_rate(whole, n)}."]
    if n >= FEW:
        said.append("The sample seeks out hard cases: this is no rate of all accounts.")
    parts = [
        f"{whole[column]} {words}"
        for column, words in (
            ("n_too_high", "called the tier too high"),
            ("n_too_low", "called it too low"),
            ("n_wrong_data", "named wrong data"),
        )
    ]
    said.append(f"{', '.join(parts[:-1])}, {parts[-1]}.")
    return (*said, *_say_pairs(model, between))


def _say_pairs(model: pd.DataFrame, between: pd.DataFrame) -> list[str]:
    if between.empty:
        return ["No account was judged by two managers, so how far they agree among themselves is not known."]
    whole = between.iloc[-1]
    n = int(whole["n"])
    both = f"Two managers judged the same {'account' if n == 1 else f'{n} accounts'}, neither seeing the other's answer"
    if n < FEW:
        return [f"{both}: not yet enough to say how far they agree (that takes {FEW})."]
    same = f"{both}, and said the same of {whole['n_same']}{_rate(whole, n)}"
    twice = model[model["by"] == "judged twice"].iloc[0]
    return [
        f"{same}; chance alone would give {_percent(whole['by_chance'])}.",
        f"On those accounts {twice['n_agree']} of their {twice['n']} answers agree with the tier"
        f"{_rate(twice, int(twice['n']))}.",
    ]


def _rate(row: pd.Series, n: int) -> str:
    if n < FEW:
        return ": too few for a rate"
    return f", {_percent(row['share'])} ({_percent(row['low'])} to {_percent(row['high'])})"


def _percent(rate: float) -> str:
    return f"{100 * rate:.0f} %"
