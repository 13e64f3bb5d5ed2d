"""Rules that do nothing: what each gate, hold, trigger, overlay and play moved in the last runs (requirement T20)."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy, labels_without_treatment
from tierkit.tiering.standing import live_triggers

RUNS = 6
"""Runs in which a rule must have moved somebody."""

Movers = Callable[["PublishedMonth"], "set[str]"]


@dataclass(frozen=True)
class PublishedMonth:
    """What a month published: its gates, its overlay ledger and its tiers, as their files hold them."""

    month: str
    gates: pd.DataFrame
    overlays: pd.DataFrame
    tiers: pd.DataFrame


def idle_rules(
    months: Sequence[PublishedMonth], policy: Policy, tables: Tables | None = None, *, runs: int = RUNS
) -> pd.DataFrame:
    """Accounts that each rule of the policy moved in the last runs; a rule that moved none is named for removal.

    Parameters
    ----------
    months : published months, in any order; the newest `runs` of them count.
    tables : for the reasons of exclusions, and for triggers that move an account up inside its tier, which no file
        shows.

    Returns
    -------
    One row per rule: kind (gate, hold, trigger, overlay, play), rule, n_runs, n_accounts (distinct), n_account_months,
    remove (nobody was moved in a full `runs` runs), sentence. A gate moves whom it keeps out of the tiers, a hold whom
    it keeps in a tier, a trigger or overlay whom it lifts or puts, a trigger that does not promote whom it brings
    forward in priority, a play whom it treats otherwise than the play next to it.
    """
    newest = sorted(months, key=lambda m: m.month)[-runs:]
    rows = []
    for kind, rule, movers in _rules(policy, tables):
        moved = [movers(month) for month in newest]
        n_accounts, n_rows = len(set().union(*moved)), sum(map(len, moved))
        remove = n_accounts == 0 and len(newest) == runs
        rows.append(
            (kind, rule, len(newest), n_accounts, n_rows, remove, _say(kind, rule, n_accounts, len(newest), remove))
        )
    columns = ["kind", "rule", "n_runs", "n_accounts", "n_account_months", "remove", "sentence"]
    return pd.DataFrame(rows, columns=columns)


def _rules(policy: Policy, tables: Tables | None) -> Iterator[tuple[str, str, Movers]]:
    yield from (("gate", rule, movers) for rule, movers in _gates(policy, tables))
    hold = policy.hold
    if hold.band > 0:
        yield "hold", f"band of {hold.band:.0%}", _put_by("band")
    if hold.min_stay_months > 0:
        yield "hold", f"minimum stay of {hold.min_stay_months} months", _put_by("stay")
    if hold.churn_budget < 1:
        yield "hold", f"churn budget of {hold.churn_budget:.0%}", _put_by("churn budget")
    yield "hold", "open deal keeps its tier", _put_by("deal open")
    for kind, days in sorted(policy.windows.items()):
        rule = f"{kind} ({days} days)"
        if kind in policy.promote:
            yield "trigger", rule, _promoted_by(kind)
        elif tables is not None:
            yield "trigger", rule, _brought_forward(kind, policy, tables)
    if policy.strategic_slots:
        yield "overlay", "strategic lane", _ledger("strategic")
    yield "overlay", "overrides", _ledger("override")
    if policy.exploration_slots:
        yield "overlay", "exploration", _ledger("exploration")
    same = labels_without_treatment(policy)
    for tier, label in enumerate(policy.labels, start=1):
        alike = any(label in sentence.split(" get the same play")[0] for sentence in same)
        yield "play", label, (lambda month: set()) if alike else _in_tier(tier)


def _gates(policy: Policy, tables: Tables | None) -> Iterator[tuple[str, Movers]]:
    """A rule for each gate that the sheet sets, found again by the words of its reason."""
    stated = policy.gates.model_dump(exclude_defaults=True)
    plain = {
        "industries": r"industry ",
        "countries": r"country ",
        "min_employees": r"under [\d,.]+ employees$",
        "max_employees": r"over [\d,.]+ employees$",
        "competitors": r"competitor: |excluded: competitor$",
    }
    each = {
        "required": r"missing (?:[^;]+;)*{}(?:;|$)",
        "bounds": r"(?:under|over) \S+ {}$",
        "exclude": r"excluded: {} ",
    }
    for key, pattern in plain.items():
        if stated.get(key):
            yield f"gates.{key}", _kept_out(pattern)
    for key, pattern in each.items():
        for entry in stated.get(key, ()):
            yield f"gates.{key}: {entry}", _kept_out(pattern.format(re.escape(entry)))
    if stated.get("cool_off_days"):
        yield "gates.cool_off_days", _cooling_off
    if tables is not None and tables.has("exclusions"):
        for reason in sorted(set(tables.frame("exclusions")["reason"].dropna())):
            yield f"exclusions: {reason}", _kept_out(rf"excluded: {re.escape(reason)}$")


def _kept_out(pattern: str) -> Movers:
    return lambda month: _ids(month.gates, month.gates["gate_reason"].fillna("").str.match(pattern))


def _cooling_off(month: PublishedMonth) -> "set[str]":
    """Tiered accounts that may not be contacted though they have no open deal and are no customer."""
    rows = month.tiers
    free = ~rows["contactable"].astype("bool") & ~rows["has_open_deal"].astype("bool")
    return _ids(rows, free & ~rows["is_customer"].astype("bool"))


def _put_by(cause: str) -> Movers:
    return lambda month: _ids(month.tiers, month.tiers["tier_by"] == cause)


def _in_tier(tier: int) -> Movers:
    return lambda month: _ids(month.tiers, month.tiers["tier"] == tier)


def _ledger(what: str) -> Movers:
    return lambda month: _ids(month.overlays, month.overlays["what"] == what)


def _promoted_by(kind: str) -> Movers:
    def movers(month: PublishedMonth) -> "set[str]":
        rows = month.overlays
        why = rows["why"].fillna("").astype("str")
        return _ids(rows, (rows["what"] == "promoted") & why.str.startswith(f"{kind.replace('_', ' ')} until "))

    return movers


def _brought_forward(kind: str, policy: Policy, tables: Tables) -> Movers:
    def movers(month: PublishedMonth) -> "set[str]":
        if month.tiers.empty:
            return set()
        live = live_triggers(tables, policy, pd.Timestamp(month.tiers["as_of"].iloc[0]))
        ranked = month.tiers[month.tiers["priority_rank"].notna()]
        return _ids(ranked, ranked["account_id"].isin(live.loc[live["kind"] == kind, "account_id"]))

    return movers


def _ids(rows: pd.DataFrame, where: "pd.Series[bool]") -> "set[str]":
    return set(rows.loc[where.astype("bool"), "account_id"].astype("str"))


def _say(kind: str, rule: str, n: int, n_runs: int, remove: bool) -> str:
    runs = "the last run" if n_runs == 1 else f"the last {n_runs} runs"
    if remove:
        return f"The {kind} rule {rule!r} moved no account in {runs}: remove it from the sheet, or loosen it."
    return f"The {kind} rule {rule!r} moved {n:,} account{'' if n == 1 else 's'} in {runs}."
