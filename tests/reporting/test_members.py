"""The membership probability inside a run, and how often the models are refitted for it."""

import json

import pandas as pd
import pytest

from tests.models.truth import make_deals, make_verdicts
from tests.tiering.books import tables_of
from tierkit.models.acv import fit_acv
from tierkit.models.linear import Ridge
from tierkit.models.propensity import fit_propensity
from tierkit.models.scoring import score_accounts
from tierkit.reporting.runs import ASKED, Run, fingerprint, open_run
from tierkit.runsheet import read_sheet

SHEET = "[models]\nrefits = 5\n[tiers]\nsizes = [20, 40]\nstrategic_slots = 0\npromotion_share = 0\n"


@pytest.fixture
def run(tmp_path) -> Run:
    """A run that kept everything the membership probability is made of."""
    (tmp_path / "tierkit.toml").write_text(SHEET)
    run = open_run("2026-10", sheet=tmp_path / "tierkit.toml")
    deals, verdicts = make_deals(800, seed=1), make_verdicts()
    win = fit_propensity(deals, verdicts, seed=1, compare=False, ridge=Ridge(0.03))
    acv = fit_acv(deals, verdicts, seed=1, compare=False, ridge=Ridge(0.03))
    today = deals.drop_duplicates("account_id").drop(columns=["opened_at", "closed_at", "horizon_days"])
    today = today.assign(is_customer=False, has_open_deal=False).reset_index(drop=True)
    tables = tables_of(accounts=today[["account_id"]], deals=deals.assign(outcome="open").iloc[:0])
    run.keep(tables=tables, deal_rows=deals, panel_rows=pd.DataFrame(), account_rows=today, previous=None)
    run.keep(win=win, opening=None, acv=acv, scores=score_accounts(today, None, win, acv))
    return run


def test_a_run_fills_the_membership_probability(run):
    tiers = run.plan().tiers
    assert run.members["n_refits"].eq(5).all()
    # 20 places in each of 5 refits.
    assert tiers["membership_prob"].sum() == pytest.approx(20)
    assert tiers["membership_prob"].between(0.1, 0.9).any()
    assert run.tiers["membership_prob"].equals(tiers["membership_prob"])


def test_scores_of_your_own_have_no_membership_probability(run):
    run.keep(scores=run.scores.assign(expected_value=run.scores["expected_value"] ** 2))
    assert run.members is None
    assert run.plan().tiers["membership_prob"].isna().all()


def test_a_thorough_run_is_another_run_with_200_refits(tmp_path):
    (tmp_path / "tierkit.toml").write_text(SHEET)
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    plain = open_run("2026-10", sheet=tmp_path / "tierkit.toml", draft=drafts)
    (drafts / ASKED).write_text(json.dumps({"thorough": True}))
    thorough = open_run("2026-10", sheet=tmp_path / "tierkit.toml", draft=drafts)
    assert (plain.sheet.models.refits, thorough.sheet.models.refits) == (5, 200)
    assert thorough.sheet.folder == tmp_path
    assert fingerprint(plain.sheet, "2026-10") != fingerprint(thorough.sheet, "2026-10")
    # Who asks for more than 200 in the sheet gets more.
    (tmp_path / "tierkit.toml").write_text("[models]\nrefits = 300\n")
    assert read_sheet(tmp_path / "tierkit.toml").thorough().models.refits == 300
