"""What records said earlier: field histories to account_history, to real closing days, to deals as they were opened."""

from collections.abc import Callable, Collection, Iterable, Mapping

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.amounts import read_numbers
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.crm.holdings import Holding
from tierkit.inputs.days import find_day_order, read_days, read_moments

SINCE_EVER = pd.Timestamp("1970-01-01")
"""Day of the first value of an account that does not say when it was created."""
AT_OPENING = pd.Timedelta(minutes=10)
"""What is written so soon after a record is made was there from the start."""
_RECORD_ID = r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?"


def read_changes(
    history: Holding, record: str, *, name_of: Callable[[str], str | None], day_first: bool | None, zone: str
) -> pd.DataFrame:
    """Changes in the order in which they were made.

    Parameters
    ----------
    history : with `record` (the record's id), field, new, changed_at, and old where the CRM says it.
    name_of : what a field of the CRM is called here; None leaves it out.

    Returns
    -------
    record, field, moment, old, new (missing where empty); the index says where each stands in the files.

    Raises
    ------
    TableError : a moment that is none, or may be read in two ways.
    """
    frame = history.frame
    names = {level: name_of(level) for level in frame["field"].dropna().unique()}
    fields = frame["field"].map({level: name for level, name in names.items() if name}).astype("str")
    frame = frame[fields.notna() & frame[record].notna()]
    moment = moments_of(frame["changed_at"], history, day_first=day_first, zone=zone)
    old = frame["old"] if "old" in frame else pd.Series(None, frame.index, dtype="str")
    changes = pd.DataFrame(
        {"record": frame[record], "field": fields[frame.index], "moment": moment, "old": old, "new": frame["new"]}
    )
    changes = changes[changes["moment"].notna()]
    # Of two changes at one moment the one that starts from what the other left came later
    at_once = changes.groupby(["record", "field", "moment"], sort=False)["new"].transform("size") > 1
    later = pd.Series(0, changes.index)
    if at_once.any():
        tied = changes[at_once].fillna({"old": "", "new": ""})
        left = pd.MultiIndex.from_frame(tied[["record", "field", "moment", "new"]])
        start = pd.MultiIndex.from_frame(tied[["record", "field", "moment", "old"]])
        later[tied.index] = start.isin(left).astype(int)
    order = changes.assign(later=later, first=changes["new"].fillna(""))
    order = order.sort_values(["record", "field", "moment", "later", "first"], kind="stable")
    return changes.loc[order.index]


def moments_of(cells: pd.Series, holding: Holding, *, day_first: bool | None, zone: str) -> pd.Series:
    """Moments of a column, whose order of day and month is found or declared."""
    order = find_day_order(cells)
    if day_first is None and order.unsettled and not order.day_first and not order.month_first:
        raise TableError(
            f"{holding.parts[0].file}: {order.unsettled!r} may be read in two ways "
            f"(say day_first = true or false in tierkit.toml, [data.{holding.object.table}])"
        )
    first = order.month_first is None if day_first is None else day_first
    return read_moments(cells, day_first=first, zone=zone)


def history_rows(changes: pd.DataFrame, created: pd.Series) -> pd.DataFrame:
    """Rows of account_history: the old value of the first change held since the account was made.

    Parameters
    ----------
    changes : as `read_changes` gives them, `record` the account.
    created : the day each account was made, by its id.

    Returns
    -------
    account_id, known_at, field, value, one row an account, field and day; the index is that of the changes, of a first
    value that of the change that ended it.
    """
    first = changes[~changes.duplicated(["record", "field"])]
    first = first[first["old"].notna() | _has_old(changes)]
    start = first["record"].map(created).astype("datetime64[us]").fillna(SINCE_EVER)
    initial = first.assign(moment=start.where(start < first["moment"], first["moment"]), new=first["old"])
    rows = pd.concat([initial, changes]) if _has_old(changes) else changes
    rows = rows.assign(known_at=rows["moment"].dt.normalize(), place=range(len(rows)))
    rows = rows.sort_values(["record", "field", "moment", "place"], kind="stable")
    rows = rows[~rows.duplicated(["record", "field", "known_at"], keep="last")]
    values = _plain_values(rows)
    return pd.DataFrame(
        {"account_id": rows["record"], "known_at": rows["known_at"], "field": rows["field"], "value": values}
    )


def closing_days(changes: pd.DataFrame, outcome: pd.Series, ends: Callable[[str], str | None]) -> pd.Series:
    """The day each closed deal took the end it has for the last time, by its id.

    Parameters
    ----------
    changes : record, moment, new: the stages of deals.
    outcome : how each deal ended, by its id.
    ends : what a stage stands for.
    """
    levels = {level: ends(level) or "open" for level in changes["new"].dropna().unique()}
    rows = pd.DataFrame({"record": changes["record"], "moment": changes["moment"], "end": changes["new"].map(levels)})
    rows["final"] = rows["record"].map(outcome).astype("str")
    rows = rows[rows["final"].isin(["won", "lost"])]
    rows["is_final"] = rows["end"].astype("str") == rows["final"]
    rows = rows.sort_values(["record", "moment", "is_final"], kind="stable", ignore_index=True)
    place = rows.index.to_series()
    last_other = place.where(~rows["is_final"]).groupby(rows["record"]).transform("max").fillna(-1)
    rows = rows[rows["is_final"] & (place > last_other)]
    return pd.Series(rows.groupby("record")["moment"].min().dt.normalize())


def values_at_opening(changes: pd.DataFrame, opened: pd.Series) -> pd.DataFrame:
    """What fields of deals said when the deals opened: record, field, value.

    Parameters
    ----------
    opened : the moment each deal opened, by its id; needed where changes do not say the old value.
    """
    first = changes[~changes.duplicated(["record", "field"])]
    if _has_old(changes):
        return first.rename(columns={"old": "value"})[["record", "field", "value"]]
    start = changes["record"].map(opened) + AT_OPENING
    there = changes[changes["moment"] <= start].drop_duplicates(["record", "field"], keep="last")
    known = first[["record", "field"]][first["record"].isin(opened.dropna().index)]
    return known.merge(there[["record", "field", "new"]], on=["record", "field"], how="left").rename(
        columns={"new": "value"}
    )


def as_opened(
    deals: pd.DataFrame, values: pd.DataFrame, fields: Collection[str]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Deals whose tracked fields say what they said at opening, and for each field how many deals that changed."""
    columns, changed = {}, {}
    for name in sorted(set(fields) & set(values["field"].unique())):
        of = values[values["field"] == name].drop_duplicates("record").set_index("record")["value"]
        tracked = deals["deal_id"].isin(of.index)
        then = deals["deal_id"].map(of).astype("str")
        now = deals[name]
        n = int((tracked & (then.fillna("") != now.astype("str").fillna(""))).sum())
        if n:
            columns[name], changed[name] = now.where(~tracked, then), n
    return deals.assign(**columns), changed


def is_record_id(cells: pd.Series) -> pd.Series:
    """Whether cells are ids of the CRM rather than names."""
    return cells.str.fullmatch(_RECORD_ID, na=False) & cells.str.contains(r"\d", na=False)


def _has_old(changes: pd.DataFrame) -> bool:
    return bool(changes["old"].notna().any())


def _plain_values(rows: pd.DataFrame) -> pd.Series:
    """Numbers without thousands and signs of currency, so that they read as the account table's do."""
    contract = CONTRACTS["accounts"]
    values = rows["new"].copy()
    for name in rows["field"].unique():
        if name in contract and contract[name].kind in ("money", "integer", "number"):
            of = rows["field"] == name
            numbers = read_numbers(values[of])
            text = numbers.map(lambda number: f"{number:.15g}", na_action="ignore").astype("str")
            values[of] = text.where(numbers.notna(), values[of])
    return values


def last_day(
    held: Iterable[Holding], stamps: Iterable[str], *, day_first: Mapping[str, bool | None]
) -> pd.Timestamp | None:
    """The last day of columns that cannot lie ahead of the export.

    Parameters
    ----------
    stamps : the columns.
    day_first : the sheet's word, by table.
    """
    days = []
    for one in held:
        for name in (n for n in stamps if n in one):
            try:
                found = moments_of(_days_in(one.frame[name]), one, day_first=day_first[one.object.table], zone="UTC")
            except TableError:
                # Said where the column is read for itself
                continue
            days.append(found.max())
    known = [day for day in days if not pd.isna(day)]
    return max(known).normalize() if known else None


def _days_in(cells: pd.Series) -> pd.Series:
    """The days of moments without their times, each once: all that a last day is found by."""
    text = cells if isinstance(cells.dtype, pd.StringDtype) else cells.astype("str")
    head = text.str.slice(0, 11).drop_duplicates().dropna()
    return pd.Series([day.replace("T", " ").split(" ")[0] for day in head], dtype="str")


def days_by(ids: pd.Series, cells: pd.Series, *, day_first: bool | None, zone: str) -> pd.Series:
    """Days by id."""
    order = find_day_order(cells)
    days = read_days(cells, day_first=order.month_first is None if day_first is None else day_first, zone=zone)
    known = pd.Series(days.to_numpy(), index=pd.Index(ids))
    return known[known.index.notna() & ~known.index.duplicated()]


def mapped_name(name: str, mapping: Mapping[str, str]) -> str | None:
    """The column a field became, by any of its names."""
    from tierkit.inputs.crm.presets import plain_headers

    return next((mapping[p] for p in plain_headers(name) if p in mapping), None)
