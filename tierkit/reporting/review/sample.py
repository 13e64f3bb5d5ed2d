"""The review sample: drawn so that every kind of decision is among it, and nobody twice in some weeks."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from tierkit.reporting.reasons import split_reasons
from tierkit.reporting.review.weeks import monday_of
from tierkit.reporting.spreadsheet import write_for_people

STRATA = ("override", "trigger", "moved", "near the cut-off", "Tier 1", "Tier 2", "Tier 3", "Tier 4")
"""Strata in the order in which an account that fits several is put into one."""

TWICE = 0.2
"""Share of a sample that goes to two managers."""

_BY_VALUE = ("value", "stay")


def draw_review_sample(
    tiers: pd.DataFrame,
    *,
    week: str,
    seed: int,
    changes: pd.DataFrame | None = None,
    n: int = 20,
    window: int = 1,
    seen: Collection[str] = (),
) -> pd.DataFrame:
    """A seeded, stratified sample of accounts for one week (requirement E4).

    Each stratum that still has an account gets one; then strata take turns, so that a rare kind is not crowded out,
    though a small one keeps back what it needs to be seen each week until its first accounts may come again. The order
    of `tiers` changes nothing.

    Parameters
    ----------
    tiers : columns account_id, tier; tier_by, promoted_until, membership_prob, expected_value, name, owner_id where
        known.
    week : "2026-W45".
    changes : as `tier_changes` returns it.
    n : accounts, or as many as are left.
    window : weeks in which no account is drawn twice.
    seen : accounts drawn in those weeks, left out.

    Returns
    -------
    account_id, name, owner_id, tier, stratum (the first of `STRATA` it fits), n_managers (1; 2 for a fifth).
    """
    every = tiers.sort_values("account_id", kind="stable", ignore_index=True)
    fits = review_strata(every, changes).to_numpy()
    rng = np.random.default_rng([seed, monday_of(week).toordinal()])
    order = rng.permutation(np.flatnonzero(~every["account_id"].isin(set(seen)).to_numpy())).tolist()
    first = fits.argmax(axis=1) if len(every) else np.zeros(0, dtype=int)
    waiting = {s: [i for i in order if first[i] == k] for k, s in enumerate(STRATA)}
    waiting = {s: rows for s, rows in waiting.items() if rows}
    taken: list[int] = []

    def take(name: str) -> None:
        if len(taken) < n:
            taken.append(waiting[name].pop(0))

    for name in sorted(waiting, key=lambda s: len(waiting[s])):
        take(name)
    # A stratum all of whose accounts fit a rarer one too is seen through one of them.
    for k in range(len(STRATA)):
        if not fits[taken, k].any() and len(taken) < n:
            row = next((i for i in order if fits[i, k] and i not in taken), None)
            if row is not None:
                waiting[STRATA[first[row]]].remove(row)
                taken.append(row)
    while len(taken) < n and any(waiting.values()):
        spare = [s for s, rows in waiting.items() if len(rows) >= window]
        for name in spare or [max(waiting, key=lambda s: len(waiting[s]))]:
            take(name)
    taken.sort(key=lambda i: int(first[i]))
    drawn = every.iloc[taken].reset_index(drop=True)
    drawn["stratum"] = pd.Series([STRATA[first[i]] for i in taken], dtype="str")
    drawn["n_managers"] = np.where(rng.permutation(len(drawn)) < round(TWICE * len(drawn)), 2, 1)
    return drawn.reindex(columns=["account_id", "name", "owner_id", "tier", "stratum", "n_managers"])


def review_strata(tiers: pd.DataFrame, changes: pd.DataFrame | None = None) -> pd.DataFrame:
    """Which strata each account fits: the rows of `tiers`, a true or false for each of `STRATA`.

    An account is near the cut-off where refits do not agree on it (membership probability from 0.2 to 0.8), or where
    it is the last by value that its rep's book has in a tier, or the first in the next.
    """
    fits = pd.DataFrame(False, index=tiers.index, columns=list(STRATA))
    for tier in range(1, 5):
        fits[f"Tier {tier}"] = (tiers["tier"] == tier).fillna(False).astype("bool")
    by = tiers["tier_by"] if "tier_by" in tiers else pd.Series(pd.NA, tiers.index, dtype="str")
    fits["override"] = by.eq("override").fillna(False).astype("bool")
    live = tiers["promoted_until"].notna() if "promoted_until" in tiers else fits["trigger"]
    fits["trigger"] = by.eq("trigger").fillna(False).astype("bool") | (live & by.ne("exploration").fillna(True))
    if changes is not None:
        moved = changes[changes["from_tier"].fillna(0) != changes["to_tier"].fillna(0)]
        fits["moved"] = tiers["account_id"].isin(set(moved["account_id"]))
    if "membership_prob" in tiers:
        fits["near the cut-off"] |= tiers["membership_prob"].between(0.2, 0.8)
    if {"expected_value", "owner_id", "tier_by"} <= set(tiers):
        fits["near the cut-off"] |= _beside_the_cut(tiers[by.isin(_BY_VALUE) & tiers["expected_value"].notna()], fits)
    return fits


def _beside_the_cut(ranked: pd.DataFrame, fits: pd.DataFrame) -> "pd.Series[bool]":
    """Whether an account is the least of its tier in its rep's book, or the best below the tier above."""
    ranked = ranked.sort_values(
        ["owner_id", "tier", "expected_value", "account_id"], ascending=[True, True, False, True], kind="stable"
    )
    book = ranked[["owner_id", "tier"]].assign(owner_id=ranked["owner_id"].fillna(""))
    tier = book.groupby("owner_id")["tier"]
    last_in = ~book.duplicated(keep="last") & (book["tier"] < tier.transform("max"))
    first_out = ~book.duplicated(keep="first") & (book["tier"] > tier.transform("min"))
    beside: pd.Series[bool] = (last_in | first_out).reindex(fits.index, fill_value=False).astype("bool")
    return beside


def say_uncovered(
    tiers: pd.DataFrame, drawn: pd.DataFrame, *, changes: pd.DataFrame | None, seen: Collection[str], n: int
) -> list[str]:
    """Strata that exist and of which nobody was drawn, each with why, and whether the sample is short."""
    fits = review_strata(tiers, changes)
    ids, said = tiers["account_id"], []
    for name in STRATA:
        members = ids[fits[name]]
        if members.empty or members.isin(set(drawn["account_id"])).any():
            continue
        all_seen = members.isin(set(seen)).all()
        lately = "its only account was" if len(members) == 1 else f"all {len(members)} were"
        why = f"{lately} drawn lately" if all_seen else f"a sample of {n} has no place for it"
        said.append(f"Nobody of {name!r}: {why}.")
    if len(drawn) < n:
        said.append(f"{len(drawn)} accounts instead of {n}: all others were drawn lately, or there are no more.")
    return said


def write_review_sample(folder: Path, sample: pd.DataFrame, tiers: pd.DataFrame, reasons: pd.DataFrame) -> Path:
    """Write review_sample.csv under `folder`: the sample with why each stands where it does; its path."""
    why = split_reasons(reasons, sample["account_id"])
    by_id = tiers.drop_duplicates("account_id").set_index("account_id")
    shown = sample.assign(tier_reason=sample["account_id"].map(by_id["tier_reason"]) if "tier_reason" in by_id else "")
    for i in range(3):
        shown[f"reason_{i + 1}"] = [x[i] if len(x) > i else None for x in why["reasons_for"]]
    shown["reason_against"] = list(why["reason_against"])
    path = folder / "review_sample.csv"
    write_for_people(shown, path)
    return path
