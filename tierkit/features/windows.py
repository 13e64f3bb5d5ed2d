"""What happened before each moment: touches, people, signals and deals, counted in windows that end on it.

Touches come from the engine one row each and are counted here as they pass, the shortest window first and the longer
ones as running sums. Grouping them in the engine took 25 s of CPU and 1.5 GiB for 50 million activities, a million
accounts and 42 columns; this takes 11 s and 0.9 GiB, one DuckDB query per window 15 s, one Polars query per window 22 s
(`tests.benchmarks.windows`). An index in order of time would have to join the same ids first, which is most of it.
"""

import numpy as np
import pandas as pd

from tierkit.features import asof_sql
from tierkit.features.vocabulary import Vocabulary
from tierkit.inputs.tables import Tables

WINDOWS = (30, 90, 180, 365)
"""Look-backs in days; an event exactly that many days before the moment is inside."""
NOT_IN_A_YEAR = 366
"""Days since the last touch where the last year has none: known to be long ago, so not missing."""
_DIRECTIONS = ("inbound", "outbound")
_SHORTEST = np.searchsorted(WINDOWS, np.arange(max(WINDOWS) + 1))
"""The place in `WINDOWS` of the shortest window that holds an event, by its days before the moment."""


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
    parts = [pd.DataFrame(index=moments.index)]
    if tables.has("activities"):
        parts.append(_touches(tables, moments, vocabulary))
        if tables.has("activities", "contact_id"):
            parts.append(_contacts(tables, moments))
    if tables.has("signals"):
        parts.append(_signals(tables, moments, vocabulary))
    if tables.is_dated:
        parts.append(_past_deals(tables, moments))
    whole = pd.concat([part.set_axis(moments.index) for part in parts], axis=1)
    # A kind may be called as a total is, `contacts` say; then the total counts.
    return whole.loc[:, ~whole.columns.duplicated(keep="last")][list(dict.fromkeys(whole.columns))]


def _touches(tables: Tables, moments: pd.DataFrame, vocabulary: Vocabulary) -> pd.DataFrame:
    n, touches = len(moments), vocabulary.touches
    names = [f"n_{name}_{w}d" for name in touches for w in WINDOWS]
    for direction in _DIRECTIONS:
        names += [*(f"n_{direction}_{w}d" for w in WINDOWS), f"days_since_{direction}"]
    names = [*dict.fromkeys(names), "inbound_trend"]
    # One array for all columns from the first: of many accounts it is most of the memory.
    out = np.zeros((len(names), n))
    begun_by = np.array([_begun_by(name) for name in touches], dtype="int64")
    since = np.full((len(_DIRECTIONS) + 1, n), NOT_IN_A_YEAR, dtype="int16")
    text = asof_sql.TOUCHES.format(**_span(moments))
    for moment, code, days in tables.sql_batches(text, moments=moments, touch_kinds=vocabulary.touch_codes):
        np.add.at(out.reshape(-1), (code * len(WINDOWS) + _SHORTEST[days]) * n + moment, 1.0)
        np.minimum.at(since.reshape(-1), begun_by[code] * n + moment, days.astype("int16"))

    counts = out[: len(touches) * len(WINDOWS)].reshape(len(touches), len(WINDOWS), n)
    for j in range(1, len(WINDOWS)):
        counts[:, j] += counts[:, j - 1]
    at = {name: i for i, name in enumerate(names)}
    for i, direction in enumerate(_DIRECTIONS):
        for j, w in enumerate(WINDOWS):
            counts[begun_by == i, j].sum(axis=0, out=out[at[f"n_{direction}_{w}d"]])
        out[at[f"days_since_{direction}"]] = since[i]
    recent = out[at["n_inbound_90d"]]
    earlier = out[at["n_inbound_180d"]] - recent
    out[at["inbound_trend"]] = (recent - earlier) / np.maximum(recent + earlier, 1)
    return pd.DataFrame(out.T, columns=names, copy=False)


def _begun_by(touch: str) -> int:
    """The place of a touch's direction among `_DIRECTIONS`, or after them."""
    return next((i for i, direction in enumerate(_DIRECTIONS) if touch.endswith(f"_{direction}")), len(_DIRECTIONS))


def _span(moments: pd.DataFrame) -> dict[str, int]:
    """The first and the last day of `moments`."""
    days = moments["as_of_day"]
    return {"first_day": int(days.min()), "last_day": int(days.max())} if len(days) else {"first_day": 0, "last_day": 0}


def _contacts(tables: Tables, moments: pd.DataFrame) -> pd.DataFrame:
    found = tables.sql(asof_sql.CONTACTS.format(**_span(moments)), moments=moments)
    names = {
        "n_90": "n_contacts_90d",
        "n_365": "n_contacts_365d",
        "n_inbound_90": "n_contacts_inbound_90d",
        "n_inbound_365": "n_contacts_inbound_365d",
    }
    return pd.DataFrame({name: _spread(found, column, len(moments), empty=0.0) for column, name in names.items()})


def _signals(tables: Tables, moments: pd.DataFrame, vocabulary: Vocabulary) -> pd.DataFrame:
    found = tables.sql(asof_sql.SIGNALS, moments=moments, signal_kinds=vocabulary.signal_codes)
    live = np.zeros((len(moments), len(vocabulary.signals)))
    live[found["moment"].to_numpy(), found["code"].to_numpy()] = 1.0
    return pd.DataFrame(live, columns=[f"live_{name}" for name in vocabulary.signals], copy=False)


def _past_deals(tables: Tables, moments: pd.DataFrame) -> pd.DataFrame:
    found = tables.sql(asof_sql.PAST_DEALS, moments=moments)
    n = len(moments)
    return pd.DataFrame(
        {
            "n_won_past": _spread(found, "n_won_past", n, empty=0.0),
            "won_acv_past": _spread(found, "won_cents_past", n, empty=0.0) / 100,
            "n_lost_past": _spread(found, "n_lost_past", n, empty=0.0),
            "days_since_loss": _spread(found, "days_since_loss", n, empty=np.nan),
            "n_open_deals": _spread(found, "n_open_deals", n, empty=0.0),
        }
    )


def _spread(found: pd.DataFrame, column: str, n: int, *, empty: float) -> np.ndarray:
    """A column found for some moments as one value for each of `n`."""
    out = np.full(n, empty)
    values = found[column].to_numpy(dtype="float64", na_value=np.nan)
    out[found["moment"].to_numpy()] = np.where(np.isnan(values), empty, values)
    return out
