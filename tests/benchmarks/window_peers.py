"""As-of counts as a good user of DuckDB or Polars writes them: one query per window, over the Parquet file.

Each way gives one row per account in order of ids, integer columns as `count_windows` names them.
"""

from pathlib import Path

import pandas as pd

from tests.benchmarks.activity_log import AS_OF, TOUCHES
from tierkit.features.windows import NOT_IN_A_YEAR, WINDOWS

DAY = f"DATE '{AS_OF:%Y-%m-%d}'"


def with_duckdb(folder: Path, *, people: bool) -> pd.DataFrame:
    """One query per window, joined onto the accounts; files read by DuckDB itself."""
    import duckdb

    with duckdb.connect(config={"threads": 2}) as engine:
        engine.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
        parts = [engine.sql(_duckdb_text(folder, window, people)).df() for window in WINDOWS]
    return pd.concat([part.drop(columns="account_id") for part in parts], axis=1)


def _duckdb_text(folder: Path, window: int, people: bool) -> str:
    asked = {
        f"n_{kind}_{direction}_{window}d": f"COUNT(*) FILTER (kind = '{kind}' AND direction = '{direction}')"
        for kind, direction in TOUCHES
    }
    if window == max(WINDOWS):
        for direction in ("inbound", "outbound"):
            last = f"MAX(occurred_at) FILTER (direction = '{direction}')"
            asked[f"days_since_{direction}"] = f"DATE_DIFF('day', CAST({last} AS DATE), {DAY})"
    if people and window in (90, 365):
        asked[f"n_contacts_{window}d"] = "COUNT(DISTINCT contact_id)"
        asked[f"n_contacts_inbound_{window}d"] = "COUNT(DISTINCT contact_id) FILTER (direction = 'inbound')"
    empty = {name: NOT_IN_A_YEAR if name.startswith("days") else 0 for name in asked}
    return f"""
        SELECT account_id, {", ".join(f"COALESCE({name}, {empty[name]}) AS {name}" for name in asked)}
        FROM '{folder}/accounts.parquet' LEFT JOIN (
            SELECT account_id, {", ".join(f"{text} AS {name}" for name, text in asked.items())}
            FROM '{folder}/activities.parquet'
            WHERE occurred_at >= {DAY} - INTERVAL {window} DAY AND occurred_at <= {DAY} AND known_at <= {DAY}
            GROUP BY account_id
        ) USING (account_id) ORDER BY account_id"""


def with_polars(folder: Path, *, people: bool) -> pd.DataFrame:
    """One lazy query per window, run by the streaming engine, joined onto the accounts."""
    import polars as pl

    log = pl.scan_parquet(folder / "activities.parquet")
    accounts = pl.scan_parquet(folder / "accounts.parquet").select("account_id")
    day = AS_OF.to_pydatetime()
    parts = []
    for window in WINDOWS:
        asked = [
            ((pl.col("kind") == kind) & (pl.col("direction") == direction))
            .sum()
            .alias(f"n_{kind}_{direction}_{window}d")
            for kind, direction in TOUCHES
        ]
        if window == max(WINDOWS):
            asked += [
                (day - pl.col("occurred_at").filter(pl.col("direction") == direction).max())
                .dt.total_days()
                .alias(f"days_since_{direction}")
                for direction in ("inbound", "outbound")
            ]
        if people and window in (90, 365):
            person, inbound = pl.col("contact_id"), pl.col("direction") == "inbound"
            asked += [
                person.drop_nulls().n_unique().alias(f"n_contacts_{window}d"),
                person.filter(inbound).drop_nulls().n_unique().alias(f"n_contacts_inbound_{window}d"),
            ]
        begin = (AS_OF - pd.Timedelta(days=window)).to_pydatetime()
        within = pl.col("occurred_at").is_between(begin, day) & (pl.col("known_at") <= day)
        found = log.filter(within).group_by("account_id").agg(asked)
        whole = accounts.join(found, on="account_id", how="left").sort("account_id").drop("account_id")
        whole = whole.with_columns(
            pl.col("^n_.*$").fill_null(0), *([pl.col("^days_.*$").fill_null(NOT_IN_A_YEAR)] if window == 365 else [])
        )
        parts.append(whole.collect(engine="streaming"))
    return pl.concat(parts, how="horizontal").to_pandas()
