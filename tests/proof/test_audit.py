import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tierkit.errors import SheetError
from tierkit.features.asof import build_account_rows, build_deal_rows
from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.models.acv import fit_acv
from tierkit.models.propensity import fit_propensity
from tierkit.models.scoring import score_accounts
from tierkit.proof import audit as auditing
from tierkit.proof.audit import COLUMNS, audit_breaches, audit_run
from tierkit.runsheet import check_sheet
from tierkit.tiering.assign import assign_tiers
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.policy import Policy

AS_OF = pd.Timestamp("2026-10-31")
POLICY = Policy(stability="low")


@pytest.fixture(scope="module")
def run():
    tables = open_tables(simulate_company(seed=3, n_accounts=1000, months=24, n_reps=3).frames)
    rows = build_deal_rows(tables, before=AS_OF, settings=FeatureSettings(horizon_days=120))
    today = build_account_rows(tables, as_of=AS_OF)
    verdicts = screen_features(rows, scoring=today, known_at_close=tables.known_at_close)
    win = fit_propensity(rows, verdicts, seed=1)
    acv = fit_acv(rows, verdicts, seed=1, compare=False)
    gated = gate_accounts(score_accounts(today, None, win, acv), tables, POLICY, as_of=AS_OF)
    tiers = assign_tiers(gated, tables, POLICY, as_of=AS_OF)
    return {"rows": rows, "verdicts": verdicts, "win": win, "gated": gated, "tiers": tiers, "tables": tables}


def audited(run, **changed):
    parts = {**run, **changed}
    order = ("rows", "verdicts", "win", "gated", "tiers", "tables")
    promises = parts.get("promises")
    told = {k: parts[k] for k in ("chain", "waived") if k in parts}
    table = audit_run(*(parts[k] for k in order), POLICY, as_of=AS_OF, seed=7, promises=promises, **told)
    assert list(table.columns) == COLUMNS
    return table.set_index("check")


def failed(table):
    return set(table.index[~table["passed"] & (table["severity"] == "stop")])


def test_a_healthy_run_passes(run):
    table = audited(run)
    assert failed(table) == set()
    assert len(table) == 8
    assert 0.4 < table.loc["permuted labels", "figure"] < table.loc["permuted labels", "limit"] < 0.65
    assert audit_breaches(table.reset_index()) == []


def test_a_pipeline_that_remembers_its_test_rows_fails_on_shuffled_labels(run, monkeypatch):
    # A fault put in on purpose: a fit that sees every shuffled outcome, as one does that leaks across the split.
    class Oracle:
        def predict(self, rows):
            return rows["won_in_horizon"].to_numpy()

    monkeypatch.setattr(auditing, "fit_propensity", lambda *_, **__: Oracle())
    table = audited(run)
    assert failed(table) == {"permuted labels"}
    assert table.loc["permuted labels", "figure"] == 1


def test_a_model_worse_than_the_base_rate_stops_and_one_no_better_warns(run):
    win = run["win"]
    worse = win.comparison.copy()
    chosen = worse["chosen"].astype(bool)
    base = worse.loc[worse["method"] == "base_rate", "log_loss"].iloc[0]

    def with_loss(loss):
        return type(win)(**{**vars(win), "comparison": worse.assign(log_loss=worse["log_loss"].where(~chosen, loss))})

    assert failed(audited(run, win=with_loss(base + 0.5))) == {"not worse than the base rate"}
    table = audited(run, win=with_loss(base + 1e-6))
    assert failed(table) == set()
    assert not table.loc["better than the base rate", "passed"]


def test_a_screen_that_lets_the_future_in_stops(run):
    order = ("rows", "verdicts", "win", "gated", "tiers", "tables")
    lifted = FeatureSettings(known_at_opening=("planted_figure",))
    table = audit_run(*(run[k] for k in order), POLICY, as_of=AS_OF, seed=7, features=lifted)
    assert failed(table.set_index("check")) == {"planted future column"}


def test_lost_accounts_stop(run):
    assert failed(audited(run, gated=run["gated"].iloc[1:])) >= {"gates sum to the input"}
    assert failed(audited(run, tiers=run["tiers"].iloc[1:])) == {"one tier each"}
    doubled = pd.concat([run["tiers"], run["tiers"].iloc[:1]])
    assert "one tier each" in failed(audited(run, tiers=doubled))


def test_a_rep_over_capacity_stops(run):
    tiers = run["tiers"].copy()
    owner = tiers["owner_id"].mode().iloc[0]
    theirs = tiers.index[tiers["owner_id"] == owner][:60]
    tiers.loc[theirs, "tier"] = 1
    table = audited(run, tiers=tiers)
    assert failed(table) == {"capacity"}
    assert table.loc["capacity", "figure"] >= 50
    (breach,) = audit_breaches(table.reset_index())
    assert re.fullmatch(r"capacity: .* holds \d+ Tier 1 accounts in 5 slots", breach)


def test_a_touched_promise_stops(run):
    promises = pd.DataFrame({"as_of": [pd.Timestamp("2026-01-31")] * 2, "intact": [True, False]})
    assert failed(audited(run, promises=promises)) == {"promises intact"}
    whole = promises.assign(intact=True)
    assert failed(audited(run, promises=whole)) == set()
    chain = pd.DataFrame({"month": ["2026-01", "2026-02"], "status": ["intact", "removed"]})
    assert failed(audited(run, promises=whole, chain=chain)) == {"promises intact"}
    assert failed(audited(run, promises=whole.iloc[:0], chain=chain)) == {"promises intact"}


def test_a_waived_check_stops_nothing_and_is_told_apart(run):
    promises = pd.DataFrame({"as_of": [pd.Timestamp("2026-01-31")], "intact": [False]})
    waived = ("promises intact", "permuted labels")
    table = audited(run, promises=promises, waived=waived).reset_index()
    assert table.loc[table["waived"], "check"].tolist() == ["promises intact"]
    assert audit_breaches(table) == []
    (told,) = audit_breaches(table, waived=True)
    assert told == "promises intact: 2026-01 no longer as frozen: put the files back from a backup"


def test_that_slots_hold_cannot_be_waived():
    with pytest.raises(SheetError, match="permuted labels"):
        check_sheet({"proof": {"publish_despite": ["capacity"]}}, folder=Path())


def test_a_model_worse_than_size_alone_is_warned_of(run):
    win = run["win"]
    table = win.comparison
    size = table["method"] == "size_only"
    better = table.assign(log_loss=table["log_loss"].where(~size, 0.1))
    row = audited(run, win=type(win)(**{**vars(win), "comparison": better})).loc["better than size alone"]
    assert (row["severity"], bool(row["passed"])) == ("warn", False)
    assert row["sentence"].endswith("0.1000 of company size alone.")


def test_without_a_model_the_rest_is_checked(run):
    table = audited(run, win=None)
    assert "permuted labels" not in table.index
    assert failed(table) == set()


def test_auc_of_chance_has_the_spread_it_claims():
    rng = np.random.default_rng(1)
    won = np.repeat([1.0, 0.0], [30, 70])
    areas = [auditing._auc(won, rng.normal(size=100)) for _ in range(2000)]
    assert np.std([a for a, _, _ in areas]) == pytest.approx(areas[0][2] ** 0.5, rel=0.05)
    assert auditing._auc(np.array([1.0, 0, 0]), np.array([0.5, 0.5, 0.2]))[0] == 0.75
