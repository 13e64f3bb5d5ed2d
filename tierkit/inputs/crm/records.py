"""Accounts and deals: who is a customer, what was merged, how deals stand, when they closed, as they were opened."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.amounts import read_numbers
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.crm.deal_fields import apply_stated, map_types
from tierkit.inputs.crm.history import as_opened, closing_days, moments_of, values_at_opening
from tierkit.inputs.crm.holdings import Holding
from tierkit.inputs.crm.links import Links
from tierkit.inputs.crm.people import owned
from tierkit.inputs.crm.presets import Preset
from tierkit.inputs.crm.stages import Ends, end_of_stage, place_deals
from tierkit.inputs.crm.tracked import StageChanges, customer_words
from tierkit.inputs.settings import TableSource

NOT_AS_OPENED = {"deal_id", "account_id", "outcome", "stage", "amount", "acv", "opened_at", "closed_at", "currency"} | {
    "probability",
    "term",
    "term_months",
    "term_years",
    "is_closed",
    "is_won",
    "amount_converted",
    "acv_converted",
    "modified_at",
    "stamped_at",
}
"""Columns of deals that stay as they stand: what the deal ended with, and its keys."""


def settle_accounts(held: Holding, source: TableSource, *, currency: str) -> tuple[Holding, pd.DataFrame]:
    """Accounts without merged ones; and the merges: account_id, same_as, by the index of their rows.

    The type or the lifecycle of an account says whether it is a customer today.
    """
    merged = held.frame[held.column("merged_into").notna() & held.column("account_id").notna()]
    merges = pd.DataFrame({"account_id": merged["account_id"], "same_as": merged.get("merged_into")}, dtype="str")
    held = held.keep(held.column("merged_into").isna(), "{n} accounts were merged into others and left out")
    if "merged_ids" in held:
        merges = _merged_ids(held)
        held = held.keep(
            ~held.column("account_id").isin(merges["account_id"]), "{n} accounts were merged into others and left out"
        )
    kind = next((name for name in ("account_type", "lifecycle") if name in held), None)
    if kind is not None and "is_customer" not in held and held.column(kind).notna().any():
        said = apply_stated(held.column(kind), source.values.get("is_customer", {}))
        held = held.assign(is_customer=said.fillna(customer_words(held.column(kind))))
        n = int((held.column("is_customer") == "true").sum())
        held = held.say(
            f"{n:,} accounts are customers by their {'type' if kind == 'account_type' else 'lifecycle stage'}"
        )
    if "website" in held:
        held = held.assign(domain=held.column("domain").fillna(held.column("website")))
    return _revenue(held, currency), merges


def settle_deals(
    held: Holding, links: Links, source: TableSource, preset: Preset, changes: StageChanges, *, zone: str
) -> tuple[Holding, Ends | None]:
    """Deals with an outcome, their account, a type in our words, and the day they really closed."""
    if changes.fields is not None:
        opened = _by_id(held, "opened_at", source, zone)
        values = values_at_opening(changes.fields, opened)
        frame, changed = as_opened(held.frame, values, set(held.frame.columns) - NOT_AS_OPENED - set(held.leaky))
        if changed:
            shown = ", ".join(f"{name} ({n:,})" for name, n in changed.items())
            held = replace(held, frame=frame).say(f"fields that changed later stand as when the deal opened: {shown}")
    held = owned(held, links)
    ends = None
    if "outcome" not in source.constants and "outcome" not in held:
        ends = place_deals(held, source.values.get("outcome", {}), preset)
        if ends.outcome.isna().any():
            raise TableError(_say_unplaced(held, ends))
        held = held.assign(outcome=ends.outcome)
        held = _real_closing_days(held, ends, changes, source, preset, zone)
        held = _entered_days(held, ends, source, preset, zone)
    elif "outcome" in held and "outcome" in source.values:
        stated = apply_stated(held.column("outcome"), source.values["outcome"])
        held = held.assign(outcome=stated.fillna(held.column("outcome")))
    if "deal_type" in held:
        types, note = map_types(held.column("deal_type"), source.values.get("deal_type", {}))
        held = held.assign(deal_type=types).say(note)
    return held, ends


def _say_unplaced(held: Holding, ends: Ends) -> str:
    count = ends.stages.set_index("stage")["n_deals"]
    shown = ", ".join(f"{stage!r} ({count[stage]:,} deals)" for stage in ends.unplaced[:5])
    more = f" and {len(ends.unplaced) - 5} more" if len(ends.unplaced) > 5 else ""
    files = ", ".join(part.file for part in held.parts)
    if not ends.unplaced:
        shown = "of some deals"
    return (
        f"{files}: nobody can tell how deals stand in stage {shown}{more} "
        "(say won, lost or open in tierkit.toml, [data.deals.values.outcome], or export the fields closed and won)"
    )


def _real_closing_days(
    held: Holding, ends: Ends, changes: StageChanges, source: TableSource, preset: Preset, zone: str
) -> Holding:
    """The day the stage became the end it is; the closing day of the deal is edited, often to a quarter's end."""
    if changes.stages is None or changes.stages.empty:
        return held
    known = ends.by_stage
    outcome = pd.Series(held.column("outcome").to_numpy(), index=pd.Index(held.column("deal_id")))
    days = closing_days(
        changes.stages,
        outcome[~outcome.index.duplicated()],
        lambda stage: known.get(stage) or end_of_stage(stage, preset),
    )
    return _with_days(held, held.column("deal_id").map(days), "their stage became it", source, zone)


def _entered_days(held: Holding, ends: Ends, source: TableSource, preset: Preset, zone: str) -> Holding:
    """The day deals entered the stage they ended in, where the CRM keeps it."""
    names = {name: name.split(":", 1)[1] for name in held.frame.columns if str(name).startswith("entered:")}
    if not names and "won_on" not in held:
        return held
    known = {stage.casefold().replace(" ", ""): end for stage, end in ends.by_stage.items()}
    outcome = held.column("outcome")
    days = pd.Series(pd.NaT, held.frame.index, dtype="datetime64[us]")
    for name, stage in names.items():
        end = known.get(stage.casefold().replace(" ", "")) or end_of_stage(stage, preset)
        if end not in ("won", "lost"):
            continue
        found = moments_of(held.column(name), held, day_first=source.day_first, zone=zone).dt.normalize()
        days = days.where(~((outcome == end) & found.notna() & ~(found < days)), found)
    if "won_on" in held:
        found = moments_of(held.column("won_on"), held, day_first=source.day_first, zone=zone).dt.normalize()
        days = days.fillna(found.where(outcome == "won"))
    held = _with_days(held, days, "they entered their last stage", source, zone)
    return replace(held, frame=held.frame.drop(columns=list(names)))


def _with_days(held: Holding, days: pd.Series, when: str, source: TableSource, zone: str) -> Holding:
    ended = held.column("outcome").isin(["won", "lost"])
    days = days.astype("datetime64[us]")
    stated = moments_of(held.column("closed_at"), held, day_first=source.day_first, zone=zone).dt.normalize()
    used = ended & days.notna()
    differ = used & (stated != days)
    at_quarter_end = int((differ & stated.dt.is_quarter_end).sum())
    n = int(differ.sum())
    held = held.assign(closed_at=stated.where(~used, days).astype("datetime64[us]"))
    if not n:
        return held
    return held.say(
        f"{n:,} of {int(ended.sum()):,} closed deals closed on another day than their closing day says, which for "
        f"{at_quarter_end:,} of them is the end of a quarter; the day {when} was used"
    )


def _by_id(held: Holding, name: str, source: TableSource, zone: str) -> pd.Series:
    moments = moments_of(held.column(name), held, day_first=source.day_first, zone=zone)
    out = pd.Series(moments.to_numpy(), index=pd.Index(held.column("deal_id")))
    return out[out.index.notna() & ~out.index.duplicated()]


def _merged_ids(held: Holding) -> pd.DataFrame:
    lists = held.frame[["account_id", "merged_ids"]].dropna()
    parted = lists.assign(merged=lists["merged_ids"].str.split(r"\s*[;,]\s*", regex=True)).explode("merged")
    parted = parted[(parted["merged"] != "") & (parted["merged"] != parted["account_id"])]
    out = pd.DataFrame({"account_id": parted["merged"], "same_as": parted["account_id"]}, dtype="str")
    return out.drop_duplicates("account_id")


def survivors(merges: pd.DataFrame) -> pd.Series:
    """What each merged account became in the end, by its id; merges of merged accounts are followed."""
    into: Mapping[str, str] = dict(zip(merges["account_id"], merges["same_as"], strict=True))
    found = {}
    for start in into:
        at, seen = start, {start}
        while at in into and into[at] not in seen:
            at = into[at]
            seen.add(at)
        if at != start:
            found[start] = at
    return pd.Series(found, dtype="str")


def _revenue(held: Holding, currency: str) -> Holding:
    """Revenue in the company's currency: the CRM's converted one, or none where it is in another currency."""
    if "revenue_converted" in held and held.column("revenue_converted").notna().any():
        return held.assign(annual_revenue=held.column("revenue_converted"))
    if "account_currency" not in held or "annual_revenue" not in held:
        return held
    if "currency" in CONTRACTS["accounts"]:
        return held.assign(currency=held.column("account_currency"))
    foreign = held.column("account_currency").str.upper().ne(currency) & held.column("account_currency").notna()
    foreign &= read_numbers(held.column("annual_revenue")).fillna(0) != 0
    if not foreign.any():
        return held
    return held.assign(annual_revenue=held.column("annual_revenue").mask(foreign)).say(
        f"the annual revenue of {int(foreign.sum()):,} accounts is in another currency than {currency} and was left out"
    )
