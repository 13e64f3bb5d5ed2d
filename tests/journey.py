"""The way from tables to tiers in the fewest lines, for tests of the whole."""

import functools

import numpy as np
import pandas as pd

import tierkit as tk
from tierkit.inputs.sample import Sample, simulate_company
from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy

POLICY = Policy(shares=(0.1, 0.2), strategic_slots=3)


@functools.cache
def small_company(seed: int = 3) -> Sample:
    """A company of 900 accounts, so that a test can afford to fit models."""
    return simulate_company(seed=seed, n_accounts=900)


def tiers_of(tables: Tables, as_of: str, policy: Policy = POLICY) -> pd.DataFrame:
    """Features, models, scores and tiers as of a day, fitted on what was known then; by account."""
    train = tk.build_deal_rows(tables, before=as_of, horizon_days=150)
    today = tk.build_account_rows(tables, as_of=as_of)
    icp = tk.fit_icp(train, tk_settings())
    today = tk.score_fit(today, icp, tables, as_of=as_of)
    verdicts = tk.screen_features(train, scoring=today)
    panel = tk.build_panel_rows(tables, before=as_of, horizon_days=150)
    panel_verdicts = tk.screen_features(panel, scoring=today)
    win = tk.fit_propensity(train, verdicts, seed=1, compare=False)
    acv = tk.fit_acv(train, verdicts, seed=1, compare=False)
    opening = tk.fit_opening(panel, panel_verdicts, seed=1, compare=False)
    scores = tk.score_accounts(today, opening, win, acv)
    gated = tk.gate_accounts(scores, tables, policy, as_of=as_of)
    return tk.assign_tiers(gated, tables, policy, as_of=as_of).sort_values("account_id", ignore_index=True)


def tk_settings():
    from tierkit.features.settings import FeatureSettings

    return FeatureSettings()


def forget_after(frames: dict[str, pd.DataFrame], day: pd.Timestamp, seed: int) -> dict[str, pd.DataFrame]:
    """The same tables with everything known after `day` altered: rows dropped, moved later or given other values."""
    rng = np.random.default_rng(seed)
    out = {name: frame.copy() for name, frame in frames.items()}
    known = {
        "activities": "known_at",
        "account_history": "known_at",
        "signals": "known_at",
        "contacts": "known_at",
        "strategic": "known_at",
        "exclusions": "known_at",
        "reps": "known_at",
        "overrides": "created_at",
        "tal": "entered_at",
        "tier_history": "valid_from",
        "funnel": "created_at",
    }
    for name, column in known.items():
        later = out[name][column] > day
        dropped = later & (rng.random(len(later)) < 0.5)
        out[name] = out[name][~dropped].reset_index(drop=True)
    activities, later = out["activities"], out["activities"]["known_at"] > day
    activities.loc[later, "kind"] = "meeting"
    activities.loc[later, "minutes"] = 480.0
    history, later = out["account_history"], out["account_history"]["known_at"] > day
    history.loc[later & (history["field"] == "employees"), "value"] = "77777"
    deals = out["deals"]
    unborn = deals["opened_at"] > day
    deals = deals[~(unborn & (rng.random(len(deals)) < 0.5))].copy()
    ends_later = deals["closed_at"] > day
    deals.loc[ends_later & (deals["outcome"] == "won"), "acv"] *= 3
    deals.loc[ends_later & (deals["outcome"] != "open"), "outcome"] = rng.choice(
        ["won", "lost"], int((ends_later & (deals["outcome"] != "open")).sum())
    )
    deals.loc[ends_later, "crm_probability"] = 50.0
    out["deals"] = deals.reset_index(drop=True)
    accounts = out["accounts"]
    accounts = accounts[~((accounts["created_at"] > day) & (rng.random(len(accounts)) < 0.5))].copy()
    # The account table says what is true today; what was true then stands in the history.
    for field in ("employees", "annual_revenue"):
        accounts[field] = accounts[field].where(accounts[field].isna(), 12_345)
    accounts["is_customer"] = True
    out["accounts"] = accounts.reset_index(drop=True)
    kept = set(out["accounts"]["account_id"])
    return {
        n: f[f["account_id"].isin(kept) | f["account_id"].isna()] if "account_id" in f else f for n, f in out.items()
    }
