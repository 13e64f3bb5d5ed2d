import pandas as pd
import pytest

from tierkit.inputs import tables as of_tables
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.kept import read_tables, write_tables
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company


@pytest.fixture(scope="module")
def frames():
    frames = simulate_company(seed=5, n_accounts=150).frames
    # Half cents, days before 1970, touches known before they happened, and a table without some of its columns.
    deals = frames["deals"].assign(acv=frames["deals"]["acv"].where(frames["deals"].index % 7 > 0, 12.345))
    accounts = frames["accounts"].assign(
        created_at=frames["accounts"]["created_at"].mask(frames["accounts"].index == 3)
    )
    accounts.loc[accounts.index[:2], "created_at"] = pd.Timestamp("1969-12-30")
    touches = frames["activities"].assign(known_at=frames["activities"]["occurred_at"] - pd.Timedelta(days=3))
    return {**frames, "deals": deals, "accounts": accounts, "activities": touches.drop(columns=["minutes"])}


@pytest.fixture(scope="module")
def kept(frames, tmp_path_factory):
    tables = open_tables(frames)
    folder = tmp_path_factory.mktemp("kept") / "o'tables"
    write_tables(tables, folder)
    return tables, folder


@pytest.mark.parametrize("long", [0, 10**9])
def test_sql_reads_of_files_what_it_reads_of_frames(kept, monkeypatch, long):
    tables, folder = kept
    monkeypatch.setattr(of_tables, "LONG", long)
    on_disk = read_tables(folder)
    for table in CONTRACTS:
        text = f"SELECT * FROM stage_{table} ORDER BY ALL"
        pd.testing.assert_frame_equal(on_disk.sql(text), tables.sql(text), obj=table)


def test_tables_are_read_when_they_are_asked_for(kept):
    tables, folder = kept
    on_disk = read_tables(folder)
    assert on_disk.has("activities", "direction")
    assert not on_disk.has("activities", "minutes")
    assert not on_disk.has("holdout")
    assert len(on_disk.sql("SELECT 1 FROM stage_activities")) == len(tables.frame("activities"))
    assert on_disk.frames._read == {}
    pd.testing.assert_frame_equal(on_disk.frame("activities"), tables.frame("activities"))
    assert list(on_disk.frames._read) == ["activities"]


@pytest.mark.parametrize("places", [[0, 40, 7], []])
def test_rows_of_some_accounts_are_those_of_the_whole(kept, places):
    tables, folder = kept
    some = tables.frame("accounts")["account_id"].iloc[places]
    for table in ("activities", "deals", "signals", "reps", "holdout"):
        one, other = (t.rows_of(table, some).reset_index(drop=True) for t in (tables, read_tables(folder)))
        pd.testing.assert_frame_equal(one, other, obj=table)
    assert set(tables.rows_of("activities", some)["account_id"]) <= set(some)


def test_another_frame_in_place_of_one_leaves_the_others_on_disk(kept):
    tables, folder = kept
    deals = tables.frame("deals").head(3)
    other = read_tables(folder).with_frame("deals", deals).with_frame("reps", tables.frame("reps").head(1))
    counts = [int(other.sql(f"SELECT COUNT(*) AS n FROM stage_{t}")["n"].iloc[0]) for t in ("deals", "reps", "signals")]
    assert counts == [3, 1, len(tables.frame("signals"))]
    assert "signals" not in other.frames.maps[-1]._read
    assert list(tables.with_frame("deals", deals).frame("deals")["deal_id"]) == list(deals["deal_id"])


def test_some_columns_are_those_of_the_whole_and_no_others_are_read(kept):
    tables, folder = kept
    on_disk, names = read_tables(folder), ["account_id", "occurred_at", "minutes"]
    for table in ("activities", "signals", "holdout"):
        one, other = (t.columns_of(table, names).reset_index(drop=True) for t in (tables, on_disk))
        pd.testing.assert_frame_equal(one, other, obj=table)
    assert list(on_disk.columns_of("activities", names)) == names[:2]
    assert on_disk.frames._read == {}
