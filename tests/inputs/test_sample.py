"""The simulated company is what its README says, and the demo is it."""

import functools
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import Sample, simulate_company, write_sample
from tierkit.inputs.sample.company import DEMO_SEED

DEMO = Path(__file__).parents[2] / "data" / "demo"
UNTIL = pd.Timestamp("2026-10-31")
TIERING = pd.Timestamp("2025-05-01")


@functools.cache
def company(seed: int = DEMO_SEED, effect: float = 0.5) -> Sample:
    return simulate_company(seed=seed, tiering_effect=effect)


@functools.cache
def mature_deals(seed: int = DEMO_SEED, effect: float = 0.5) -> pd.DataFrame:
    """New-business deals that opened 180 days or more before the end, with truth and won_in_180."""
    sample = company(seed, effect)
    deals = sample.truth["deals"].merge(
        sample.frames["deals"][["deal_id", "outcome", "closed_at", "acv"]], on="deal_id"
    )
    days = (deals["closed_at"] - deals["opened_at"]).dt.days
    deals["won_in_180"] = ((deals["outcome"] == "won") & (days <= 180)).astype(float)
    return deals[deals["opened_at"] + pd.Timedelta(days=180) <= UNTIL].reset_index(drop=True)


TABLES = sorted(set(CONTRACTS) - {"holdout", "rates", "identity"})
"""What the company exports; it has not put its tiers to a randomised test."""


def auc(label: pd.Series, score: pd.Series) -> float:
    """Mann-Whitney: share of (positive, negative) pairs in the right order, ties half."""
    y = label.to_numpy() == 1
    n1, n0 = y.sum(), (~y).sum()
    return float((rankdata(score)[y].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def test_the_documented_command_writes_the_demo_again(tmp_path):
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-m", "tierkit.inputs.sample", str(tmp_path)], check=True, cwd=root)
    for name in TABLES:
        (path,) = DEMO.glob(f"{name}.*")
        again = tmp_path / path.name
        if path.suffix == ".parquet":
            pd.testing.assert_frame_equal(pd.read_parquet(again), pd.read_parquet(path), obj=name)
        else:
            unpack = gzip.decompress if path.suffix == ".gz" else bytes
            assert unpack(again.read_bytes()) == unpack(path.read_bytes()), name


def test_the_demo_is_small_and_holds_no_truth():
    files = [p for p in DEMO.iterdir() if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= 4 * 2**20
    assert {p.name.split(".")[0] for p in files} == set(TABLES)


def test_the_demo_opens_without_a_rejected_row():
    tables = open_tables(DEMO)
    assert len(tables.rejected) == 0
    assert tables.data_through == UNTIL
    assert len(tables.children) == 120
    acv = tables.frame("deals").set_index("deal_id")["acv"]
    pd.testing.assert_series_equal(acv, company().frames["deals"].set_index("deal_id")["acv"])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_sample(simulate_company(seed=seed, n_accounts=200), tmp_path / folder)
    a, b, c = ({p.name: p.read_bytes() for p in (tmp_path / f).iterdir()} for f in "abc")
    assert a == b
    assert {k for k in a if a[k] == c[k]} == {"reps.csv"}


@pytest.mark.parametrize("table", TABLES)
def test_tables_keep_their_contracts(table):
    frame, contract = company().frames[table], CONTRACTS[table]
    assert len(frame)
    assert set(contract.required) <= set(frame.columns)
    assert not frame[contract.required].isna().any(axis=None)
    if contract.key:
        assert not frame.duplicated(list(contract.key)).any()
    for column in (c for c in contract.columns if c.name in frame):
        values = frame[column.name].dropna()
        if column.values:
            assert set(values) <= set(column.values)
        if column.low is not None:
            assert (values >= column.low).all()
        if column.high is not None:
            assert (values <= column.high).all()
        if column.kind == "money":
            cents = values * 100
            assert (cents - cents.round()).abs().max() < 1e-4
        if column.kind == "date":
            assert (values == values.dt.normalize()).all()
            future = column.name in ("expires_at",) or (table == "deals" and column.name == "closed_at")
            assert future or (values <= UNTIL).all()


def test_rows_refer_to_accounts_that_exist_by_then():
    frames = company().frames
    created = frames["accounts"].set_index("account_id")["created_at"]
    when = {"deals": "opened_at", "activities": "occurred_at", "signals": "occurred_at", "tier_history": "valid_from"}
    for name, frame in frames.items():
        if "account_id" in frame:
            ids = frame["account_id"].dropna()
            assert ids.isin(created.index).all(), name
        if name in when:
            assert (frame[when[name]] >= frame["account_id"].map(created)).all(), name
    assert frames["accounts"]["account_id"].str.fullmatch(r"\d{6}").all()
    assert frames["accounts"]["account_id"].str.startswith("0").any()
    deals = frames["deals"]
    assert (deals["closed_at"] > deals["opened_at"]).all()
    assert (deals.loc[deals["outcome"] == "open", "closed_at"] > UNTIL).all()
    assert (frames["activities"]["known_at"] >= frames["activities"]["occurred_at"]).all()
    assert set(frames["activities"]["contact_id"].dropna()) <= set(frames["contacts"]["contact_id"])


def test_history_begins_with_every_unit_and_ends_with_the_account_table():
    frames = company().frames
    accounts = frames["accounts"]
    roots = accounts[accounts["parent_id"].isna()].set_index("account_id")
    history = frames["account_history"]
    assert set(history["account_id"]) == set(roots.index)
    first = history.drop_duplicates(["account_id", "field"])
    assert (first["known_at"] == first["account_id"].map(roots["created_at"])).all()
    assert not history.duplicated(["account_id", "field", "known_at"]).any()
    twins = roots.index[roots["domain"].str.startswith("www.")]
    last = history.drop_duplicates(["account_id", "field"], keep="last").pivot_table(
        index="account_id", columns="field", values="value", aggfunc="last"
    )
    told = pd.to_numeric(last["employees"].replace("", None)).drop(twins)
    pd.testing.assert_series_equal(
        told.astype("float64"), roots["employees"].drop(twins).sort_index(), check_names=False, check_dtype=False
    )


@pytest.mark.parametrize("seed", [DEMO_SEED, 1])
def test_deals_come_in_useful_numbers(seed):
    sample = company(seed)
    deals = sample.frames["deals"]
    new = deals[(deals["deal_type"] == "new") & (deals["opened_at"] >= "2023-11-01")]
    assert 90 <= len(new) / 36 <= 130
    assert set(deals["deal_type"]) == {"new", "expansion", "renewal"}
    assert 150 <= ((deals["outcome"] == "open") & (deals["deal_type"] == "new")).sum() <= 600
    mature = mature_deals(seed)
    assert 0.23 <= mature["won_in_180"].mean() <= 0.31
    # Four standard errors of a rate of a quarter over about 4,500 deals are 0.026.
    assert abs(mature["won_in_180"].mean() - mature["win_prob"].mean()) < 0.026
    won = mature[mature["outcome"] == "won"]
    assert 0.92 <= won["won_in_180"].mean() <= 0.98


@pytest.mark.parametrize("seed", [DEMO_SEED, 1])
def test_truth_ranks_as_well_as_a_good_model_might(seed):
    before = mature_deals(seed)
    before = before[before["opened_at"] < TIERING]
    assert 0.70 <= auc(before["won_in_180"], before["win_prob"]) <= 0.78


def test_one_new_deal_at_a_time_and_none_after_a_win():
    truth = company().truth["deals"].sort_values(["account_id", "opened_at"])
    same = truth["account_id"].eq(truth["account_id"].shift())
    assert same.sum() > 500
    assert (truth["opened_at"] > truth["closes_at"].shift())[same].all()
    assert not truth["won_eventually"].shift(fill_value=False)[same].any()


def test_the_spike_before_opening_says_nothing_about_winning():
    sample = company()
    accounts, touches = sample.frames["accounts"], sample.frames["activities"]
    unit = accounts["parent_id"].fillna(accounts["account_id"]).set_axis(accounts["account_id"])
    day = touches["occurred_at"].astype("int64") // 86_400_000_000
    key = np.sort((touches["account_id"].map(unit).astype("int64") * 100_000 + day).to_numpy())
    deals = mature_deals()
    here = (
        deals["account_id"].astype("int64") * 100_000 + deals["opened_at"].astype("int64") // 86_400_000_000
    ).to_numpy()

    def count(first: int, last: int) -> np.ndarray:
        return np.searchsorted(key, here - last, side="right") - np.searchsorted(key, here - first, side="left")

    near, earlier = count(25, 1), count(55, 31)
    # The generator adds 2.4 + 1.6 = 4.0 touches on average, less the 5 % known late that fall past the end.
    assert 3.2 <= (near - earlier).mean() <= 4.8
    rest = pd.Series(near - earlier)
    assert abs(auc(deals["won_in_180"], rest) - 0.5) < 0.04
    # Earlier touches follow intent, so they do tell.
    assert auc(deals["won_in_180"], pd.Series(count(120, 31))) > 0.54


def test_the_effect_of_tiering_can_be_switched_off():
    on, off = mature_deals(), mature_deals(effect=0.0)
    for deals in (on, off):
        before = deals["opened_at"] < TIERING
        assert deals.loc[before, "tier_in_use"].isna().all()
        assert deals.loc[~before, "tier_in_use"].notna().all()
    assert (off["win_prob"] == off["win_prob_untreated"]).all()
    assert (on["win_prob"] == on["win_prob_untreated"])[on["tier_in_use"] != 1].all()
    top = on[on["tier_in_use"] == 1]
    # 0.5 on the log-odds scale of ever winning.
    odds = (top["p_eventual"] / (1 - top["p_eventual"])) / (
        top["p_eventual_untreated"] / (1 - top["p_eventual_untreated"])
    )
    assert np.allclose(np.log(odds), 0.5)
    assert 0.08 <= (top["win_prob"] - top["win_prob_untreated"]).mean() <= 0.12
    # Until the day it starts the two worlds are one.
    columns = ["account_id", "opened_at", "closes_at", "won_eventually", "expected_acv"]
    worlds = [d.loc[d["opened_at"] < TIERING, columns].reset_index(drop=True) for d in (on, off)]
    pd.testing.assert_frame_equal(*worlds)


def test_treated_deals_are_won_as_often_as_the_truth_says():
    tops = pd.concat([d[d["tier_in_use"] == 1] for d in map(mature_deals, (DEMO_SEED, 1))])
    # About 250 deals: a standard error of 0.03, so the mean untreated chance, 0.1 lower, is out of reach.
    error = np.sqrt((tops["win_prob"] * (1 - tops["win_prob"])).sum()) / len(tops)
    assert abs(tops["won_in_180"].mean() - tops["win_prob"].mean()) < 3 * error
    assert tops["won_in_180"].mean() > tops["win_prob_untreated"].mean() + error


def test_hand_set_tiers_are_about_ten_and_twenty_per_cent():
    tiers = company().frames["tier_history"]
    assert tiers["valid_from"].min() == TIERING
    start = tiers[tiers["valid_from"] == TIERING]["tier"].value_counts(normalize=True)
    assert np.allclose(start[[1, 2, 3]], [0.1, 0.2, 0.7], atol=0.01)
    now = tiers[tiers["valid_to"].isna()]
    assert not now["account_id"].duplicated().any()
    assert (tiers["valid_to"].dropna() >= tiers.loc[tiers["valid_to"].notna(), "valid_from"]).all()
    assert tiers["valid_to"].notna().sum() > 100


def test_expected_value_reconciles_with_value_won():
    expected = won = opened = n_opened = 0.0
    for seed in (DEMO_SEED, 1):
        panel, deals = company(seed).truth["panel"], mature_deals(seed)
        for as_of in pd.to_datetime(["2023-11-30", "2024-05-31", "2024-10-31", "2025-04-30", "2025-10-31"]):
            rows = panel[panel["as_of"] == as_of]
            window = deals[(deals["opened_at"] > as_of) & (deals["opened_at"] <= as_of + pd.Timedelta(days=180))]
            product = rows["open_prob"] * rows["win_prob"] * rows["expected_acv"]
            assert np.allclose(product, rows["expected_value"])
            expected += product.sum()
            won += (window["acv"] * window["won_in_180"]).sum()
            opened += rows["open_prob"].sum()
            n_opened += window["account_id"].nunique()
    # Value is heavy-tailed (10 windows of about 600 deals: standard error near 5 %), openings are not (1 %).
    assert abs(expected / won - 1) < 0.12
    assert abs(opened / n_opened - 1) < 0.05


def test_value_is_not_size_alone():
    panel = company().truth["panel"].merge(company().truth["firms"], on="account_id")
    deals = mature_deals()
    ratios = []
    for as_of in pd.to_datetime(["2024-01-31", "2024-07-31", "2025-01-31"]):
        rows = panel[panel["as_of"] == as_of]
        window = deals[(deals["opened_at"] > as_of) & (deals["opened_at"] <= as_of + pd.Timedelta(days=180))]
        value = (window["acv"] * window["won_in_180"]).groupby(window["account_id"]).sum()
        top = [
            value.reindex(rows.nlargest(len(rows) // 5, by)["account_id"]).sum() / value.sum()
            for by in ("expected_value", "employees")
        ]
        ratios.append(top)
    by_value, by_size = np.mean(ratios, axis=0)
    assert by_value > by_size + 0.08
    assert by_value < 0.9


def test_small_firms_lack_their_headcount():
    sample = company()
    firms = sample.truth["firms"].set_index("account_id")["employees"]
    gaps = sample.truth["missing"]
    assert set(gaps["cause"]) == {"small_firm", "vendor_gap", "never_assigned"}
    lacking = set(gaps.loc[gaps["field"] == "employees", "account_id"])
    lacks = firms.index.isin(lacking)
    # expit(-1 - 0.45 log(50 / 200)) = 0.41 at 50 people, expit(-1 - 0.45 log(5)) = 0.15 at 1,000.
    assert 0.35 <= lacks[(firms >= 45) & (firms <= 55)].mean() <= 0.50
    assert lacks[firms >= 1000].mean() < 0.25
    first = sample.frames["account_history"].drop_duplicates(["account_id", "field"])
    empty = first[(first["field"] == "employees") & (first["value"] == "")]
    assert lacking <= set(empty["account_id"])


def test_what_is_planted_is_there():
    frames = company().frames
    deals, touches, accounts = frames["deals"], frames["activities"], frames["accounts"]
    closed = deals[deals["outcome"] != "open"]
    assert auc((closed["outcome"] == "won").astype(float), closed["crm_probability"]) > 0.99
    late = (touches["known_at"] > touches["occurred_at"]).mean()
    assert 0.04 <= late <= 0.06
    assert 0.02 <= accounts["parent_id"].notna().mean() <= 0.04
    domain = accounts["domain"].str.lower().str.removeprefix("www.")
    assert 0.005 <= domain.duplicated().mean() <= 0.015
    assert domain.str.endswith(".example").all()
    live = (frames["overrides"]["created_at"] <= UNTIL) & (frames["overrides"]["expires_at"] >= UNTIL)
    assert 0 < live.sum() < len(live)
    assert set(touches["direction"]) == {"inbound", "outbound"}
    year = touches[(touches["direction"] == "outbound") & (touches["occurred_at"] > "2025-10-31")]
    reached = accounts["account_id"].isin(year["account_id"]) & (accounts["created_at"] <= "2025-10-31")
    assert 0.80 <= reached[accounts["parent_id"].isna()].mean() <= 0.92


def test_small_and_odd_requests():
    small = simulate_company(seed=3, n_accounts=120, n_reps=1, months=12, until="2025-02-28", tiering_effect=0.0)
    assert len(small.frames["accounts"]) == 120
    assert small.truth["panel"]["as_of"].nunique() == 12
    with pytest.raises(ValueError, match="last day of a month"):
        simulate_company(seed=3, until="2026-10-30")
    with pytest.raises(ValueError, match="at least 100 accounts"):
        simulate_company(seed=3, n_accounts=10)
