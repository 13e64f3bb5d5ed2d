"""The features on the simulated company, whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from tierkit.features.asof import build_account_rows, build_deal_rows, build_panel_rows
from tierkit.features.fit import fit_icp, score_fit
from tierkit.features.leaks import screen_features, usable_columns
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import Sample, simulate_company
from tierkit.inputs.tables import Tables

UNTIL = pd.Timestamp("2026-10-31")
CUT = pd.Timestamp("2025-09-30")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return simulate_company(seed=11, n_accounts=800)


@pytest.fixture(scope="module")
def tables(sample: Sample) -> Tables:
    return open_tables(sample.frames)


@pytest.fixture(scope="module")
def train(tables: Tables) -> pd.DataFrame:
    return build_deal_rows(tables, before=UNTIL)


def scrambled(sample: Sample) -> dict[str, pd.DataFrame]:
    """The company with another future: what happened or became known after CUT is shuffled, dropped or overwritten."""
    rng = np.random.default_rng(5)
    frames = {name: frame.copy() for name, frame in sample.frames.items()}
    for name in ("activities", "signals"):
        late = frames[name]["known_at"].fillna(frames[name]["occurred_at"]) > CUT
        future = frames[name][late].sample(frac=0.5, random_state=1)
        future["account_id"] = rng.permutation(future["account_id"].to_numpy())
        frames[name] = pd.concat([frames[name][~late], future], ignore_index=True)
    history = frames["account_history"]
    late = history["known_at"] > CUT
    shown = history.loc[late, "value"].sample(frac=1, random_state=2).to_numpy()
    frames["account_history"].loc[late, "value"] = np.where(history.loc[late, "field"] == "employees", "77", shown)
    deals = frames["deals"]
    deals = deals[~((deals["opened_at"] > CUT) & (np.arange(len(deals)) % 2 == 0))].copy()
    closing = (deals["closed_at"] > CUT) & (deals["outcome"] != "open")
    deals.loc[closing, "outcome"] = np.where(deals.loc[closing, "outcome"] == "won", "lost", "won")
    frames["deals"] = deals
    return frames


def test_another_future_gives_the_same_rows(sample: Sample, tables: Tables) -> None:
    other = open_tables(scrambled(sample))
    pd.testing.assert_frame_equal(build_account_rows(tables, as_of=CUT), build_account_rows(other, as_of=CUT))
    own = ["acv"]
    train, train_other = (build_deal_rows(t, before=CUT).drop(columns=own) for t in (tables, other))
    pd.testing.assert_frame_equal(train, train_other)
    panel, panel_other = (build_panel_rows(t, before=CUT) for t in (tables, other))
    pd.testing.assert_frame_equal(panel, panel_other)
    assert len(panel) > 1000


def test_counts_are_those_pandas_finds(sample: Sample, tables: Tables, train: pd.DataFrame) -> None:
    touches = tables.frame("activities")
    day = touches["known_at"].where(touches["known_at"] > touches["occurred_at"], touches["occurred_at"])
    for row in train.iloc[::60].to_dict("records"):
        inside = (touches["account_id"] == row["account_id"]) & (day <= row["as_of"])
        inside &= touches["occurred_at"] >= row["as_of"] - pd.Timedelta(days=90)
        found = touches[inside]
        assert row["n_inbound_90d"] == (found["direction"] == "inbound").sum()
        assert row["n_contacts_90d"] == found["contact_id"].nunique()


def test_the_planted_leak_is_refused_and_nothing_honest_is(train: pd.DataFrame, tables: Tables) -> None:
    today = build_account_rows(tables, as_of=UNTIL)
    renamed = train.rename(columns={"crm_probability": "field_17"})
    verdicts = screen_features(renamed, scoring=today).set_index("column")
    assert verdicts.loc["field_17", "verdict"] == "refused"
    assert verdicts.loc["field_17", "rule"] == "value"
    useless = verdicts.index[verdicts["rule"].isin(["constant"])]
    refused = set(verdicts.index[verdicts["verdict"] == "refused"]) - set(useless)
    assert refused == {"acv", "term_months", "field_17"}
    usable = usable_columns(verdicts.reset_index())
    assert set(usable) <= set(today.columns)


def test_fit_finds_who_wins(sample: Sample, train: pd.DataFrame, tables: Tables) -> None:
    scored = score_fit(train, fit_icp(train), tables, as_of=UNTIL)
    truth = scored.merge(sample.truth["deals"][["deal_id", "win_prob_untreated"]], on="deal_id")
    assert truth["fit_score"].corr(truth["win_prob_untreated"], method="spearman") > 0.45


def test_deals_alone_give_rows_and_verdicts(sample: Sample) -> None:
    tables = open_tables({"deals": sample.frames["deals"].drop(columns="account_id")})
    rows = build_deal_rows(tables, before=UNTIL)
    today = build_account_rows(tables, as_of=UNTIL)
    assert rows["account_id"].equals(rows["deal_id"])
    assert len(today) == (tables.frame("deals")["outcome"] == "open").sum() - _existing(tables, outcome="open")
    usable = usable_columns(screen_features(rows, scoring=today))
    assert {"product", "seats", "use_case", "source"} <= set(usable)
    assert not {"acv", "crm_probability"} & set(usable)


def _existing(tables: Tables, *, outcome: str) -> int:
    deals = tables.frame("deals")
    return int(((deals["outcome"] == outcome) & (deals["deal_type"] != "new")).sum())
