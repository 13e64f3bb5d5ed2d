"""Exports no one here made, opened by their run sheets; rows and rates as their publishers state them."""

import os
from pathlib import Path

import pytest

from tierkit.inputs.opening import open_tables
from tierkit.inputs.tables import Tables
from tierkit.runsheet import read_sheet

FOLDER = os.environ.get("TIERKIT_REAL_DATA", "")
SHEETS = Path(__file__).parents[1] / "sheets"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FOLDER, reason="TIERKIT_REAL_DATA names no folder of real exports"),
]


def open_sheet(name: str) -> Tables:
    data = read_sheet(SHEETS / f"{name}.toml").data
    inside = Path(data.folder).relative_to("data")
    return open_tables(data.model_copy(update={"folder": str(inside)}), root=FOLDER)


def test_ibm():
    tables = open_sheet("ibm")
    deals = tables.frame("deals")
    assert len(deals) == 78_025
    assert (deals["outcome"] == "won").mean() == pytest.approx(0.226, abs=0.0005)
    # 1.9 % of wins have amount 0
    won = deals["outcome"] == "won"
    assert deals.loc[won, "acv"].isna().mean() == pytest.approx(0.019, abs=0.0015)
    # 183 repeated opportunity numbers keep their rows, under one key
    assert deals.loc[deals["group_key"].duplicated(keep=False), "group_key"].nunique() == 183
    assert not tables.is_dated


def test_olist():
    tables = open_sheet("olist")
    deals = tables.frame("deals")
    # of 842 wins some were won before their first contact
    assert len(deals) + len(tables.rejected) == 8_000
    assert set(tables.rejected["rule"]) == {"must not be before opened_at"}
    assert (deals["outcome"] == "won").sum() == 842 - len(tables.rejected)
    assert (deals["outcome"] == "open").sum() == 8_000 - 842
    assert {"business_segment", "declared_monthly_revenue", "avg_review_score"} <= set(tables.known_at_close)
    assert "source" not in tables.known_at_close
    # a repeated header whose second column is blank in 5 rows
    assert "seller_revenue.csv: column 'seller_id' is repeated, the first was used; 5 rows differ" in tables.notes
    assert tables.is_dated


def test_salvirt():
    tables = open_sheet("salvirt")
    deals = tables.frame("deals")
    assert len(deals) == 448
    assert (deals["outcome"] == "won").mean() == pytest.approx(0.507, abs=0.0005)
    assert "salvirt_b2b.csv: columns are separated by ';'" in tables.notes
    assert deals["Deal_type as given"].nunique() == 4
