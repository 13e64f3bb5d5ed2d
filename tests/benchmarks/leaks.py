"""Planted leaks that must be caught and honest features that must pass, company by company.

Run `python -m tests.benchmarks.leaks --seeds 20`. Every plant stands in the raw tables, once under a name that gives it
away and once under one that does not. A plant is caught if the screen refuses or flags it, or if the win model without
it loses more than 0.05 of its AUC. `UNSEEN` were thought of once the rules stood.
"""

import argparse

import numpy as np
import pandas as pd

from tierkit.features.asof import build_deal_rows
from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.contracts import ROW_KEYS
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import Sample, simulate_company
from tierkit.models.drops import feature_drops, flag_drops

AS_OF = pd.Timestamp("2026-10-31")
FEATURES = FeatureSettings(horizon_days=180)
HONEST = (
    "fit_index", "intent_score", "employee_band", "market", "n_inbound_90d", "days_since_inbound", "partner_sourced",
    "competitor_installed", "growth_pct", "rep_tenure_days",
)  # fmt: skip
PLANTS = {
    # what is planted: (table, name that tells, name that does not)
    "crm_probability": ("deals", "win_probability", "field_17"),
    "headcount_refreshed": ("accounts", "employees_refreshed", "field_18"),
    "our_product_in_stack": ("accounts", "account_status_now", "field_19"),
    "unbounded_touches": ("accounts", "n_activities", "field_20"),
    "tier_after_the_fact": ("accounts", "account_tier", "field_21"),
    "id_by_outcome": ("deals", "record_id", "field_22"),
    "batch_by_outcome": ("deals", "migration_batch_id", "field_23"),
    "owner_after_win": ("deals", "account_manager", "field_24"),
}
UNSEEN = {
    "discount_given": ("deals", "discount_pct", "field_31"),
    "order_number_for_most_wins": ("deals", "po_number", "field_32"),
    "row_last_edited": ("deals", "last_modified_date", "field_33"),
    "satisfaction_of_some_wins": ("accounts", "nps", "field_34"),
    "seats_settled_at_signature": ("deals", "seats_contracted", "field_35"),
    "contacts_added_on_winning": ("accounts", "n_contacts_total", "field_36"),
    "intent_over_all_time": ("accounts", "intent_lifetime", "field_37"),
    "headcount_grown_since": ("accounts", "headcount_today", "field_38"),
}


KINDS = ("telling", "silent")


def measure(seed: int, *, n_accounts: int = 2500) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Verdicts of the plants under both names, and of the honest features."""
    sample = simulate_company(seed=seed, n_accounts=n_accounts)
    rng = np.random.default_rng([seed, 4])
    values = plant(sample, rng)
    frames = honest_frames(sample, rng)
    named = [
        (name, kind, column)
        for name, spec in (PLANTS | UNSEEN).items()
        for kind, column in zip(KINDS, spec[1:], strict=True)
    ]
    for name, _, column in named:
        table = (PLANTS | UNSEEN)[name][0]
        frames[table] = frames[table].assign(**{column: values[name].to_numpy()})
    everything = build_deal_rows(open_tables(frames), before=AS_OF, settings=FEATURES)
    base = everything.drop(columns=[column for _, _, column in named])
    honest = screen_features(base)
    passed = flag_drops(honest, feature_drops(base, honest, seed=seed))
    keys = [column for column in base.columns if column in ROW_KEYS]
    out = []
    for name, kind, column in named:
        verdict = screen_features(everything[[*keys, column]])
        if verdict.loc[0, "verdict"] == "ok":
            # Only where the screen lets it pass is the model asked, on this plant beside what is honest.
            both = pd.concat([honest, verdict], ignore_index=True)
            drops = feature_drops(everything[[*base.columns, column]], both, seed=seed, most=3)
            verdict = flag_drops(verdict, drops)
        out.append({"seed": seed, "plant": name, "kind": kind, **verdict.loc[0, ["verdict", "rule", "figure"]]})
    return pd.DataFrame(out), passed[passed["column"].isin(HONEST)].assign(seed=seed)


def honest_frames(sample: Sample, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """The company's tables with eight honest features of its own; two more tierkit builds."""
    frames = dict(sample.frames)
    truth = sample.truth["firms"].set_index("account_id")
    accounts, deals = frames["accounts"], frames["deals"].drop(columns="crm_probability")
    fit = accounts["account_id"].map(truth["fit"]).fillna(0.0)
    n = len(accounts)
    size = accounts["account_id"].map(truth["employees"]).fillna(100.0)
    first = frames["account_history"].query("field == 'technologies'").groupby("account_id")["value"].first()
    frames["accounts"] = accounts.assign(
        fit_index=fit + rng.normal(0, 0.6, n),
        employee_band=pd.cut(size, [0, 50, 200, 1000, 1e9], labels=["xs", "s", "m", "l"]).astype("str"),
        market=accounts["region"] + " " + accounts["industry"],
        competitor_installed=accounts["account_id"].map(first).fillna("").str.contains("legacy").astype("float64"),
        growth_pct=(6 + 5 * fit + rng.normal(0, 12, n)).round(1),
    )
    panel = sample.truth["panel"].sort_values("as_of")[["account_id", "as_of", "open_prob"]]
    # Hidden state a month before opening, with noise: what a good vendor would sell.
    then = deals[["deal_id", "account_id"]].assign(as_of=deals["opened_at"] - pd.Timedelta(days=31))
    known = pd.merge_asof(then.sort_values("as_of"), panel, on="as_of", by="account_id").set_index("deal_id")
    chance = deals["deal_id"].map(known["open_prob"]).clip(1e-3, 1 - 1e-3)
    started = {rep: rng.integers(0, 2000) for rep in sorted(deals["owner_id"].dropna().unique())}
    day = (deals["opened_at"] - pd.Timestamp("2023-01-01")).dt.days
    frames["deals"] = deals.assign(
        intent_score=np.log(chance / (1 - chance)) + rng.normal(0, 0.5, len(deals)),
        partner_sourced=(deals["source"] == "partner").astype("float64"),
        rep_tenure_days=deals["owner_id"].map(started).astype("float64") + day,
    )
    return frames


def plant(sample: Sample, rng: np.random.Generator) -> dict[str, pd.Series]:
    """What each plant holds, by its name: one value a row of its table."""
    deals, accounts = sample.frames["deals"], sample.frames["accounts"]
    truth = sample.truth["firms"].set_index("account_id")
    won = (deals["outcome"] == "won").to_numpy()
    closed = (deals["outcome"] != "open").to_numpy()
    n, m = len(deals), len(accounts)
    wins = deals[won].groupby("account_id")["closed_at"].min()
    customer = accounts["account_id"].isin(wins.index).to_numpy()
    fit = accounts["account_id"].map(truth["fit"]).fillna(0.0).to_numpy()
    touches = sample.frames["activities"].groupby("account_id").size().reindex(accounts["account_id"]).fillna(0)
    contacts = sample.frames["contacts"].groupby("account_id").size().reindex(accounts["account_id"]).fillna(0)
    size = accounts["account_id"].map(truth["employees"]).fillna(100.0).to_numpy()
    score = fit + 2.0 * customer + rng.normal(0, 0.5, m)
    reps = deals["owner_id"].fillna("R00").to_numpy()
    moved = won & (rng.random(n) < 0.85)
    return {
        "crm_probability": deals["crm_probability"],
        # As the CRM has it: whoever wins looks the headcount up.
        "headcount_refreshed": accounts["employees"],
        "our_product_in_stack": _flag(customer & (rng.random(m) < 0.85), rng, 0.03),
        "unbounded_touches": pd.Series(touches.to_numpy() + np.where(customer, rng.poisson(25, m), 0)),
        "tier_after_the_fact": pd.Series(np.digitize(-score, np.quantile(-score, [0.1, 0.3])) + 1.0),
        "id_by_outcome": pd.Series(
            [f"{'C' if w else 'Q'}-{k:06d}" for w, k in zip(won, rng.permutation(n), strict=True)]
        ),
        "batch_by_outcome": pd.Series(
            np.where(won & (rng.random(n) < 0.9), 8000.0, 1000.0) + rng.integers(0, 500, n)
        ),
        "owner_after_win": pd.Series(np.where(moved, rng.choice(["M1", "M2", "M3"], n), reps)),
        "discount_given": pd.Series(np.clip(rng.normal(np.where(won, 8, 16), 6), 0, None).round(1)),
        "order_number_for_most_wins": pd.Series(
            np.where((won & (rng.random(n) < 0.8)) | (rng.random(n) < 0.03), rng.integers(10_000, 99_999, n), np.nan)
        ),
        "row_last_edited": (deals["closed_at"].where(closed) + pd.to_timedelta(rng.integers(0, 20, n), unit="D")),
        "satisfaction_of_some_wins": pd.Series(
            np.where(customer & (rng.random(m) < 0.4), rng.integers(3, 11, m), np.nan)
        ),
        "seats_settled_at_signature": pd.Series(np.where(won, deals["seats"], (deals["seats"] / 10).round() * 10 + 10)),
        "contacts_added_on_winning": pd.Series(contacts.to_numpy() + np.where(customer, rng.poisson(1.5, m), 0)),
        "intent_over_all_time": pd.Series(
            touches.to_numpy() * rng.lognormal(0, 0.3, m) + np.where(customer, rng.poisson(8, m), 0)
        ),
        "headcount_grown_since": pd.Series(np.round(size * np.exp(0.05 * customer + rng.normal(0.1, 0.1, m)))),
    }  # fmt: skip


def _flag(values: np.ndarray, rng: np.random.Generator, noise: float) -> pd.Series:
    return pd.Series(np.where(rng.random(len(values)) < noise, ~values, values).astype("float64"))


def main() -> None:
    """Print how often each plant is caught, by which rule, and what becomes of honest features."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=301)
    parser.add_argument("--accounts", type=int, default=2500)
    args = parser.parse_args()
    parts = []
    for seed in range(args.first, args.first + args.seeds):
        parts.append(measure(seed, n_accounts=args.accounts))
        passed = parts[-1][0].query("verdict == 'ok'")
        print(seed, "not caught:", ", ".join(passed["plant"] + " " + passed["kind"]) or "none", flush=True)
    table = pd.concat([plants for plants, _ in parts], ignore_index=True)
    honest = pd.concat([passed for _, passed in parts], ignore_index=True)
    caught = table.assign(caught=table["verdict"].isin(["refused", "flagged"]), refused=table["verdict"].eq("refused"))
    by = caught.groupby(["plant", "kind"])
    rules = by["rule"].agg(lambda found: ", ".join(f"{rule} {n}" for rule, n in found.value_counts().items()))
    sums = by[["caught", "refused"]].sum().join(rules)
    order = [(name, kind) for name in PLANTS | UNSEEN for kind in ("telling", "silent")]
    print(sums.reindex(pd.MultiIndex.from_tuples(order)).to_string())
    planted = caught[caught["plant"].isin(PLANTS)]
    print(f"planted leaks caught: {int(planted['caught'].sum())} of {len(planted)} (limit: all)")
    unseen = caught[caught["plant"].isin(UNSEEN)]
    print(f"unseen leaks caught: {int(unseen['caught'].sum())} of {len(unseen)}")
    flagged = honest.groupby("seed")["verdict"].agg(lambda v: int((v == "flagged").sum()))
    n_refused = int(honest["verdict"].eq("refused").sum())
    print(f"companies by honest features flagged: {flagged.value_counts().to_dict()} (limit 1)")
    print(f"honest features refused: {n_refused} (limit 0)")
    print(honest[honest["verdict"] != "ok"].groupby(["column", "verdict", "rule"]).size().to_string())


if __name__ == "__main__":
    main()
