"""What goes back to the CRM, and what undoes it."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tierkit.inputs.crm.writeback import FIELDS, WritebackSettings
from tierkit.reporting.reasons import split_reasons
from tierkit.reporting.spreadsheet import guard, write_for_people

WRITEBACK, REVERT = "crm_writeback.csv", "crm_revert.csv"
_CLEARS = ("", "#N/A")
"""Cells that say a field is empty, whatever the sheet says today."""


def build_writeback(
    tiers: pd.DataFrame,
    gates: pd.DataFrame,
    reasons: pd.DataFrame,
    *,
    held: pd.DataFrame,
    as_of: str | pd.Timestamp,
    run_id: str,
    labels: Sequence[str],
    settings: WritebackSettings,
) -> pd.DataFrame:
    """One row per account whose tier fields the CRM should now hold (requirement E6), as text in the CRM's own names.

    Qualified accounts carry their tier; of the others only those whose earlier tier must be cleared, with empty fields
    but the day and the run that cleared them.

    Parameters
    ----------
    tiers : as `stamp_tiers` returns it; `score` is 100 times the rank by expected value, from 0 to 100.
    held : what the CRM holds by now, as `read_held` returns it.
    labels : names of the tiers, best first.
    """
    rows = tiers.sort_values("account_id", kind="stable", ignore_index=True)
    why = split_reasons(reasons, rows["account_id"])
    score = rows["expected_value"].rank(method="average", pct=True).mul(100)
    until = pd.to_datetime(rows["valid_until"]) if "valid_until" in rows else pd.Series(pd.NaT, rows.index)
    cells = pd.DataFrame(
        {
            "account_id": rows["account_id"].astype("str"),
            "tier": rows["tier"].astype("int64").astype("str"),
            "tier_label": [labels[int(t) - 1] for t in rows["tier"]],
            "score": ["" if pd.isna(s) else f"{s:.1f}" for s in score],
            "top_reasons": ["; ".join(x) for x in why["reasons_for"]],
            "valid_until": until.dt.strftime("%Y-%m-%d").fillna(""),
        },
        dtype="object",
    )
    for name, most in settings.lengths.items():
        cells[name] = [_shortened(text, most) for text in cells[name]]
    names = settings.names
    has_tier = held.index[held[names["tier"]] != ""] if names["tier"] in held else held.index[:0]
    out = gates.loc[gates["gate"] != "qualified", "account_id"].astype("str")
    cleared = sorted(set(out[out.map(guard).isin(has_tier)]) - set(cells["account_id"]))
    both = (
        pd.concat([cells, pd.DataFrame({"account_id": cleared}, dtype="object")], ignore_index=True)
        .astype("object")
        .fillna("")
    )
    both = both.assign(as_of=f"{pd.Timestamp(as_of):%Y-%m-%d}", run_id=run_id)
    both = both.sort_values("account_id", kind="stable", ignore_index=True)[list(FIELDS)].rename(columns=names)
    return _with_token(both, settings)


def revert_writeback(writeback: pd.DataFrame, held: pd.DataFrame, settings: WritebackSettings) -> pd.DataFrame:
    """The rows that undo a write-back: the same accounts and fields, with what the CRM held before."""
    key, *fields = writeback.columns
    before = held.reindex(index=writeback[key].map(guard), columns=fields, fill_value="")
    before.insert(0, key, writeback[key].to_numpy())
    return _with_token(before.reset_index(drop=True), settings)


def read_held(written: Sequence[Path], names: dict[str, str], previous: pd.DataFrame | None) -> pd.DataFrame:
    """What the CRM holds of the fields we write: each account's last value in the write-backs before.

    Parameters
    ----------
    written : files of earlier write-backs, the oldest first.
    names : the CRM's name of each field, by ours.
    previous : tiers in use; where nothing was written back before, the CRM is taken to hold these and nothing else.

    Returns
    -------
    Index: the key as it stands in the files; the CRM's fields as text, "" where nothing was written.
    """
    if not written:
        if previous is None:
            return pd.DataFrame(columns=pd.Index([names["tier"]]), dtype="str")
        given = previous.dropna(subset=["tier"])
        tier = given["tier"].astype("int64").astype("str").to_numpy()
        return pd.DataFrame({names["tier"]: tier}, index=pd.Index(given["account_id"].astype("str").map(guard)))
    files = [pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8") for path in written]
    parts = [file.set_index(file.columns[0]).rename_axis(None) for file in files]
    whole = pd.concat([p.mask(p.isin(_CLEARS), "") for p in parts])
    # A write-back sets every field of its own, also to nothing; fields it does not know stay as they were.
    return whole.groupby(level=0, sort=True).last().fillna("")


def write_writeback(folder: Path, writeback: pd.DataFrame, revert: pd.DataFrame) -> None:
    """Write crm_writeback.csv and crm_revert.csv under `folder`."""
    write_for_people(writeback, folder / WRITEBACK)
    write_for_people(revert, folder / REVERT)


def _shortened(text: str, most: int) -> str:
    """A text of at most `most` characters as the file holds it, cut after a word."""
    if len(guard(text)) <= most:
        return text
    cut = text[: most - 2]
    return (cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut).rstrip(" ;,") + "…"


def _with_token(cells: pd.DataFrame, settings: WritebackSettings) -> pd.DataFrame:
    """Empty fields as the CRM wants them written."""
    fields = cells.columns[1:]
    return cells.assign(**{name: cells[name].mask(cells[name] == "", settings.empty) for name in fields})
