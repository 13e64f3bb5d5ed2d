"""Amounts in one currency where the CRM converted them, and its own table of rates where it did not."""

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.amounts import find_marks, read_numbers
from tierkit.inputs.crm.deal_fields import months_of
from tierkit.inputs.crm.holdings import Holding
from tierkit.inputs.days import find_day_order, read_days
from tierkit.inputs.deals import yearly_value

_AGREE = 0.005
_CENT = 0.01
_WORKING = ("amount_converted", "acv_converted", "converted_currency", "arr", "term", "term_years")


def settle_amounts(deals: Holding, *, currency: str, decimal: str | None) -> Holding:
    """Deals with the CRM's converted amounts, an ACV for each that has an amount, and terms in months.

    Parameters
    ----------
    currency : the company's.
    decimal : the sheet's word on the decimal mark.
    """
    deals = _settle_terms(deals)
    if "amount_converted" in deals or "acv_converted" in deals:
        deals = _use_converted(deals, currency, decimal)
    if "arr" in deals:
        own = deals.column("acv")
        deals = deals.assign(acv=own.fillna(deals.column("arr")))
    if "acv" in deals and deals.column("acv").isna().all():
        deals = _without(deals, ("acv",))
    if "acv" in deals and "amount" in deals:
        deals = _fill_acv(deals, decimal)
    return _without(deals, _WORKING)


def find_home(deals: Holding | None, rates: Holding | None) -> str | None:
    """The company's own currency, where the exports tell: the one rated 1 throughout, or that of converted amounts."""
    if rates is not None:
        units = read_numbers(rates.column("conversion"))
        code = rates.column("currency").str.upper()
        known = [str(name) for name, of in units.groupby(code) if (of == 1).all()]
        if len(known) == 1:
            return known[0]
    if deals is None:
        return None
    stated = deals.column("converted_currency").dropna().str.upper().unique()
    if len(stated) == 1:
        return str(stated[0])
    amount, converted = _numbers(deals.column("amount"), None), _numbers(deals.column("amount_converted"), None)
    told = amount.notna() & converted.notna() & (amount != 0)
    same = ((converted - amount).abs() < _CENT)[told].groupby(deals.column("currency").str.upper()[told]).all()
    return str(same.index[same][0]) if same.sum() == 1 else None


def convert_rates(rates: Holding, *, currency: str, day_first: bool | None) -> Holding:
    """What one unit of each currency was worth in the company's: the CRM says units of each for one corporate unit.

    Raises
    ------
    TableError : the table has a corporate currency, and the company's currency is neither it nor in the table.
    """
    file = rates.parts[0].file
    code = rates.column("currency").str.upper()
    units = read_numbers(rates.column("conversion"))
    order = find_day_order(rates.column("valid_from"))
    since = read_days(
        rates.column("valid_from"), day_first=order.month_first is None if day_first is None else day_first
    )
    frame = pd.DataFrame({"currency": code, "valid_from": since, "units": units.where(units > 0)})
    own = frame[frame["currency"] == currency].dropna().sort_values("valid_from", kind="stable")
    if own.empty:
        corporate = sorted(str(c) for c, of in frame.groupby("currency")["units"] if (of == 1).all())
        if corporate:
            raise TableError(
                f"{file}: no rate of {currency}, the currency of the run sheet; the corporate currency is "
                f"{corporate[0]} (set currency in tierkit.toml, [data])"
            )
        worth = 1 / frame["units"]
        return _rates(rates, frame.assign(rate=worth))
    parts = []
    for _, of in frame.groupby("currency", sort=True):
        of = of.dropna(subset="valid_from").sort_values("valid_from", kind="stable")
        # The company's currency may itself have changed against the corporate one on another day
        days = pd.DataFrame({"valid_from": own["valid_from"][own["valid_from"] > of["valid_from"].min()]})
        of = pd.concat([of, days[~days["valid_from"].isin(of["valid_from"])]]).sort_values("valid_from", kind="stable")
        of[["currency", "units"]] = of[["currency", "units"]].ffill()
        at = pd.merge_asof(of.reset_index(), own[["valid_from", "units"]], on="valid_from", suffixes=("", "_own"))
        # Before the first rate of the company's currency its first one holds
        at["rate"] = at["units_own"].fillna(own["units"].iloc[0]) / at["units"]
        parts.append(at.set_index("index"))
    return _rates(rates, pd.concat(parts))


def _rates(rates: Holding, frame: pd.DataFrame) -> Holding:
    lines = frame.index.to_series(index=pd.RangeIndex(len(frame)))
    origin = rates.origin.loc[lines].reset_index(drop=True) if rates.origin is not None else None
    if origin is None:
        origin = pd.DataFrame({"file": rates.parts[0].file, "line": lines.to_numpy()})
    out = frame[["currency", "valid_from", "rate"]].reset_index(drop=True)
    said = f"{len(out):,} rates were made of the CRM's units of each currency for one of the corporate currency"
    return Holding(rates.object, out, rates.parts, rates.place, origin, notes=(*rates.notes, said))


def _use_converted(deals: Holding, currency: str, decimal: str | None) -> Holding:
    there = deals.column("converted_currency").dropna().str.upper().unique()
    if len(there) and set(there) != {currency}:
        return deals.say(f"converted amounts are in {', '.join(sorted(there))}, not {currency}, and were left out")
    amount, converted = _numbers(deals.column("amount"), decimal), _numbers(deals.column("amount_converted"), decimal)
    code = deals.column("currency").str.upper()
    same = (code == currency) & amount.notna() & converted.notna() & (amount != 0)
    if same.any() and ((converted / amount - 1).abs()[same] > _AGREE).mean() > 0.5:
        return deals.say(f"converted amounts of deals in {currency} differ from their amounts, so none was used")
    nothing = pd.Series(np.nan, deals.frame.index)
    acv = _numbers(deals.column("acv"), decimal) if "acv" in deals else nothing
    given = _numbers(deals.column("acv_converted"), decimal) if "acv_converted" in deals else nothing
    ratio = (converted / amount).replace([np.inf, -np.inf], np.nan)
    scaled = given.fillna((acv * ratio).where(code != currency, acv))
    used = (converted.notna() | given.notna()) & (acv.isna() | scaled.notna())
    columns: dict[str, pd.Series] = {"currency": code.mask(used, currency)}
    if "amount" in deals or "amount_converted" in deals:
        columns["amount"] = converted.where(used & converted.notna(), amount)
    if "acv" in deals or "acv_converted" in deals:
        columns["acv"] = scaled.where(used & scaled.notna(), acv)
    n = int((used & (code != currency) & code.notna()).sum())
    return deals.assign(**columns).say(f"{n:,} deals in other currencies have the CRM's converted amount" if n else "")


def _fill_acv(deals: Holding, decimal: str | None) -> Holding:
    acv, amount = _numbers(deals.column("acv"), decimal), _numbers(deals.column("amount"), decimal)
    lacking = acv.isna() & deals.column("acv").isna() & amount.notna()
    if not lacking.any():
        return deals
    term = pd.to_numeric(deals.frame["term_months"], errors="coerce") if "term_months" in deals else None
    yearly = amount if term is None else yearly_value(amount, term)
    n = int(lacking.sum())
    return deals.assign(acv=acv.where(~lacking, yearly)).say(
        f"{n:,} deals without an ACV have their amount{'' if term is None else ' x 12 / term_months'}"
    )


def _settle_terms(deals: Holding) -> Holding:
    """`term_months`, out of whatever the export calls the term."""
    for working in ("term", "term_years"):
        if working in deals and "term_months" not in deals:
            header = next((m.to[working] for m in deals.matched if working in m.to), working)
            header = f"{header} (years)" if working == "term_years" and "year" not in header.lower() else header
            months, note = months_of(deals.column(working), header)
            if months.notna().any():
                deals = deals.assign(term_months=months).say(note)
    return deals


def _numbers(cells: pd.Series, decimal: str | None) -> pd.Series:
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.astype("float64")
    votes = find_marks(cells).votes
    return read_numbers(cells, decimal=decimal or ("," if "," in votes and "." not in votes else "."))


def _without(deals: Holding, names: tuple[str, ...]) -> Holding:
    from dataclasses import replace

    return replace(deals, frame=deals.frame.drop(columns=[n for n in names if n in deals]))
