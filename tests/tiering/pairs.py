"""Pairs of months that differ in known ingredients alone, made from a simulated company."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import pandas as pd

import tierkit as tk
from tests.journey import small_company
from tierkit.inputs.tables import Tables
from tierkit.models.acv import Acv
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity
from tierkit.models.scoring import score_accounts
from tierkit.tiering.assign import plan_on
from tierkit.tiering.explain import Explained, explain_moves
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.ground import ground_on
from tierkit.tiering.policy import Policy
from tierkit.tiering.steps import Month, Score, Walk, walk_steps

AS_OF = pd.Timestamp("2026-09-30")
NEXT = pd.Timestamp("2026-10-31")
POLICY = Policy(tier1_per_rep=5, tier2_per_rep=20, strategic_slots=5)
TELLING = 4
"""Features that may be changed: those whose contributions differ most between accounts."""
Models = tuple[Opening, Propensity, Acv]


@dataclass(frozen=True)
class Pair:
    """Two months, last month's rows as they read now, and the tiers published last month."""

    before: Month
    now: Month
    corrected: pd.DataFrame
    previous: pd.DataFrame
    tables: Tables

    def explained(self) -> tuple[Walk, Explained]:
        """The walk between the two and what it says."""
        walk = walk_steps(self.before, self.now, self.corrected, self.previous, self.tables)
        return walk, explain_moves(walk, pooled=False)


class Company:
    """A simulated company with a month whose tiers are settled: run again, nobody would move."""

    def __init__(self, seed: int) -> None:
        self.tables = tk.open_tables(small_company(seed).frames)
        self.train = tk.build_deal_rows(self.tables, before=AS_OF, horizon_days=150)
        self.panel = tk.build_panel_rows(self.tables, before=AS_OF, horizon_days=150)
        rows = tk.build_account_rows(self.tables, as_of=AS_OF)
        self.icp = tk.fit_icp(self.train)
        self.rows = tk.score_fit(rows, self.icp, self.tables, as_of=AS_OF)
        self.verdicts = tk.screen_features(self.train, scoring=self.rows)
        self.panel_verdicts = tk.screen_features(self.panel, scoring=self.rows)
        self.models = self._fit(self.train)

    @cached_property
    def telling(self) -> list[str]:
        """The features that tell accounts apart most, the strongest first."""
        parts = pd.concat([m.contributions(self.rows).drop(columns="_base") for m in self.models], axis=1)
        spread = parts.T.groupby(level=0).sum().T.std()
        return list(spread.sort_values(ascending=False, kind="stable").index[:TELLING])

    def refitted(self, rng: np.random.Generator) -> Models:
        """The same models learned from three quarters of the deals."""
        return self._fit(self.train[rng.random(len(self.train)) < 0.75].reset_index(drop=True))

    def _fit(self, train: pd.DataFrame) -> Models:
        win = tk.fit_propensity(train, self.verdicts, seed=1, compare=False, kind="logit")
        opening = tk.fit_opening(self.panel, self.panel_verdicts, seed=1, compare=False)
        return opening, win, tk.fit_acv(train, self.verdicts, seed=1, compare=False)

    def score_by(self, models: Models) -> Score:
        """Rows with fit and scores."""

        def score(rows: pd.DataFrame) -> pd.DataFrame:
            return score_accounts(tk.score_fit(rows, self.icp, self.tables, as_of=AS_OF), *models)

        return score

    @cached_property
    def settled(self) -> tuple[Month, pd.DataFrame]:
        """Last month and its tiers, which hold when run again; everybody entered long ago."""
        score = self.score_by(self.models)
        scored = score(self.rows)
        gated = gate_accounts(scored, self.tables, POLICY, as_of=AS_OF)
        ground = ground_on(self.tables, POLICY, as_of=AS_OF, seed=1)
        month = Month(scored, score, gated, POLICY, ground, AS_OF)
        tiers = plan_on(gated, self.tables, POLICY, ground).tiers
        for _ in range(12):
            before = tiers.assign(since=pd.Timestamp("2024-01-31"))
            tiers = plan_on(gated, self.tables, POLICY, ground, previous=before).tiers
            if (tiers["tier"].to_numpy() == before["tier"].to_numpy()).all():
                return month, tiers.assign(since=pd.Timestamp("2024-01-31"))
        raise AssertionError("the tiers do not settle")

    def pair(self, causes: Iterable[str], seed: int) -> Pair:
        """A month on, with these ingredients changed and no other."""
        rng = np.random.default_rng(seed)
        before, previous = self.settled
        pair = Pair(before, before, before.rows, previous, self.tables)
        for cause in causes:
            pair = _CHANGES[cause](self, pair, rng)
        now = replace(pair.now, ground=replace(pair.now.ground, hold_day=NEXT, draw_day=NEXT))
        gated = gate_accounts(now.score(now.rows), self.tables, POLICY, as_of=AS_OF)
        return replace(pair, now=replace(now, gated=gated))


@cache
def settled_company(seed: int = 3) -> Company:
    """One for all tests that only read it."""
    return Company(seed)


def _refit(company: Company, pair: Pair, rng: np.random.Generator) -> Pair:
    return replace(pair, now=replace(pair.now, score=company.score_by(company.refitted(rng))))


def _shuffled(company: Company, rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One feature of three in ten accounts passed round among them, its mark of absence with it."""
    column = company.telling[int(rng.integers(TELLING))]
    columns = [c for c in (column, f"missing_{column}") if c in rows]
    where = np.flatnonzero(rng.random(len(rows)) < 0.3)
    out = rows.copy()
    for c in columns:
        out[c] = out[c].to_numpy(copy=True)
    out.loc[where, columns] = out.loc[np.roll(where, 1), columns].to_numpy()
    return out.astype(rows.dtypes.to_dict())


def _new_facts(company: Company, pair: Pair, rng: np.random.Generator) -> Pair:
    return replace(pair, now=replace(pair.now, rows=_shuffled(company, pair.now.rows.reset_index(drop=True), rng)))


def _corrected(company: Company, pair: Pair, rng: np.random.Generator) -> Pair:
    rows = _shuffled(company, pair.now.rows.reset_index(drop=True), rng)
    return replace(pair, corrected=rows, now=replace(pair.now, rows=rows))


def _slots(company: Company, pair: Pair, rng: np.random.Generator) -> Pair:
    reps = pair.now.ground.reps.reset_index(drop=True)
    one = int(rng.integers(len(reps)))
    for column in ("tier1_slots", "tier2_slots"):
        reps[column] = reps[column].astype("int64")
    reps.loc[one, ["tier1_slots", "tier2_slots"]] += int(rng.choice([-2, 2]))
    return replace(pair, now=replace(pair.now, ground=replace(pair.now.ground, reps=reps)))


def _window(company: Company, pair: Pair, rng: np.random.Generator) -> Pair:
    triggers = pair.now.ground.triggers
    kept = triggers[rng.random(len(triggers)) < 0.8]
    tiers = pair.previous
    able = tiers[(tiers["tier"] > 1) & tiers["contactable"] & (tiers["fit_score"] >= POLICY.promotion_min_fit)]
    ids = np.sort(rng.choice(able["account_id"].to_numpy(), 15, replace=False))
    new = pd.DataFrame({"account_id": ids, "kind": "executive_hire", "promotes": True, "until": NEXT, "detail": None})
    triggers = pd.concat([kept, new.astype(triggers.dtypes.to_dict())], ignore_index=True)
    triggers = triggers.sort_values(["account_id", "until", "kind"], kind="stable", ignore_index=True)
    return replace(pair, now=replace(pair.now, ground=replace(pair.now.ground, triggers=triggers)))


def _override(company: Company, pair: Pair, rng: np.random.Generator) -> Pair:
    overrides = pair.now.ground.overrides
    tiered = pair.previous.loc[~pair.previous["account_id"].isin(overrides["account_id"]), "account_id"].to_numpy()
    ids = np.sort(rng.choice(tiered, 6, replace=False))
    new = pd.DataFrame(
        {
            "account_id": ids,
            "tier": rng.integers(1, 4, len(ids)),
            "reason": "judgement",
            "author": "Kim",
            "created_at": NEXT,
            "expires_at": NEXT + pd.Timedelta(days=90),
        }
    )
    both = pd.concat([overrides.iloc[1:], new], ignore_index=True).astype(overrides.dtypes.to_dict())
    return replace(pair, now=replace(pair.now, ground=replace(pair.now.ground, overrides=both)))


_CHANGES: dict[str, Callable[[Company, Pair, np.random.Generator], Pair]] = {
    "corrections": _corrected,
    "features": _new_facts,
    "model": _refit,
    "capacity": _slots,
    "windows": _window,
    "overrides": _override,
}
CAUSES = tuple(_CHANGES)
