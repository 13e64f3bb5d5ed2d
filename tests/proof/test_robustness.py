"""Tier 1 under another seed, without a tenth of the accounts, without a source."""

import pandas as pd
import pytest

import tierkit as tk
from tests.journey import POLICY, small_company
from tierkit.proof.audit import audit_run
from tierkit.proof.robustness import COLUMNS, tier_robustness

AS_OF = "2026-10-31"


@pytest.fixture(scope="module")
def run():
    tables = tk.open_tables(small_company().frames)
    train = tk.build_deal_rows(tables, before=AS_OF, horizon_days=150)
    panel = tk.build_panel_rows(tables, before=AS_OF, horizon_days=150)
    today = tk.build_account_rows(tables, as_of=AS_OF)
    verdicts, opening_verdicts = tk.screen_features(train, scoring=today), tk.screen_features(panel, scoring=today)
    how = {"seed": 1, "compare": False}
    opening = tk.fit_opening(panel, opening_verdicts, **how)
    win, acv = tk.fit_propensity(train, verdicts, **how), tk.fit_acv(train, verdicts, **how)
    gated = tk.gate_accounts(tk.score_accounts(today, opening, win, acv), tables, POLICY, as_of=AS_OF)
    return {
        "today": today,
        "deals": train,
        "panel": panel,
        "verdicts": verdicts,
        "opening_verdicts": opening_verdicts,
        "opening": opening,
        "win": win,
        "acv": acv,
        "gated": gated,
        "tables": tables,
    }


def robustness(run, *, seed=1):
    return tier_robustness(*run.values(), POLICY, as_of=AS_OF, seed=seed).set_index("variation")


def test_one_row_for_each_thing_that_should_not_matter_much(run):
    table = robustness(run)
    assert table.index.tolist() == [
        "another seed",
        "a tenth of accounts left out",
        "without activities",
        "without signals",
    ]
    assert [*table.reset_index().columns] == COLUMNS
    assert (table["share_kept"] == table["n_kept"] / table["n_tier1"]).all()
    assert (table["passed"] == (table["share_kept"] >= table["limit"])).all()
    assert table.loc["another seed", "share_kept"] >= table.loc["without activities", "share_kept"]
    # behaviour is most of what tells these accounts apart
    assert table.loc["without activities", "n_kept"] < table.loc["without activities", "n_tier1"]
    pd.testing.assert_frame_equal(table, robustness(run))


def test_the_order_of_rows_changes_nothing(run):
    turned = run | {name: run[name].iloc[::-1] for name in ("today", "deals", "panel", "gated")}
    pd.testing.assert_frame_equal(robustness(turned), robustness(run))


def test_a_source_that_was_not_given_is_not_missed(run):
    tables = tk.open_tables({k: v for k, v in small_company().frames.items() if k != "signals"})
    assert "without signals" not in robustness(run | {"tables": tables}).index


def test_what_fails_is_a_warning_of_the_audit(run):
    shaky = robustness(run).reset_index().assign(share_kept=0.1, passed=False)
    tiers = tk.assign_tiers(run["gated"], run["tables"], POLICY, as_of=AS_OF)
    audit = audit_run(
        run["deals"],
        run["verdicts"],
        None,
        run["gated"],
        tiers,
        run["tables"],
        POLICY,
        as_of=AS_OF,
        seed=1,
        robustness=shaky,
    ).set_index("check")
    assert set(audit.loc[shaky["variation"], "severity"]) == {"warn"}
    assert not audit.loc[shaky["variation"], "passed"].any()
