"""Part 7: ten we got wrong, and what we knew then."""

from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, paragraph, section, table, unavailable


def find_misses(replay: pd.DataFrame, *, names: pd.Series | None = None, limit: int = 10) -> pd.DataFrame:
    """The costliest misses of the replay: lowest-tier accounts that won, and Tier 1 accounts that lost or never moved.

    Parameters
    ----------
    replay : as `backtest_policy` returns it; columns unit, kind, account_id, as_of, tier, won_in_horizon, won_acv,
        win_prob, expected_value.
    names : account name by account_id.
    limit : rows at most, half for each kind where both have enough.

    Returns
    -------
    One row per account: account_id, name, as_of (when it was tiered), tier, what (what happened), won_acv, knew (what
    we knew then). Wins missed by value, then Tier 1 by what was expected; the newest replay of an account stands.
    """
    mature = replay[replay["won_in_horizon"].notna() & replay["tier"].notna()]
    unit = "account" if (mature["unit"] == "account").any() else "deal"
    mature = mature[mature["unit"] == unit].sort_values(["as_of", "account_id"], kind="stable")
    by_month = mature.groupby("as_of")["expected_value"]
    mature = mature.assign(place=by_month.rank(ascending=False, method="first"), of=by_month.transform("size"))
    lowest = mature["tier"].max()
    won = mature[(mature["tier"] == lowest) & (lowest > 1) & (mature["won_in_horizon"] == 1)]
    won = won.drop_duplicates("account_id", keep="last").sort_values(
        ["won_acv", "account_id"], ascending=[False, True], kind="stable"
    )
    winners = set(mature.loc[mature["won_in_horizon"] == 1, "account_id"])
    lost = mature[(mature["tier"] == 1) & ~mature["account_id"].isin(winners)]
    lost = lost.drop_duplicates("account_id", keep="last").sort_values(
        ["expected_value", "account_id"], ascending=[False, True], kind="stable"
    )
    half = limit // 2
    n_won = min(len(won), max(half, limit - len(lost)))
    misses: pd.DataFrame = pd.concat([won.head(n_won), lost.head(limit - n_won)], ignore_index=True)
    misses["what"] = [_what(row, unit) for row in misses.to_dict("records")]
    misses["knew"] = [_knew(row) for row in misses.to_dict("records")]
    ids = misses["account_id"].astype("str")
    misses["name"] = ids if names is None else ids.map(names).fillna(ids)
    shown: pd.DataFrame = misses[["account_id", "name", "as_of", "tier", "what", "won_acv", "knew"]]
    return shown


def _what(row: dict[Any, Any], unit: str) -> str:
    if row["won_in_horizon"] == 1:
        return "won"
    if unit == "deal":
        return "still open at the horizon" if row.get("is_open") == 1 else "lost"
    return "did not win"


def _knew(row: dict[Any, Any]) -> str:
    """What the replay knew on the day: never money, since it may not reconcile."""
    said = []
    if not words.is_missing(row["place"]):
        said.append(f"ranked {words.count(row['place'])} of {words.count(row['of'])}")
    if not words.is_missing(row["win_prob"]):
        said.append(f"chance to win a deal {words.percent(row['win_prob'])}")
    return ", ".join(said) or "nothing"


def show_misses(
    misses: pd.DataFrame | None, *, currency: str = "USD", with_money: bool = True, because: str = ""
) -> Fragment:
    """The misses as a table; `misses` as `find_misses` returns it, None where nothing could be replayed."""
    if misses is None:
        return unavailable("misses", because or "nothing could be replayed")
    if misses.empty:
        return section("misses", paragraph("No lowest-tier account won, and no Tier 1 account failed to, so far."))
    fields = [
        Field("name", "Account", lead=True),
        Field("as_of", "Tiered", "date"),
        Field("tier", "Tier then", "tier"),
        Field("what", "What happened"),
        Field("won_acv", "Won", "money"),
        Field("knew", "What we knew then"),
    ]
    if not with_money:
        fields = [f for f in fields if f.kind != "money"]
    return section("misses", table(misses, fields, caption="One row per account we got wrong", currency=currency))
