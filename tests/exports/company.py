"""The simulated company as a CRM can tell of it: canonical tables whose ids are the CRM's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tierkit.inputs.sample import simulate_company

THROUGH = pd.Timestamp("2026-10-31")
"""Last day of the data, and the day of the export."""

BESIDE = ("reps", "signals", "strategic", "overrides", "exclusions", "funnel", "tal", "tier_history")
"""Tables that no CRM object holds: they lie beside the exports under their own names."""

_KINDS = ("email", "call", "meeting")
"""Touches that a CRM logs; web visits and downloads are in other systems."""

IdOf = Callable[[int], str]


@dataclass(frozen=True)
class Ids:
    """How a CRM writes the keys of its objects, each from a number: order is kept."""

    account: IdOf
    deal: IdOf
    contact: IdOf
    owner: IdOf


def build_company(ids: Ids, *, seed: int, n_accounts: int, n_reps: int = 2) -> dict[str, pd.DataFrame]:
    """Canonical tables under the ids of a CRM: the touches that it logs, and accounts as their history says last."""
    frames = dict(simulate_company(seed=seed, n_accounts=n_accounts, n_reps=n_reps).frames)
    activities = frames["activities"]
    activities = activities[activities["kind"].isin(_KINDS)]
    frames["activities"] = activities.drop(columns=["channel", "template_id"]).reset_index(drop=True)
    frames["accounts"] = _as_history_says(frames["accounts"], frames["account_history"])
    names = {
        "account_id": _renamed(frames["accounts"]["account_id"], ids.account),
        "deal_id": _renamed(frames["deals"]["deal_id"], ids.deal),
        "contact_id": _renamed(frames["contacts"]["contact_id"], ids.contact),
        "owner_id": _renamed(frames["reps"]["owner_id"], ids.owner),
    }
    names["parent_id"] = names["account_id"]
    return {table: _rename(table, frame, names) for table, frame in frames.items()}


def write_tables(frames: Mapping[str, pd.DataFrame], folder: Path, tables: tuple[str, ...] | None = None) -> None:
    """The canonical tables as CSV files, but for those without a row."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (name for name in tables or tuple(frames) if len(frames[name])):
        frames[name].to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%d", lineterminator="\n")


def clock(days: pd.Series, rng: np.random.Generator, form: str) -> pd.Series:
    """Days as times of a working day; empty where there is no day."""
    seconds = pd.to_timedelta(rng.integers(7 * 3600, 18 * 3600, len(days)), unit="s")
    return (days + pd.Series(seconds, days.index)).dt.strftime(form).fillna("")


def quarter_end(days: pd.Series) -> pd.Series:
    """The last day of each day's quarter."""
    return days + pd.offsets.QuarterEnd(0)


def _renamed(given: pd.Series, write: IdOf) -> dict[str, str]:
    """The CRM's ids in the order of the given ones, with room between neighbours for records since merged."""
    return {old: write(13 * k) for k, old in enumerate(sorted(given), start=1000)}


def _rename(table: str, frame: pd.DataFrame, names: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    new = {column: frame[column].map(names[column]).astype("str") for column in names if column in frame}
    frame = frame.assign(**new)
    if table == "account_history":
        owns = frame["field"] == "owner_id"
        frame = frame.assign(value=frame["value"].mask(owns, frame["value"].map(names["owner_id"]).fillna("")))
    return frame


def _as_history_says(accounts: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Accounts whose mutable fields are the last of their history: a CRM cannot contradict itself."""
    last = history.drop_duplicates(["account_id", "field"], keep="last")
    out = accounts.copy()
    for field, part in last.groupby("field"):
        said = part.set_index("account_id")["value"].replace("", None)
        known = out["account_id"].isin(said.index)
        value = out["account_id"].map(said)
        name = str(field)
        if name == "is_customer":
            out[name] = out[name].mask(known, value == "1").astype("boolean")
        elif name in ("employees", "annual_revenue"):
            out[name] = out[name].mask(known, pd.to_numeric(value))
        else:
            out[name] = out[name].mask(known, value).astype("str")
    return out
