"""Small feature rows with a known truth: how likely each deal was to be won or opened, and what it was worth."""

import numpy as np
import pandas as pd


def make_deals(n: int, *, seed: int, dated: bool = True, signal: float = 1.0, deals_per_account: int = 2):
    """Deals whose log-odds of winning and log ACV are known: columns `true_logit` and `true_acv`."""
    rng = np.random.default_rng(seed)
    n_accounts = max(1, n // deals_per_account)
    account = rng.integers(0, n_accounts, n)
    employees = np.exp(rng.normal(5, 1.2, n_accounts))[account].round()
    industry = rng.choice(["software", "retail", "bank", "health"], n_accounts)[account]
    inbound = rng.poisson(2, n).astype(float)
    effect = pd.Series({"software": 0.5, "retail": -0.4, "bank": 0.0, "health": 0.1})
    logit = -1.0 + signal * (0.3 * (np.log(employees) - 5) + effect[industry].to_numpy() + 0.25 * (inbound - 2))
    won = rng.random(n) < 1 / (1 + np.exp(-logit))
    true_acv = np.exp(9.5 + 0.45 * (np.log(employees) - 5))
    sigma = 0.8
    acv = true_acv * rng.lognormal(-(sigma**2) / 2, sigma, n)
    frame = pd.DataFrame(
        {
            "row_id": [f"d{i:05d}" for i in range(n)],
            "deal_id": [f"d{i:05d}" for i in range(n)],
            "account_id": [f"a{a:05d}" for a in account],
            "group_id": [f"a{a:05d}" for a in account],
            "won_in_horizon": won.astype(float),
            "won_acv": np.where(won, acv, np.nan),
            "employees": np.where(rng.random(n) < 0.2, np.nan, employees),
            "industry": pd.Series(industry, dtype="str"),
            "n_inbound_90d": inbound,
            "n_inbound_365d": inbound + rng.poisson(4, n),
            "n_outbound_90d": rng.poisson(3, n).astype(float),
            "tech_crm": (rng.random(n) < 0.3).astype(float),
            "true_logit": logit,
            "true_acv": true_acv,
        }
    )
    if dated:
        opened = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 1000, n)), unit="D")
        frame["opened_at"] = opened
        frame["as_of"] = opened - pd.Timedelta(days=30)
        frame["closed_at"] = opened + pd.to_timedelta(rng.integers(20, 170, n), unit="D")
        frame["horizon_days"] = 180.0
    return frame


FEATURES = ["employees", "industry", "n_inbound_90d", "n_inbound_365d", "n_outbound_90d", "tech_crm"]


def make_verdicts(columns=FEATURES, own_effort=("n_outbound_90d",)):
    """Verdicts that allow `columns`."""
    return pd.DataFrame(
        {
            "column": list(columns),
            "group": ["effort" if c in own_effort else "firmographic" for c in columns],
            "verdict": "ok",
            "own_effort": [c in own_effort for c in columns],
        }
    )


def make_panel(n_accounts, *, seed, n_quarters=8):
    """Account-months: reps work large accounts, openings follow inbound touches and effort, never size."""
    rng = np.random.default_rng(seed)
    size = rng.normal(0, 1, n_accounts)
    n = n_accounts * n_quarters
    account = np.tile(np.arange(n_accounts), n_quarters)
    worked = np.tile(rng.random(n_accounts) < 1 / (1 + np.exp(-2.5 * size)), n_quarters)
    inbound = rng.poisson(2, n).astype(float)
    outbound = np.where(worked, 1 + rng.poisson(2 + 0.5 * np.maximum(size[account], 0)), 0).astype(float)
    true_logit = -2.2 + 0.4 * (inbound - 2) + 0.15 * (outbound - 3)
    opened = worked & (rng.random(n) < 1 / (1 + np.exp(-true_logit)))
    as_of = pd.to_datetime("2024-03-31") + pd.to_timedelta(91 * np.repeat(np.arange(n_quarters), n_accounts), unit="D")
    return pd.DataFrame(
        {
            "row_id": [f"a{a:05d}@{i}" for i, a in enumerate(account)],
            "account_id": [f"a{a:05d}" for a in account],
            "as_of": as_of,
            "horizon_days": 120.0,
            "opened_in_horizon": opened.astype(float),
            "worked": worked,
            "is_customer": pd.array(np.zeros(n, dtype=bool), dtype="boolean"),
            "employees": np.exp(5 + size[account]).round(),
            "n_inbound_90d": inbound,
            "n_outbound_90d": outbound,
            "true_logit": true_logit,
        }
    )


PANEL_FEATURES = ["employees", "n_inbound_90d", "n_outbound_90d"]
