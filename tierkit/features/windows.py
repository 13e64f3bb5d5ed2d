"""What happened before each moment: touches, people, signals and deals, counted in windows that end on it."""

import numpy as np
import pandas as pd

from tierkit.features import asof_sql
from tierkit.features.vocabulary import Vocabulary
from tierkit.inputs.tables import Tables

WINDOWS = (30, 90, 180, 365)
"""Look-backs in days; an event exactly that many days before the moment is inside."""
NOT_IN_A_YEAR = 366
"""Days since the last touch where the last year has none: known to be long ago, so not missing."""


def count_windows(tables: Tables, moments: pd.DataFrame, vocabulary: Vocabulary) -> pd.DataFrame:
    """Counts for each moment, in the order of `moments`.

    Parameters
    ----------
    moments : moment (0, 1, 2, ...), account_id, as_of_day (days since 1970), own_deal_id (missing where none).

    Returns
    -------
    float64 columns: `n_<kind>_<direction>_<window>d`, `n_<direction>_<window>d`, `days_since_<direction>` (366: none in
    the last year), `inbound_trend` (-1 to 1), `n_contacts_90d` and its kin, `live_<signal>` (0 or 1), `n_won_past`,
    `won_acv_past`, `n_lost_past`, `days_since_loss` (missing: never lost), `n_open_deals`. A table that was not given
    adds no column.
    """
    columns: dict[str, np.ndarray] = {}
    if tables.has("activities"):
        columns |= _touches(tables, moments, vocabulary)
        if tables.has("activities", "contact_id"):
            columns |= _contacts(tables, moments)
    if tables.has("signals"):
        columns |= _signals(tables, moments, vocabulary)
    if tables.is_dated:
        columns |= _past_deals(tables, moments)
    return pd.DataFrame(columns, index=moments.index, dtype="float64")


def _touches(tables: Tables, moments: pd.DataFrame, vocabulary: Vocabulary) -> dict[str, np.ndarray]:
    found = tables.sql(asof_sql.TOUCHES, moments=moments, touch_kinds=vocabulary.touch_codes)
    n, k = len(moments), len(vocabulary.touches)
    rows, codes = found["moment"].to_numpy(), found["code"].to_numpy()
    counts = {w: np.zeros((n, k)) for w in WINDOWS}
    for w in WINDOWS:
        counts[w][rows, codes] = found[f"n_{w}"].to_numpy(dtype="float64")
    since = np.full((n, k), float(NOT_IN_A_YEAR))
    since[rows, codes] = found["days_since"].to_numpy(dtype="float64")

    columns = {f"n_{name}_{w}d": counts[w][:, i] for i, name in enumerate(vocabulary.touches) for w in WINDOWS}
    for direction in ("inbound", "outbound"):
        of = [i for i, name in enumerate(vocabulary.touches) if name.endswith(f"_{direction}")]
        for w in WINDOWS:
            columns[f"n_{direction}_{w}d"] = counts[w][:, of].sum(axis=1)
        columns[f"days_since_{direction}"] = since[:, of].min(axis=1, initial=NOT_IN_A_YEAR)
    recent = columns["n_inbound_90d"]
    earlier = columns["n_inbound_180d"] - recent
    columns["inbound_trend"] = (recent - earlier) / np.maximum(recent + earlier, 1)
    return columns


def _contacts(tables: Tables, moments: pd.DataFrame) -> dict[str, np.ndarray]:
    found = tables.sql(asof_sql.CONTACTS, moments=moments)
    names = {
        "n_90": "n_contacts_90d",
        "n_365": "n_contacts_365d",
        "n_inbound_90": "n_contacts_inbound_90d",
        "n_inbound_365": "n_contacts_inbound_365d",
    }
    return {name: _spread(found, column, len(moments), empty=0.0) for column, name in names.items()}


def _signals(tables: Tables, moments: pd.DataFrame, vocabulary: Vocabulary) -> dict[str, np.ndarray]:
    found = tables.sql(asof_sql.SIGNALS, moments=moments, signal_kinds=vocabulary.signal_codes)
    live = np.zeros((len(moments), len(vocabulary.signals)))
    live[found["moment"].to_numpy(), found["code"].to_numpy()] = 1.0
    return {f"live_{name}": live[:, i] for i, name in enumerate(vocabulary.signals)}


def _past_deals(tables: Tables, moments: pd.DataFrame) -> dict[str, np.ndarray]:
    found = tables.sql(asof_sql.PAST_DEALS, moments=moments)
    n = len(moments)
    return {
        "n_won_past": _spread(found, "n_won_past", n, empty=0.0),
        "won_acv_past": _spread(found, "won_cents_past", n, empty=0.0) / 100,
        "n_lost_past": _spread(found, "n_lost_past", n, empty=0.0),
        "days_since_loss": _spread(found, "days_since_loss", n, empty=np.nan),
        "n_open_deals": _spread(found, "n_open_deals", n, empty=0.0),
    }


def _spread(found: pd.DataFrame, column: str, n: int, *, empty: float) -> np.ndarray:
    """A column found for some moments as one value for each of `n`."""
    out = np.full(n, empty)
    values = found[column].to_numpy(dtype="float64", na_value=np.nan)
    out[found["moment"].to_numpy()] = np.where(np.isnan(values), empty, values)
    return out
