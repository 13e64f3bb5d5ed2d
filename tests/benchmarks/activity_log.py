"""A long log of activities for benchmarks, kept as a run keeps its tables: time-ordered Parquet, ids as text."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from tierkit.inputs.kept import read_tables, write_tables
from tierkit.inputs.tables import Tables

AS_OF = pd.Timestamp("2026-10-31")
MONTHS = 36
TOUCHES = {
    ("web_visit", "inbound"): 0.25,
    ("email", "inbound"): 0.10,
    ("content_download", "inbound"): 0.06,
    ("event", "inbound"): 0.04,
    ("call", "inbound"): 0.025,
    ("meeting", "inbound"): 0.025,
    ("email", "outbound"): 0.31,
    ("event", "outbound"): 0.02,
    ("call", "outbound"): 0.13,
    ("meeting", "outbound"): 0.04,
}
"""Kinds and directions as in the simulated company, and the share of each."""
NAMED = ("email", "call", "meeting")
"""Kinds that mostly name a person."""


def make_log(folder: Path, *, accounts: int, activities: int) -> Tables:
    """Tables of so many accounts, one deal and so many activities over three years; made once, then read.

    Accounts differ in activity as e to the power of a normal with deviation 1.2, months grow by 2 %; one row in twenty
    is known 5 to 60 days late. The log is in order of days, as systems write it; accounts lie in no order within a day.
    """
    if not (folder / "about.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(1)
        ids = pd.Series([f"A{i:08d}" for i in rng.permutation(accounts)], dtype="str")
        _write_activities(folder / "activities.parquet", rng, ids, activities)
        created = AS_OF - pd.to_timedelta(rng.integers(0, 2000, accounts), unit="D")
        fields = pd.DataFrame(
            {
                "account_id": ids,
                "industry": pd.Series(rng.choice(["retail", "software", "energy"], accounts), dtype="str"),
                "employees": rng.lognormal(5, 1.5, accounts).round(),
                "created_at": created.astype("datetime64[ns]"),
            }
        )
        _write_others(folder, fields)
    return read_tables(folder)


def _write_activities(path: Path, rng: np.random.Generator, ids: pd.Series, n: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    ends = pd.date_range(end=AS_OF, periods=MONTHS + 1, freq="ME")
    sizes = np.diff(np.round(n * np.cumsum([0, *1.02 ** np.arange(MONTHS)]) / sum(1.02 ** np.arange(MONTHS))))
    busy = np.cumsum(rng.lognormal(0, 1.2, len(ids)))
    people = 1 + rng.integers(0, 6, len(ids))
    names = pa.array(ids.to_numpy(dtype=object), pa.large_string())
    kinds, directions = (pa.array([pair[i] for pair in TOUCHES], pa.large_string()) for i in (0, 1))
    named = np.isin([kind for kind, _ in TOUCHES], NAMED)
    writer = None
    for start, end, size in zip(ends[:-1], ends[1:], sizes.astype(int), strict=True):
        day = np.sort(rng.integers(1, (end - start).days + 1, size))
        account = np.minimum(np.searchsorted(busy, rng.random(size) * busy[-1]), len(ids) - 1)
        touch = rng.choice(len(TOUCHES), size, p=list(TOUCHES.values()))
        late = np.where(rng.random(size) < 0.05, rng.integers(5, 61, size), 0)
        person = pa.array((rng.random(size) * people[account]).astype("int64")).cast(pa.large_string())
        of = names.take(pa.array(account))
        contact = pa.compute.binary_join_element_wise(of, person, pa.scalar("C", pa.large_string()))
        is_named = named[touch] & (rng.random(size) < 0.8)
        part = pa.table(
            {
                "account_id": of,
                "occurred_at": (np.datetime64(start, "ns") + day * np.timedelta64(1, "D")).astype("datetime64[ns]"),
                "kind": kinds.take(pa.array(touch)),
                "direction": directions.take(pa.array(touch)),
                "contact_id": pa.compute.if_else(pa.array(is_named), contact, None),
                "minutes": pa.array(rng.integers(1, 60, size).astype("float64")),
                "known_at": np.datetime64(start, "ns") + (day + late) * np.timedelta64(1, "D"),
            }
        )
        writer = writer or pq.ParquetWriter(path, part.schema)
        writer.write_table(part)
    assert writer is not None
    writer.close()


def _write_others(folder: Path, accounts: pd.DataFrame) -> None:
    deals = pd.DataFrame(
        {
            "deal_id": pd.Series(["d1"], dtype="str"),
            "account_id": accounts["account_id"].iloc[:1],
            "opened_at": [AS_OF - pd.Timedelta(days=400)],
            "closed_at": [AS_OF - pd.Timedelta(days=300)],
            "outcome": pd.Series(["won"], dtype="str"),
            "acv": [1000.0],
        }
    )
    columns = {"children": ["account_id", "unit_id", "name", "depth"], "rejected": ["table"], "sources": ["table"]}
    parts = {name: pd.DataFrame({c: pd.Series(dtype="str") for c in of}) for name, of in columns.items()}
    alike = pd.DataFrame({c: pd.Series(dtype="str") for c in ("account_id", "duplicate_of", "rule", "evidence")})
    write_tables(Tables(frames={"accounts": accounts, "deals": deals}, alike=alike, **parts), folder)
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    (folder / "about.json").write_text(json.dumps({**about, "tables": [*about["tables"], "activities"]}))
