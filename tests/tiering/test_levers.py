"""Changes that an account or we could bring about: whole rows, inside the usual range, and nothing else touched."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.features.windows import WINDOWS
from tierkit.tiering.levers import lever_rows

KINDS = ("web_visit", "email")


def make_rows(seed: int, n: int = 40) -> pd.DataFrame:
    """Feature rows that hang together: longer windows hold the shorter, the kinds make the whole."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"account_id": [f"A{i:03d}" for i in range(n)], "industry": "Software", "employees": 90.0})
    for kind in KINDS:
        count = np.zeros(n)
        for w in WINDOWS:
            count = count + rng.poisson(0.7, n)
            rows[f"n_{kind}_inbound_{w}d"] = count
    for w in WINDOWS:
        rows[f"n_inbound_{w}d"] = sum(rows[f"n_{kind}_inbound_{w}d"] for kind in KINDS)
    rows["n_contacts_inbound_90d"] = np.minimum(rng.integers(0, 3, n), rows["n_inbound_90d"])
    extra = np.minimum(rng.integers(0, 3, n), rows["n_inbound_365d"] - rows["n_contacts_inbound_90d"])
    rows["n_contacts_inbound_365d"] = rows["n_contacts_inbound_90d"] + extra
    rows["n_contacts_90d"], rows["n_contacts_365d"] = rows["n_contacts_inbound_90d"], rows["n_contacts_inbound_365d"]
    first = np.select([rows[f"n_inbound_{w}d"] > 0 for w in WINDOWS], [10.0, 60.0, 120.0, 300.0], 366.0)
    rows["days_since_inbound"] = first
    recent, earlier = rows["n_inbound_90d"], rows["n_inbound_180d"] - rows["n_inbound_90d"]
    rows["inbound_trend"] = (recent - earlier) / np.maximum(recent + earlier, 1)
    rows["live_funding"] = (rng.random(n) < 0.2).astype(float)
    rows["tech_crm"] = np.where(rng.random(n) < 0.1, np.nan, rng.random(n) < 0.5)
    rows["n_email_outbound_90d"] = rng.poisson(2.0, n).astype(float)
    return rows


def hangs_together(rows: pd.DataFrame) -> None:
    for w in WINDOWS:
        assert np.allclose(rows[f"n_inbound_{w}d"], sum(rows[f"n_{k}_inbound_{w}d"] for k in KINDS))
        assert (rows["days_since_inbound"][rows[f"n_inbound_{w}d"] == 0] > w).all()
        assert (rows["days_since_inbound"][rows[f"n_inbound_{w}d"] > 0] <= w).all()
    for name in (*(f"n_{k}_inbound" for k in KINDS), "n_inbound"):
        counts = rows[[f"{name}_{w}d" for w in WINDOWS]].to_numpy()
        assert (counts >= 0).all()
        assert (np.diff(counts, axis=1) >= 0).all()
    assert (rows["n_contacts_inbound_90d"] <= rows["n_inbound_90d"]).all()
    assert (rows["n_contacts_inbound_365d"] <= rows["n_inbound_365d"]).all()
    recent, earlier = rows["n_inbound_90d"], rows["n_inbound_180d"] - rows["n_inbound_90d"]
    assert np.allclose(rows["inbound_trend"], (recent - earlier) / np.maximum(recent + earlier, 1))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_every_changed_row_hangs_together_and_keeps_what_nobody_can_change(seed: int) -> None:
    rows = make_rows(seed)
    hangs_together(rows)
    before = rows.copy()
    up = np.arange(len(rows)) % 2 == 0
    changed, about = lever_rows(rows, rows, up)
    pd.testing.assert_frame_equal(rows, before)
    hangs_together(changed)
    was = rows.iloc[about["at"]].reset_index(drop=True)
    fixed = ["account_id", "industry", "employees", "n_email_outbound_90d"]
    pd.testing.assert_frame_equal(changed[fixed], was[fixed])
    assert about["shift"].gt(0).all()
    touched = about["lever"].isin(["touches", "people"]).to_numpy()
    rises = (about["then"] > about["now"]).to_numpy()
    assert (rises[touched] == up[about["at"]][touched]).all()  # who is to rise gets more, who is to fall fewer
    assert not up[about["at"][about["lever"] == "quiet"]].any()


def test_a_count_stays_inside_what_is_usual() -> None:
    rows = make_rows(1, 200)
    column = "n_web_visit_inbound_90d"
    _, about = lever_rows(rows, rows, np.ones(len(rows), dtype=bool))
    usual = np.ceil(rows.loc[rows[column] > 0, column].quantile(0.75))
    visits = about[(about["lever"] == "touches") & (about["what"] == "web visit")]
    assert visits["then"].max() == usual
    some = visits[visits["now"] == 0]
    assert sorted(some["then"].unique()) == list(np.arange(1, usual + 1))  # the smallest step is one touch


def test_a_tool_nobody_or_everybody_uses_is_no_lever_and_an_unknown_stack_is_left() -> None:
    rows = make_rows(2).assign(tech_rare=0.0, tech_common=1.0)
    _, about = lever_rows(rows, rows, np.ones(len(rows), dtype=bool))
    tools = about[about["lever"] == "technology"]
    assert set(tools["what"]) == {"crm"}
    assert not rows["tech_crm"].iloc[tools["at"]].isna().any()


def test_rows_without_activities_have_only_signals_and_tools() -> None:
    rows = make_rows(3)[["account_id", "live_funding", "tech_crm"]]
    _, about = lever_rows(rows, rows, np.ones(len(rows), dtype=bool))
    assert set(about["lever"]) == {"signal", "technology"}
    none, about = lever_rows(rows[["account_id"]], rows[["account_id"]], np.ones(len(rows), dtype=bool))
    assert none.empty
    assert about.empty
