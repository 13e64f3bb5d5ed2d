"""How much is known of the accounts: by tier, by source, and over time (requirement G3)."""

import numpy as np
import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.features.deals import known_deals
from tierkit.features.fields import dated_fields, field_values
from tierkit.features.readiness import COVERED, known_fields
from tierkit.inputs.staging import days_since_1970
from tierkit.inputs.tables import Tables

QUARTERS = 8
"""Quarter ends that the trend looks back."""
APART = 0.10
"""Difference between two shares below which nothing is said of it."""

GROUP_COLUMNS = ("by", "group", "field", "n", "n_known", "share")
"""The columns of `coverage_by_group`."""


def account_sources(tables: Tables, *, as_of: pd.Timestamp) -> "pd.Series[str] | None":
    """Where each account came from: index account_id, named source; None where nobody says.

    The account table's own source counts first; without one the list that put the account on the target list
    (`outside the list`); without a list the source of its first deal (`no deal yet`).
    """
    ids = pd.Index(tables.frame("accounts")["account_id"].astype("str"), name="account_id")
    if tables.has("accounts", "source"):
        given = tables.frame("accounts").set_index("account_id")["source"].astype("str")
        return given.reindex(ids).fillna("not said").rename("source")
    if tables.has("tal", "source"):
        stays = tables.frame("tal")
        left = stays["left_at"] if "left_at" in stays else pd.Series(pd.NaT, stays.index)
        on = stays[(stays["entered_at"] <= as_of) & ~(left <= as_of)]
        first = on.sort_values(["entered_at", "source"], kind="stable").drop_duplicates("account_id")
        return first.set_index("account_id")["source"].astype("str").reindex(ids).fillna("outside the list")
    if tables.has("deals", "source") and tables.is_dated:
        deals = known_deals(tables, before=as_of).dropna(subset=["source"])
        first = deals.sort_values(["opened_at", "deal_id"], kind="stable").drop_duplicates("account_id")
        return first.set_index("account_id")["source"].astype("str").reindex(ids).fillna("no deal yet")
    return None


def coverage_by_group(tables: Tables, tiers: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """How many accounts of each tier, and of each source, have each field filled on a day.

    Parameters
    ----------
    tiers : columns account_id, tier; accounts outside it are `not tiered`.

    Returns
    -------
    One row per grouping, group and field: by (tier, source), group, field, n, n_known, share.
    """
    known, _ = known_fields(tables, as_of)
    fields = [c for c in COVERED if c in known]
    tier = tiers.set_index(tiers["account_id"].astype("str"))["tier"].astype("Int64").reindex(known.index)
    labels = {"tier": ("Tier " + tier.astype("str")).where(tier.notna(), "not tiered")}
    source = account_sources(tables, as_of=as_of)
    if source is not None:
        labels["source"] = source.reindex(known.index)
    parts = []
    for by, label in labels.items():
        grouped = known[fields].groupby(label.astype("str").to_numpy())
        sums, sizes = grouped.sum().rename_axis("group"), grouped.size()
        both = sums.reset_index().melt("group", var_name="field", value_name="n_known")
        parts.append(both.assign(by=by, n=both["group"].map(sizes)))
    table = pd.concat(parts, ignore_index=True).astype({"n": "int64", "n_known": "int64", "field": "str"})
    order = table["field"].map({name: i for i, name in enumerate(fields)})
    table = table.assign(order=order, share=table["n_known"] / table["n"])
    table = table.sort_values(["by", "group", "order"], ascending=[False, True, True], kind="stable", ignore_index=True)
    return table[list(GROUP_COLUMNS)].astype({"by": "str", "group": "str"})


def coverage_trend(tables: Tables, *, as_of: pd.Timestamp, quarters: int = QUARTERS) -> pd.DataFrame:
    """The share of accounts of which each field was known, quarter by quarter to `as_of`.

    Returns
    -------
    One row per field and day, oldest first: field, as_of, n (accounts that existed), n_known, share. Fields without a
    history are left out: what the account table says today it need not have said then.
    """
    accounts = tables.frame("accounts").sort_values("account_id", kind="stable")
    ends = [as_of - pd.DateOffset(months=3 * k) + pd.offsets.MonthEnd(0) for k in range(quarters, 0, -1)]
    days = [*[d for d in ends if d < as_of], as_of]
    created = accounts["created_at"] if "created_at" in accounts else pd.Series(pd.NaT, accounts.index)
    rows = [accounts.loc[~(created > d), ["account_id"]].assign(as_of=d) for d in days]
    moments = pd.concat(rows, ignore_index=True)
    moments.insert(0, "moment", np.arange(len(moments), dtype="int64"))
    moments["as_of_day"] = days_since_1970(moments["as_of"]).astype("int64")
    history = set(dated_fields(tables))
    dated = [name for name in COVERED if name in history]
    values = field_values(tables, moments[["moment", "account_id", "as_of_day"]], only=dated)
    parts = []
    for field in dated:
        known = values.frame[field].notna().groupby(moments["as_of"], sort=True)
        found = pd.DataFrame({"n": known.size(), "n_known": known.sum().astype("int64")})
        found = found[found["n"] > 0].rename_axis("as_of").reset_index()
        parts.append(found.assign(field=field, share=found["n_known"] / found["n"]))
    columns = ["field", "as_of", "n", "n_known", "share"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def say_coverage(groups: pd.DataFrame, trend: pd.DataFrame) -> list[str]:
    """What stands out: the field known least in Tier 1, sources that differ, and where it has risen or fallen."""
    said = []
    first = groups[(groups["by"] == "tier") & (groups["group"] == "Tier 1") & (groups["n"] > 0)]
    if len(first):
        least = first.sort_values(["share", "field"], kind="stable").iloc[0]
        if least["share"] < 1:
            said.append(
                f"Of {least['n']:,} Tier 1 accounts {least['n_known']:,} have {_field(least['field'])} filled, the "
                "field known least among them."
            )
    sources = groups[(groups["by"] == "source") & (groups["n"] >= 30)]
    if len(set(sources["group"])) > 1:
        spread = sources.groupby("field")["share"].agg(lambda s: s.max() - s.min())
        if spread.max() >= APART:
            rows = sources[sources["field"] == spread.idxmax()].sort_values(["share", "group"], kind="stable")
            low, high = rows.iloc[0], rows.iloc[-1]
            said.append(
                f"{_field(low['field']).capitalize()} is known of {low['n_known']:,} of {low['n']:,} accounts from "
                f"{_source(low['group'])}, and of {high['n_known']:,} of {high['n']:,} from {_source(high['group'])}."
            )
    if len(trend):
        ends = trend.sort_values("as_of").groupby("field").agg(first=("share", "first"), last=("share", "last"))
        moved = (ends["last"] - ends["first"]).sort_values(kind="stable")
        n_before = len(said)
        for field, step in {moved.index[-1]: moved.iloc[-1], moved.index[0]: moved.iloc[0]}.items():
            if abs(step) >= 0.03:
                way = "rose" if step > 0 else "fell"
                a, b = (f"{100 * ends.loc[field, c]:.0f} %" for c in ("first", "last"))
                said.append(f"What is known of {_field(str(field))} {way} from {a} to {b} since {_oldest(trend)}.")
        if len(said) == n_before:
            said.append(f"No field is known of clearly more or fewer accounts than in {_oldest(trend)}.")
    return said


def _oldest(trend: pd.DataFrame) -> str:
    return f"{pd.Timestamp(trend['as_of'].min()):%B %Y}"


def _field(name: str) -> str:
    return "the owner" if name == "owner_id" else feature_of(name).label


def _source(name: str) -> str:
    return name.replace("_", " ")
