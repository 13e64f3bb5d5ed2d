"""Difference-in-differences: how Tier 1 changed once it was worked, beyond how the other tiers changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features.catalog import feature_of
from tierkit.features.leaks import usable_columns
from tierkit.inputs.tables import Tables
from tierkit.models.design import learn_design
from tierkit.proof.effect import Effect, Verdict, checks_frame
from tierkit.proof.news import entry_news, say_news

MIN_ACCOUNTS = 20
"""Accounts in each of the four groups (Tier 1 or not, before or since) below which nothing is estimated."""
TREND_REFUSED, TREND_WARNED = 0.01, 0.05
"""p-values of a difference in trends before tiers."""

ESTIMAND = (
    "It is how much more often a deal of a Tier 1 account is won, given that it opens, than it would be without Tier "
    "1's treatment; what tiers do to how many deals open is not in it, and weaker deals that they open pull it down."
)
ASSUMPTIONS = (
    "Without tiers, win rates of Tier 1 and of the other tiers would have moved in parallel.",
    "A deal that opened before the day tiers were acted on was not worked by them.",
    "Work taken from the other tiers did not lower their win rate; if it did, the figure is too high.",
    "Each account stays in the tier it was first given, so that later moves, which follow outcomes, change no group.",
)

Array = np.ndarray[Any, np.dtype[Any]]


def difference_in_differences(
    tables: Tables,
    deal_rows: pd.DataFrame,
    *,
    acted_on: pd.Timestamp | str,
    history: pd.DataFrame | None = None,
    verdicts: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> Effect:
    """Win rate of deals of Tier 1 accounts before and since tiers were acted on, against that of all other tiers.

    Parameters
    ----------
    deal_rows : as `build_deal_rows`; row_id, account_id, opened_at, won_in_horizon, horizon_days and features.
    acted_on : first day on which people worked by tiers.
    history : tiers in use; unset, `tier_history`. An account's group is its first tier in force on `acted_on`.
    verdicts : of `screen_features`; usable facts of the account (firmographic, technographic) adjust for a change in
        whose deals open. Without them nothing is adjusted.

    Returns
    -------
    An Effect of unit deal: the interaction of an ordinary least squares with standard errors clustered by account.
    Refused where a group is too small, accounts entered on news (regression to the mean), horizons differ, or trends
    differed before (p < 0.01; from 0.05 a warning).

    Deals are never compared within an account: a winner does not return, so of accounts with deals on both sides all
    earlier ones were lost. Effort and activity never adjust: they are how the effect works.
    """
    day = pd.Timestamp(acted_on)
    history = tables.frame("tier_history") if history is None else history
    _check(deal_rows, history)
    rows = _cohort(deal_rows, history, day)
    checks = [*_size_checks(rows), _horizon_check(rows)]
    news = entry_news(tables, _without_triggered(history), acted_on=day)
    for row, words in zip(news[news["is_news"]].to_dict("records"), say_news(news), strict=True):
        checks.append((f"news: {row['measure']}", row["ratio"], 1.25, False, words))
    if not all(passed for *_, passed, _ in checks):
        return _result("refused", rows, checks)
    facts = [] if verdicts is None else _facts(usable_columns(verdicts), rows)
    fitted = _fit(rows, facts, confidence)
    trend = _trend(rows, facts)
    checks.append(trend)
    verdict: Verdict = "refused" if trend[1] < TREND_REFUSED else "estimated" if trend[3] else "warned"
    return _result(verdict, rows, checks, fitted if verdict != "refused" else None)


@dataclass(frozen=True)
class _Fitted:
    effect: float
    low: float
    high: float


Check = tuple[str, float, float, bool, str]


def _cohort(deal_rows: pd.DataFrame, history: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Mature deals of accounts that had a tier on the day: is_top, since (opened once tiers were acted on)."""
    begun = history[history["valid_from"] <= day].sort_values(["account_id", "valid_from"], kind="stable")
    if "valid_to" in begun:
        begun = begun[~(begun["valid_to"] < day)]
    if "tier_by" in begun:
        begun = begun[begun["tier_by"] != "trigger"]
    first = begun.drop_duplicates("account_id").set_index("account_id")["tier"].astype("float64")
    mature = deal_rows[deal_rows["won_in_horizon"].notna()]
    tier = mature["account_id"].map(first)
    rows = mature.assign(is_top=tier == 1, since=mature["opened_at"] >= day)[tier.notna()]
    return rows.sort_values("row_id", kind="stable", ignore_index=True)


def _without_triggered(history: pd.DataFrame) -> pd.DataFrame:
    return history[history["tier_by"] != "trigger"] if "tier_by" in history else history


def _size_checks(rows: pd.DataFrame) -> list[Check]:
    checks: list[Check] = []
    for top, whose in ((True, "Tier 1"), (False, "the other tiers")):
        for since, when in ((False, "before tiers were acted on"), (True, "since tiers were acted on")):
            part = rows[(rows["is_top"] == top) & (rows["since"] == since)]
            n = part["account_id"].nunique()
            words = f"Only {n} accounts of {whose} have a deal old enough to judge {when}; {MIN_ACCOUNTS} are needed."
            ok = n >= MIN_ACCOUNTS
            checks.append((f"accounts: {whose}, {when}", float(n), float(MIN_ACCOUNTS), ok, "" if ok else words))
    return checks


def _horizon_check(rows: pd.DataFrame) -> Check:
    n = rows["horizon_days"].nunique() if "horizon_days" in rows else 1
    words = f"Deals were given {n} different horizons to be won in; before and since must be equally mature."
    return ("horizons", float(n), 1.0, n <= 1, "" if n <= 1 else words)


def _facts(usable: Sequence[str], rows: pd.DataFrame) -> list[str]:
    """Facts of the account among the usable columns; what anybody did, and news, are left out."""
    groups = ("firmographic", "technographic")
    return [c for c in usable if c in rows and feature_of(c).group in groups and not c.startswith("fit_")]


def _fit(rows: pd.DataFrame, facts: list[str], confidence: float) -> _Fitted:
    top, since = (rows[c].to_numpy(dtype="float64") for c in ("is_top", "since"))
    model = _ols(rows, [top, since, top * since], facts)
    low, high = model.conf_int(alpha=1 - confidence)[2]
    return _Fitted(float(model.params[2]), float(low), float(high))


def _trend(rows: pd.DataFrame, facts: list[str]) -> Check:
    """Whether Tier 1 drifted away from the others before tiers: the interaction of tier and time, per year."""
    early = rows[~rows["since"]].reset_index(drop=True)
    years = (early["opened_at"] - early["opened_at"].max()).dt.days.to_numpy(dtype="float64") / 365
    top = early["is_top"].to_numpy(dtype="float64")
    model = _ols(early, [top, years, top * years], facts)
    slope, p = float(model.params[2]), float(model.pvalues[2])
    words = (
        f"Before anybody worked by tiers, Tier 1 already moved by {100 * slope:+.0f} points a year against the others "
        f"(p = {p:.3f}): the two were not on parallel paths."
    )
    return ("trend before", p, TREND_WARNED, p >= TREND_WARNED, "" if p >= TREND_WARNED else words)


def _ols(rows: pd.DataFrame, columns: list[Array], facts: list[str]) -> Any:
    """Least squares of winning on an intercept, the columns and the facts, standard errors clustered by account.

    The facts are taken out of both sides beforehand (Frisch and Waugh 1933), since their levels add up to a constant.
    """
    from statsmodels.regression.linear_model import OLS

    known = np.ones((len(rows), 1))
    if facts:
        # Encoded by what was seen before tiers, so that nothing of the time since shapes the adjustment.
        early = rows[~rows["since"]]
        known = np.column_stack([known, learn_design(early, facts).matrix(rows)])
    both = np.column_stack([rows["won_in_horizon"].to_numpy(dtype="float64"), *columns])
    rest = both - known @ np.linalg.lstsq(known, both, rcond=None)[0]
    groups = pd.factorize(rows["account_id"], sort=True)[0]
    return OLS(rest[:, 0], rest[:, 1:]).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)


def _result(verdict: Verdict, rows: pd.DataFrame, checks: list[Check], fitted: _Fitted | None = None) -> Effect:
    figures = fitted or _Fitted(np.nan, np.nan, np.nan)
    return Effect(
        "difference_in_differences",
        "deal",
        verdict,
        figures.effect,
        figures.low,
        figures.high,
        n=len(rows),
        n_accounts=rows["account_id"].nunique(),
        n_treated=int((rows["is_top"] & rows["since"]).sum()),
        estimand=ESTIMAND,
        assumptions=ASSUMPTIONS,
        checks=checks_frame(checks),
    )


def _check(deal_rows: pd.DataFrame, history: pd.DataFrame) -> None:
    needed = {
        "deal_rows": (deal_rows, ("row_id", "account_id", "opened_at", "won_in_horizon")),
        "tier_history": (history, ("account_id", "tier", "valid_from")),
    }
    for table, (frame, columns) in needed.items():
        if missing := [c for c in columns if c not in frame]:
            raise TableError(f"{table}: column '{missing[0]}' is missing; this design needs {', '.join(columns)}")
    if (again := deal_rows["row_id"].duplicated()).any():
        name = deal_rows.loc[again, "row_id"].iloc[0]
        raise TableError(f"deal_rows: deal {name!r} appears more than once ({again.sum():,} rows too many)")
