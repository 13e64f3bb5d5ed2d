"""Fold the rows of accounts that are one company, in every table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tierkit.inputs.identity.merges import Merges, read_merges
from tierkit.inputs.identity.parents import exclude_roots

_SUSPICIOUS = 0.01
"""Chance, were merges and wins strangers, under which the difference in wins is named."""


@dataclass
class Folding:
    """Decisions about who is who, and the tables folded by them, one after the other, accounts before all others."""

    decisions: pd.DataFrame | None = None
    file: str = "identity"
    place: str = "line"
    merges: Merges | None = None
    moved: dict[str, int] = field(default_factory=dict)
    domains: pd.DataFrame | None = None
    """account_id and domain of accounts that were folded."""

    @property
    def absorbed(self) -> pd.Index:
        """Accounts that are another."""
        return pd.Index(sorted(self.merges.survivor) if self.merges else [], dtype="str")

    @property
    def apart(self) -> pd.DataFrame | None:
        """Pairs that people called different."""
        return self.merges.apart if self.merges else None

    @property
    def problems(self) -> tuple[str, ...]:
        """What stops the run, one sentence each; known once a table has been folded."""
        return self.merges.problems if self.merges else ()

    def fold(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """`fold` of the table; who is who is settled by the accounts, or by the first table where there are none."""
        if self.decisions is None or "account_id" not in frame or table == "identity":
            return frame
        if self.merges is None:
            known = pd.Index(frame["account_id"].dropna()) if table == "accounts" else None
            self.merges = read_merges(self.decisions, place=self.place, accounts=known)
        if self.merges.problems:
            return frame
        merged = frame["account_id"].isin(self.merges.survivor)
        self.moved[table] = int(merged.sum())
        if table == "accounts" and "domain" in frame:
            self.domains = frame.loc[merged, ["account_id", "domain"]]
        return fold(table, frame, self.merges)

    def finish(self, frames: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], list[str]]:
        """The tables with exclusions of domains that were folded away, and what there is to say of the merges."""
        if not self.merges:
            return dict(frames), []
        out = dict(frames)
        if self.domains is not None and "exclusions" in out:
            out["exclusions"] = exclude_roots(out["exclusions"], self.domains, self.merges.survivor)
        said = [f"{self.file}: {note}" for note in self.merges.notes]
        return out, said + _say_merges(out, self.merges, self.moved)


def fold(table: str, frame: pd.DataFrame, merges: Merges) -> pd.DataFrame:
    """A table whose rows of merged accounts are rows of the account that stays.

    No row is lost but those of accounts that are folded into another, and history of a field that another account of
    the same company told better: the survivor's own from its first day on, others' before. Of accounts, the survivor's
    own values count and its gaps are filled, smallest id first; it is as old as the oldest, and a customer if one is.
    """
    if not merges.survivor or table == "identity":
        return frame
    if table == "accounts":
        return _fold_accounts(frame, merges.survivor)
    if "account_id" not in frame:
        return frame
    own = frame["account_id"]
    into = own.map(merges.survivor).astype("str")
    if into.isna().all():
        return frame
    folded = frame.assign(account_id=into.fillna(own).astype("str"))
    if table == "account_history":
        return folded[_told_best(folded, own)]
    return folded


def _fold_accounts(accounts: pd.DataFrame, survivor: Mapping[str, str]) -> pd.DataFrame:
    unit = accounts["account_id"].map(survivor).fillna(accounts["account_id"]).astype("str")
    if "parent_id" in accounts:
        parent = accounts["parent_id"].map(survivor).fillna(accounts["parent_id"]).astype("str")
        # Whose parent is itself now has none, and may take that of the account it was merged with
        accounts = accounts.assign(parent_id=parent.mask(parent == unit))
    many = unit.duplicated(keep=False)
    lone = accounts[~many].assign(account_id=unit[~many])
    if not many.any():
        return lone
    rows = accounts[many].assign(_unit=unit[many], _absorbed=unit[many] != accounts.loc[many, "account_id"])
    rows = rows.sort_values(["_unit", "_absorbed", "account_id"], kind="stable")
    by = rows.groupby("_unit", sort=False)
    whole = by.first()
    if "created_at" in rows:
        whole["created_at"] = by["created_at"].min()
    if "is_customer" in rows:
        whole["is_customer"] = by["is_customer"].max()
    whole = whole.assign(account_id=whole.index.astype("str")).set_axis(rows.index[~rows["_unit"].duplicated()])
    whole = whole[accounts.columns].astype(accounts.dtypes.to_dict())
    return pd.concat([lone, whole]).sort_index(kind="stable")


def _told_best(history: pd.DataFrame, own: pd.Series) -> pd.Series:
    """Rows of a field that nobody of higher rank had told of by then: the survivor first, then by id."""
    absorbed = own != history["account_id"]
    rows = pd.DataFrame(
        {"unit": history["account_id"], "field": history["field"], "who": own, "absorbed": absorbed,
         "day": history["known_at"]}
    )  # fmt: skip
    who = ["unit", "field", "absorbed", "who"]
    first = rows.groupby(who, sort=True)["day"].min().reset_index()
    before = first.groupby(["unit", "field"])["day"].transform(lambda days: days.cummin().shift())
    until = rows.merge(first.assign(until=before), on=who, how="left")["until"].set_axis(history.index)
    return until.isna() | (history["known_at"] < until)


def _say_merges(frames: Mapping[str, pd.DataFrame], merges: Merges, moved: Mapping[str, int]) -> list[str]:
    """How many accounts and rows were folded, and whether merged accounts win suspiciously often.

    `moved` counts the rows of each table that named an account that was merged.
    """
    if not merges.survivor:
        return []
    rows = ", ".join(f"{n:,} of {table}" for table, n in sorted(moved.items()) if n)
    notes = [
        f"identity: {len(merges.survivor):,} accounts are counted as {len(merges.survivors):,} others, at all times"
        f"{f' (rows that moved: {rows})' if rows else ''}"
    ]
    return notes + _won_more(frames, merges)


def _won_more(frames: Mapping[str, pd.DataFrame], merges: Merges) -> list[str]:
    """A warning where accounts with merges have won far oftener: rows may be merged because somebody won."""
    from scipy.stats import fisher_exact

    deals = frames.get("deals")
    if "accounts" not in frames or deals is None or not {"account_id", "outcome"} <= set(deals.columns):
        return []
    ids = frames["accounts"]["account_id"]
    won = ids.isin(deals.loc[deals["outcome"] == "won", "account_id"])
    merged = ids.isin(merges.survivors)
    counts = [
        [int((merged & won).sum()), int((merged & ~won).sum())],
        [int((~merged & won).sum()), int((~merged & ~won).sum())],
    ]
    if float(fisher_exact(np.array(counts), alternative="greater").pvalue) >= _SUSPICIOUS:
        return []
    later = _merged_after_win(deals, merges)
    return [
        f"identity: {counts[0][0]:,} of {sum(counts[0]):,} accounts with merges have won a deal, against "
        f"{counts[1][0]:,} of {sum(counts[1]):,} others{later}: if rows are merged because somebody won, their earlier "
        "touches look as if they had told the win"
    ]


def _merged_after_win(deals: pd.DataFrame, merges: Merges) -> str:
    """How many were merged after their first win, where decisions and deals are dated."""
    if not merges.decided_at or "closed_at" not in deals:
        return ""
    won = deals[deals["outcome"] == "won"].groupby("account_id")["closed_at"].min()
    days = pd.DataFrame({"unit": [merges.survivor[a] for a in merges.decided_at], "day": merges.decided_at.values()})
    first = days.groupby("unit")["day"].min()
    n = int((first > won.reindex(first.index)).sum())
    return f", {n:,} of them merged after their first win" if n else ""
