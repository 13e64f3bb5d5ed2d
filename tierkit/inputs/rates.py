"""Money in one currency: amounts at the rate of their day, to the cent; a rate that is missing stops the run."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

_CENT = Decimal("0.01")
_OLD = pd.Timedelta(days=370)
"""A rate so much older than the amount it converts is named."""


@dataclass(frozen=True)
class Converted:
    """A table whose money is in one currency.

    Attributes
    ----------
    frame : the table; `currency` is that of the run sheet wherever there was one.
    problems : what stops the run. notes : how many rows were converted, and at which rates.
    """

    frame: pd.DataFrame
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_rates(rates: pd.DataFrame, *, currency: str, place: str = "line") -> list[str]:
    """What stops a table of rates: two of one currency and day, one of nothing, one of the sheet's own currency but 1.

    `rates` has currency (upper case), valid_from and rate; its index counts the lines of the file.
    """
    if not {"currency", "valid_from", "rate"} <= set(rates.columns):
        return []
    problems = []
    for row in rates[(rates["rate"] == 0) | np.isinf(rates["rate"])].itertuples():  # less is a breach of the contract
        problems.append(f"'rate' must be over 0, got {row.rate:g} on {place} {row.Index:,}")
    for row in rates[(rates["currency"] == currency) & (rates["rate"] != 1)].dropna(subset="rate").itertuples():
        problems.append(
            f"'rate' of {currency}, the currency of the run sheet, must be 1, got {row.rate:g} on {place} "
            f"{row.Index:,} (a rate is what one unit is worth in {currency})"
        )
    for (code, day), same in rates.groupby(["currency", "valid_from"], sort=True):
        if same["rate"].min() < same["rate"].max():
            lines = " and ".join(f"{line:,}" for line in same.index)
            said = " and ".join(f"{rate:g}" for rate in same["rate"])
            problems.append(f"{code} has rates of {said} from {day:%Y-%m-%d} on, {place}s {lines} (keep one)")
    return problems


def convert_money(
    frame: pd.DataFrame,
    rates: pd.DataFrame | None,
    *,
    currency: str,
    money: Sequence[str],
    day: pd.Series,
    things: str,
    place: str = "line",
) -> Converted:
    """Convert the money of a table by dated rates.

    Parameters
    ----------
    frame : column `currency`, and those of `money`; the index counts the lines of the file.
    rates : currency (upper case), valid_from, rate: what one unit is worth in `currency` from that day on.
    currency : of the run sheet; a row that names none is in it.
    day : day of the rate of each row, missing where nobody knows it: then a currency needs just one rate.
    things : what the rows are, for the words.

    Returns
    -------
    Amounts x rate, rounded to the cent, half up. Rows without an amount need no rate.
    """
    codes = frame["currency"].str.strip().str.upper()
    given = [name for name in money if name in frame]
    filled = frame[given].notna().any(axis=1) if given else pd.Series(True, frame.index)
    foreign = codes.notna() & (codes != currency)
    out = frame.assign(currency=codes.where(codes.isna() | (codes == currency), currency))
    if not foreign.any():
        return Converted(out)
    if rates is None:
        said = ", ".join(f"{code} ({n:,} rows)" for code, n in codes[foreign].value_counts().sort_index().items())
        return Converted(
            frame.assign(currency=codes),
            (
                f"'currency' must be {currency}, got {said} (give what they were worth in rates.csv: currency, "
                "valid_from, rate; or set currency in tierkit.toml, [data])",
            ),
        )
    wanted = pd.DataFrame({"currency": codes, "day": day})[foreign & filled]
    found = _rates_on(wanted, rates)
    if problems := _missing(wanted, found, rates, place):
        return Converted(frame.assign(currency=codes), tuple(problems))
    for name in given:
        worth = _worth(frame.loc[wanted.index, name], found["rate"])
        out[name] = out[name].astype("float64").mask(out.index.isin(wanted.index), worth.reindex(out.index))
    notes = _say(wanted, found, rates, currency, things)
    if n := int((codes.isna() & filled).sum()):
        notes.append(f"{n:,} {things} that name no currency are taken to be in {currency}")
    return Converted(out, notes=tuple(notes))


@dataclass
class Exchange:
    """Dated rates, and the figures of accounts converted by them, accounts before their history.

    `failed` if the rates were given and cannot be used: then nothing is converted, since the run stops anyway.
    """

    currency: str
    rates: pd.DataFrame | None = None
    failed: bool = False
    through: pd.Timestamp | None = None
    foreign: pd.Series | None = None
    """Currency of each account whose figures are not in that of the sheet."""

    def convert(self, table: str, frame: pd.DataFrame, *, place: str) -> Converted:
        """Revenue of accounts at the newest rate, and earlier revenue at the rate of the day it became known."""
        if self.failed:
            return Converted(frame)
        if table == "account_history" and self.foreign is not None and len(self.foreign):
            return _convert_history(frame, self.foreign, self.rates, currency=self.currency, place=place)
        if table != "accounts" or not {"account_id", "currency", "annual_revenue"} <= set(frame.columns):
            return Converted(frame)
        codes = frame.set_index("account_id")["currency"].str.strip().str.upper()
        self.foreign = codes[codes.notna() & (codes != self.currency)]
        newest = self.through
        if newest is None and self.rates is not None:
            newest = self.rates["valid_from"].max()
        day = pd.Series(newest, frame.index, dtype="datetime64[us]")
        return convert_money(
            frame,
            self.rates,
            currency=self.currency,
            money=("annual_revenue",),
            day=day,
            things="accounts",
            place=place,
        )


def _convert_history(
    history: pd.DataFrame, currencies: pd.Series, rates: pd.DataFrame | None, *, currency: str, place: str = "line"
) -> Converted:
    """What accounts earned earlier, each value at the rate of the day it became known.

    `currencies` is the currency of each account (its index) whose figures are not in that of the sheet.
    """
    of_money = (history["field"] == "annual_revenue") & history["account_id"].isin(currencies.index)
    rows = history[of_money]
    figures = pd.to_numeric(rows["value"], errors="coerce").astype("float64")
    rows = pd.DataFrame({"value": figures, "currency": rows["account_id"].map(currencies).astype("str")})
    converted = convert_money(
        rows,
        rates,
        currency=currency,
        money=("value",),
        day=history.loc[of_money, "known_at"],
        things="earlier revenues of accounts",
        place=place,
    )
    if converted.problems or rows.empty:
        return Converted(history, converted.problems)
    text = converted.frame["value"].map(_cents, na_action="ignore").astype("str")
    value = history["value"].where(~(of_money & text.reindex(history.index).notna()), text.reindex(history.index))
    return Converted(history.assign(value=value), notes=converted.notes)


def _cents(value: float) -> str:
    return f"{value:.2f}"


def _worth(amounts: pd.Series, rates: pd.Series) -> pd.Series:
    """Exact products to the cent: a float of half a cent may stand on either side of it."""
    cells = [
        float("nan")
        if pd.isna(amount)
        else float((Decimal(repr(float(amount))) * Decimal(repr(float(rate)))).quantize(_CENT, ROUND_HALF_UP))
        for amount, rate in zip(amounts, rates, strict=True)
    ]
    return pd.Series(cells, amounts.index, dtype="float64")


def _rates_on(wanted: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """The latest rate of each row's currency on or before its day: valid_from and rate, missing if there is none."""
    known = rates.dropna(subset=["currency", "valid_from", "rate"]).drop_duplicates(["currency", "valid_from"])
    known = known[["currency", "valid_from", "rate"]].sort_values(["valid_from", "currency"], kind="stable")
    known = known.astype({"valid_from": "datetime64[us]", "currency": "str"})
    rows = wanted.astype({"day": "datetime64[us]", "currency": "str"}).reset_index(names="_line")
    dated = rows.dropna(subset="day").sort_values("day", kind="stable")
    parts = [pd.merge_asof(dated, known, left_on="day", right_on="valid_from", by="currency")]
    lone = known[~known["currency"].duplicated(keep=False)]
    parts.append(rows[rows["day"].isna()].merge(lone, on="currency", how="left"))
    found = pd.concat([part for part in parts if len(part)] or parts[:1]).set_index("_line")
    return found[["valid_from", "rate"]].reindex(wanted.index)


def _missing(wanted: pd.DataFrame, found: pd.DataFrame, rates: pd.DataFrame, place: str) -> list[str]:
    """A sentence for each currency that lacks a rate: its first day, line and how many rows."""
    problems = []
    for code, rows in wanted[found["rate"].isna()].astype({"currency": "str"}).groupby("currency", sort=True):
        first = rates.loc[rates["currency"] == code, "valid_from"].min()
        dated = rows.dropna(subset="day").reset_index(names="_line")
        dated = dated.sort_values(["day", "_line"], kind="stable", ignore_index=True)
        if dated.empty:
            why = "has no rate" if pd.isna(first) else "has several rates, and nothing says which day counts"
            line, repair = (
                int(rows.index.min()),
                f"add {code} to rates.csv" if pd.isna(first) else "keep one rate of it",
            )
        else:
            line, day = int(dated["_line"].iloc[0]), dated["day"].iloc[0]
            known = "it has none at all" if pd.isna(first) else f"its first is of {first:%Y-%m-%d}"
            why, repair = f"has no rate on {day:%Y-%m-%d}", f"add it to rates.csv; {known}"
        problems.append(f"'currency' {code} {why}, {place} {line:,} ({len(rows):,} rows; {repair})")
    return problems


def _say(wanted: pd.DataFrame, found: pd.DataFrame, rates: pd.DataFrame, currency: str, things: str) -> list[str]:
    """How many rows of each currency were converted, at which rates of which days, and whether these are old."""
    notes = []
    for code, rows in wanted.groupby("currency", sort=True):
        used = found.loc[rows.index]
        low, high = used["rate"].min(), used["rate"].max()
        span = f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
        first, last = used["valid_from"].min(), used["valid_from"].max()
        days = f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        notes.append(f"{len(rows):,} {things} in {code} were converted to {currency} at {span} (rates of {days})")
        if n := int((rows["day"] - used["valid_from"] > _OLD).sum()):
            notes.append(f"{n:,} {things} in {code} took a rate over a year old; the newest is of {last:%Y-%m-%d}")
    return notes
