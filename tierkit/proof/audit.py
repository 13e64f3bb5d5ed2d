"""The self-audit: what must hold before tiers are published. A failed `stop` keeps last month's tiers."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tierkit.features.leaks import screen_features, usable_columns
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.contracts import ROW_KEYS
from tierkit.inputs.tables import Tables
from tierkit.models.propensity import Propensity, fit_propensity
from tierkit.models.settings import ModelSettings
from tierkit.proof.ledger_chain import BROKEN
from tierkit.tiering.capacity import capacity_of, capacity_table
from tierkit.tiering.gates import GATES, QUALIFIED
from tierkit.tiering.policy import Policy

COLUMNS = ["check", "figure", "limit", "passed", "severity", "waived", "sentence"]

Z_PERMUTED = 3.29
"""One healthy run in 2,000 finds this much in shuffled labels by chance."""
Z_BASE_RATE = 2.88
"""One model in 500 that is exactly as good as the base rate looks this much worse by chance; a better one hardly ever.

Together with the check above under 1 in 200 (requirement P6); the other checks have no chance in them.
"""
_FOLDS = 5

Check = tuple[str, float, float, bool, str, str]


def audit_run(
    rows: pd.DataFrame,
    verdicts: pd.DataFrame,
    win: Propensity | None,
    gated: pd.DataFrame,
    tiers: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: pd.Timestamp | str,
    seed: int,
    features: FeatureSettings | None = None,
    models: ModelSettings | None = None,
    promises: pd.DataFrame | None = None,
    chain: pd.DataFrame | None = None,
    robustness: pd.DataFrame | None = None,
    waived: Collection[str] = (),
) -> pd.DataFrame:
    """Put a run to its own checks.

    Parameters
    ----------
    rows, verdicts, win : what the win model was fitted on, and the model; None in a scorecard run.
    gated, tiers : the month's gates and tiers.
    promises, chain : earlier promises as of `score_promises` and ledgers as of `check_chain`; none may be touched.
    robustness : as of `tier_robustness`; what fails there warns.
    waived : checks that may fail and the month be published all the same; the run sheet names them.

    Returns
    -------
    One row per check: check, figure, limit, passed, severity (`stop` or `warn`), waived (failed, and publication is not
    stopped by it), sentence.
    """
    features, models = features or FeatureSettings(), models or ModelSettings()
    checks: list[Check] = [_planted_future(rows, features, seed)]
    if win is not None:
        checks.append(_permuted_labels(rows, verdicts, models, seed))
        checks += _one_liners(win)
    checks += _counts(gated, tiers, tables, policy, pd.Timestamp(as_of))
    checks.append(_capacity(tiers, tables, policy, pd.Timestamp(as_of)))
    if promises is not None and (len(promises) or (chain is not None and len(chain))):
        checks.append(_promises(promises, chain))
    if robustness is not None:
        checks += [
            (row["variation"], row["share_kept"], row["limit"], bool(row["passed"]), "warn", row["sentence"])
            for row in robustness.to_dict("records")
        ]
    audit = pd.DataFrame(checks, columns=[c for c in COLUMNS if c != "waived"])
    audit = audit.astype({"figure": "float64", "limit": "float64", "passed": "bool"})
    return audit.assign(waived=~audit["passed"] & audit["check"].isin(list(waived)))[COLUMNS]


def audit_breaches(audit: pd.DataFrame, *, waived: bool = False) -> list[str]:
    """A sentence for each failed check that stops publication; or, for those that the run sheet waives, would have."""
    failed = ~audit["passed"].astype("bool") & (audit["severity"] == "stop")
    rows = audit[failed & (audit["waived"].astype("bool") == waived)]
    return [f"{row['check']}: {row['sentence'].rstrip('.')}" for row in rows.to_dict("records")]


def _permuted_labels(rows: pd.DataFrame, verdicts: pd.DataFrame, models: ModelSettings, seed: int) -> Check:
    """The same fit on shuffled labels must find nothing: what it finds, it gets past the split."""
    mature = rows[rows["won_in_horizon"].notna()].reset_index(drop=True)
    rng = np.random.default_rng(seed)
    labels = rng.permutation(mature["won_in_horizon"].to_numpy(np.float64))
    groups = pd.factorize(mature["group_id"] if "group_id" in mature else mature["account_id"])[0]
    fold = rng.permutation(groups.max() + 1)[groups] % _FOLDS
    shuffled = mature.assign(won_in_horizon=labels)
    above, pairs, variance = 0.0, 0.0, 0.0
    for k in range(_FOLDS):
        train, test = shuffled[fold != k], shuffled[fold == k]
        model = fit_propensity(train, verdicts, settings=models, seed=seed, compare=False, kind="logit")
        area, n_pairs, spread = _auc(labels[fold == k], model.predict(test))
        above, pairs, variance = above + area * n_pairs, pairs + n_pairs, variance + spread * n_pairs**2
    auc = above / pairs if pairs else 0.5
    limit = 0.5 + Z_PERMUTED * (variance**0.5 / pairs if pairs else 0.0)
    text = f"on shuffled outcomes the win model ranks with AUC {auc:.3f}; chance stays below {limit:.3f}."
    return "permuted labels", auc, limit, auc <= limit, "stop", text


def _one_liners(win: Propensity) -> Iterator[Check]:
    if win.comparison.empty or win.predictions.empty:
        return
    losses = win.comparison.set_index("method")["log_loss"]
    chosen = win.comparison.loc[win.comparison["chosen"].astype(bool), "method"].iloc[0]
    gain = float(losses["base_rate"] - losses[chosen])
    noise = _clustered_se(win.predictions, float(win.base_rate))
    where = win.label.replace("_", " ")
    text = f"{where}, log-loss {losses[chosen]:.4f} against {losses['base_rate']:.4f} of the base rate alone."
    limit = -Z_BASE_RATE * noise
    yield "not worse than the base rate", gain, limit, bool(gain >= limit), "stop", text
    yield "better than the base rate", gain, 0.0, bool(gain > 0), "warn", text
    if np.isfinite(losses.get("size_only", np.nan)):
        gain = float(losses["size_only"] - losses[chosen])
        text = f"{where}, log-loss {losses[chosen]:.4f} against {losses['size_only']:.4f} of company size alone."
        yield "better than size alone", gain, 0.0, bool(gain > 0), "warn", text


def _clustered_se(predictions: pd.DataFrame, base: float) -> float:
    """Standard error of the mean paired log-loss difference between predictions and a constant, by account."""
    won = predictions["won_in_horizon"].to_numpy(np.float64)
    prob = predictions["win_prob"].to_numpy(np.float64).clip(1e-9, 1 - 1e-9)
    gain = np.where(won == 1, np.log(prob / base), np.log((1 - prob) / (1 - base)))
    cluster = predictions["group_id" if "group_id" in predictions else "account_id"]
    sums = np.bincount(pd.factorize(cluster)[0], weights=gain - gain.mean())
    return float(np.sqrt((sums**2).sum() * len(sums) / max(len(sums) - 1, 1)) / len(gain))


def _promises(promises: pd.DataFrame, chain: pd.DataFrame | None) -> Check:
    """No earlier month may have been edited, and none taken away."""
    touched = set(pd.to_datetime(promises.loc[~promises["intact"].astype(bool), "as_of"]).dt.strftime("%Y-%m"))
    if chain is not None:
        touched |= set(chain.loc[chain["status"].isin(BROKEN), "month"])
    text = "every earlier month stands as it was frozen."
    if touched:
        text = f"{', '.join(sorted(touched))} no longer as frozen: put the files back from a backup."
    return "promises intact", len(touched), 0, not touched, "stop", text


def _planted_future(rows: pd.DataFrame, features: FeatureSettings, seed: int) -> Check:
    """A column that knows the outcome must not get past the screen."""
    mature = rows[rows["won_in_horizon"].notna()].reset_index(drop=True)
    noise = np.random.default_rng(seed).normal(0, 0.2, len(mature))
    keys = [c for c in ROW_KEYS if c in mature]
    planted = mature[[*keys, *(["horizon_days"] if "horizon_days" in mature else [])]].assign(
        planted_figure=mature["won_in_horizon"] + noise
    )
    let_in = "planted_figure" in usable_columns(screen_features(planted, settings=features))
    text = "a planted column that knows the outcome was let in." if let_in else "a planted future column was refused."
    return "planted future column", float(let_in), 0.0, not let_in, "stop", text


def _counts(
    gated: pd.DataFrame, tiers: pd.DataFrame, tables: Tables, policy: Policy, as_of: pd.Timestamp
) -> Iterator[Check]:
    n_input = _n_input(tables, as_of)
    by_gate = gated["gate"].value_counts()
    n_gated = int(by_gate.reindex(list(GATES), fill_value=0).sum())
    off = abs(n_gated - n_input) + int(gated["account_id"].duplicated().sum())
    text = f"{n_gated:,} accounts through the gates of {n_input:,} in the tables."
    yield "gates sum to the input", off, 0, off == 0, "stop", text
    qualified = set(gated.loc[gated["gate"] == QUALIFIED, "account_id"])
    wrong = len(qualified ^ set(tiers["account_id"])) + int(tiers["account_id"].duplicated().sum())
    wrong += int((~tiers["tier"].isin(range(1, policy.n_tiers + 1))).sum())
    text = f"{len(tiers):,} tiers for {len(qualified):,} qualified accounts, {wrong:,} of them wrong."
    yield "one tier each", wrong, 0, wrong == 0, "stop", text


def _n_input(tables: Tables, as_of: pd.Timestamp) -> int:
    if not tables.has_accounts:
        deals = tables.frame("deals")
        return int((~(deals["opened_at"] > as_of)).sum()) if tables.is_dated else len(deals)
    accounts = tables.frame("accounts")
    if "created_at" in accounts:
        accounts = accounts[~(accounts["created_at"] > as_of)]
    return len(accounts) + int(tables.children["unit_id"].isin(accounts["account_id"]).sum())


def _capacity(tiers: pd.DataFrame, tables: Tables, policy: Policy, as_of: pd.Timestamp) -> Check:
    owner = tiers["owner_id"] if "owner_id" in tiers else pd.Series(pd.NA, tiers.index, dtype="str")
    capacity = capacity_of(owner, tables, policy, as_of=as_of, undated=True)
    table = capacity_table(capacity, capacity.owner_codes(owner), tiers["tier"].to_numpy(np.int64))
    over = (table["used"] - table["slots"]).fillna(0).clip(lower=0)
    text = "no rep holds more accounts than slots."
    for row in table[over > 0].head(1).itertuples():
        text = f"{row.name} holds {row.used} Tier {row.tier} accounts in {row.slots} slots."
    return "capacity", float(over.sum()), 0.0, not (over > 0).any(), "stop", text


def _auc(won: npt.NDArray[np.float64], score: Any) -> tuple[float, float, float]:
    """AUC, its pairs, and its variance where scores and outcomes have nothing to do with each other."""
    n_won, n_lost = float(won.sum()), float(len(won) - won.sum())
    if n_won == 0 or n_lost == 0:
        return 0.5, 0.0, 0.0
    from scipy.stats import rankdata

    ranks = rankdata(score)
    area = (ranks[won == 1].sum() - n_won * (n_won + 1) / 2) / (n_won * n_lost)
    return float(area), n_won * n_lost, (n_won + n_lost + 1) / (12 * n_won * n_lost)
