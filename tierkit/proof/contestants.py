"""Who takes part in a duel: each column as tiers with places, on the deals and on account-months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from tierkit.errors import SheetError
from tierkit.inputs.coercion import as_text
from tierkit.inputs.days import find_day_order, read_days
from tierkit.proof.duel_rows import DuelRows, account_months, rating_before
from tierkit.proof.ratings import cut_like, order_tiers, read_scores


@dataclass(frozen=True)
class Contestant:
    """One column.

    Attributes
    ----------
    deals, months : rows with rating, tier (1 is best) and, where size is known, size_tier of the same sizes; months
        only of dated ratings.
    raw : the column as it was given, one value a deal.
    n_late, n_after_close : ratings set on the day the deal opened or later, and after its close.
    """

    column: str
    role: Literal["tier", "score"]
    labels: tuple[str, ...]
    deals: pd.DataFrame
    months: pd.DataFrame | None
    raw: pd.Series
    n_late: int = 0
    n_after_close: int = 0


def enter_contestants(
    rows: DuelRows,
    *,
    tier: str | None,
    score: str | None,
    ratings: pd.DataFrame | None,
    known_at: str | None,
    order: Sequence[str],
    months: int,
    notes: list[str],
) -> list[Contestant]:
    """The columns to be judged, each as tiers on deals and, where ratings are dated, on account-months."""
    source = rows.deals if ratings is None else ratings
    numbered: dict[str, pd.Series] = {}
    labels: dict[str, tuple[str, ...]] = {}
    if tier is not None:
        ordered = order_tiers(source[tier], order=order)
        numbered["tier"], labels["tier"] = ordered.tier, ordered.labels
        notes.append(ordered.said)
    if score is not None:
        numbered["score"] = read_scores(source[score])
    names = {"tier": tier, "score": score}
    each: dict[str, pd.DataFrame] = {}
    late: dict[str, tuple[int, int]] = {}
    for role, values in numbered.items():
        if ratings is not None:
            on_deals = rating_before(rows.deals, ratings.assign(rating=values), "rating")
            each[f"{role}_months"] = account_months(rows, ratings.assign(rating=values), "rating", months=months)
            late[role] = (0, 0)
        else:
            on_deals, late[role] = _set_before(rows.deals, values, known_at)
        each[role] = rows.deals.assign(rating=on_deals)
    out = []
    for role in numbered:
        tiers = each["tier"]["rating"] if "tier" in each else None
        month_tiers = _same_months(each) if "tier_months" in each and role == "score" else None
        monthly = each.get(f"{role}_months")
        column = str(names[role])
        out.append(
            Contestant(
                column=column,
                role="tier" if role == "tier" else "score",
                labels=labels.get(role, ()),
                deals=_with_tiers(each[role], role, tiers),
                months=None if monthly is None or monthly.empty else _with_tiers(monthly, role, month_tiers),
                raw=each[role]["rating"] if role == "score" or ratings is not None else rows.deals[column],
                n_late=late[role][0],
                n_after_close=late[role][1],
            )
        )
    return out


def _set_before(deals: pd.DataFrame, values: pd.Series, known_at: str | None) -> tuple[pd.Series, tuple[int, int]]:
    """Ratings set before the deal opened; how many were set later, and how many of those after its close."""
    if known_at is None:
        return values, (0, 0)
    text = as_text(deals[known_at])
    order = find_day_order(text)
    if order.unsettled and not (order.day_first or order.month_first):
        raise SheetError(
            f"--known-at column {known_at!r} may be read two ways, as {order.unsettled!r}: write YYYY-MM-DD"
        )
    day = read_days(text, day_first=order.month_first is None)
    if day.isna().all():
        raise SheetError(f"--known-at column {known_at!r} must hold days, and none could be read")
    late = (day >= deals["opened_at"]) & values.notna()
    return values.where(day < deals["opened_at"]), (int(late.sum()), int((late & (day >= deals["closed_at"])).sum()))


def _same_months(each: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Tiers on the rows of the score's account-months."""
    keys = ["account_id", "as_of"]
    tiers = each["tier_months"].set_index(keys)["rating"]
    wanted = pd.MultiIndex.from_frame(each["score_months"][keys])
    return pd.Series(tiers.reindex(wanted).to_numpy(), each["score_months"].index)


def _with_tiers(rows: pd.DataFrame, role: str, tiers: pd.Series | None) -> pd.DataFrame:
    """Rows with the contestant's tier, and tiers of the same sizes by company size."""
    if role == "tier":
        own = rows["rating"]
    else:
        places = None if tiers is None else tiers.where(rows["rating"].notna())
        own = cut_like(rows["rating"], rows["row_id"], rows["period"], places)
    rows = rows.assign(tier=own)
    if "size" in rows and rows["size"].notna().any():
        rows = rows.assign(size_tier=cut_like(rows["size"], rows["row_id"], rows["period"], own))
    return rows
