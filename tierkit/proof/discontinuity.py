"""Regression discontinuity: accounts just above the cut against those just below, where that can show 0.10 at all."""

import contextlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import SheetError, TableError
from tierkit.features.deals import known_deals
from tierkit.inputs.tables import Tables
from tierkit.proof.effect import Effect, Verdict, checks_frame
from tierkit.proof.outcomes import account_outcomes

WIDEST = 0.10
"""Half the interval above which nothing is claimed: the effect itself is hardly larger."""
MANIPULATED = 0.01
"""p-value of as many accounts on either side of the cut below which the score was made to fit."""
NEAREST = 60
"""Accounts nearest to the cut that must lie on both sides as a coin would put them."""
SHARP, BLURRED = 0.95, 0.5
"""Rise in the share treated at the cut: sharp from the first on, useless below the second."""

HELD = ("band", "stay", "churn budget", "deal open")
"""What holds an account in its tier by another cut than value's."""
_NEEDED = ("treated", "won_in_horizon")

_KERNEL = 4.8
"""Variance of a local linear fit at the edge of a triangular kernel, in units of p(1 - p) / n inside the bandwidth."""
_ROBUST = 1.2
"""How much wider the bias-corrected interval is (Calonico, Cattaneo and Titiunik 2014; 1.19 in their senate data)."""

ESTIMAND = "It is the effect at the cut only: on an account that is Tier 1 by a hair."
ASSUMPTIONS = (
    "Nothing else changes at the cut than the tier.",
    "Nobody can place an account just above the cut; the score was stored before overrides.",
    "Accounts held in their tier by a band or a minimum stay are left out, since their cut is another one.",
)

Array = np.ndarray[Any, np.dtype[Any]]
Check = tuple[str, float, float, bool, str]


def effect_at_cut(
    rows: pd.DataFrame, *, widest: float = WIDEST, confidence: float = 0.95, unit: str = "account"
) -> Effect:
    """The jump of the win rate where the running score crosses the cut of Tier 1.

    Parameters
    ----------
    rows : one row per account or deal; account_id, score (running, stored before overrides, less the cut of its rep,
        so that 0 and more is Tier 1), treated (whether it was worked as Tier 1), won_in_horizon (missing while
        immature).
    widest : half of the interval above which the design is refused.

    Returns
    -------
    An Effect. Refused without a score; where the interval expected from the rows at hand is too wide, before anything
    is estimated; where accounts heap on one side of the cut; where the tier hardly follows the score; and where the
    interval found is too wide.

    Raises
    ------
    SheetError : the design could resolve it, but rdrobust is not installed.
    TableError : a column other than the score is missing.

    Estimate and robust interval by `rdrobust`, clustered by account, fuzzy where overrides blur the cut. The expected
    width is that of a local linear fit with a triangular kernel at twice the rule-of-thumb bandwidth 1.84 sd n^(-1/5),
    as good as it usually gets.
    """
    if missing := [c for c in ("account_id", *_NEEDED) if c not in rows]:
        raise TableError(f"rows: column '{missing[0]}' is missing; this design needs score, {', '.join(_NEEDED)}")
    if "score" not in rows or rows["score"].isna().all():
        words = (
            "No month with a value for each account is old enough to judge: nobody knows who stood just above the cut."
        )
        return _result("refused", rows.iloc[:0], [("score", 0.0, 1.0, False, words)], unit)
    kept = rows[rows["won_in_horizon"].notna() & rows["score"].notna()]
    kept = kept.sort_values(["score", "account_id"], kind="stable", ignore_index=True)
    checks = [_width_check(kept, widest, confidence)]
    if checks[0][3]:
        checks += [_density_check(kept), _jump_check(kept)]
    if not all(passed for *_, passed, _ in checks):
        return _result("refused", kept, checks, unit)
    found = _estimate(kept, confidence, sharp=checks[2][1] >= SHARP)
    half = (found.high - found.low) / 2
    words = (
        f"The interval found is {100 * found.low:+.0f} to {100 * found.high:+.0f} points, half of it "
        f"{100 * half:.0f}, more than {100 * widest:.0f}."
    )
    checks.append(("half interval found", half, widest, half <= widest, "" if half <= widest else words))
    return _result("estimated" if half <= widest else "refused", kept, checks, unit, found)


def rows_at_cut(
    published: Sequence[tuple[pd.Timestamp, pd.DataFrame]], tables: Tables, *, as_of: pd.Timestamp, horizon_days: int
) -> pd.DataFrame:
    """Accounts of published months by how far their value lay from their rep's cut, with what became of them.

    Parameters
    ----------
    published : day of each month's tiers, and the tiers; columns account_id, owner_id, tier, base_tier, tier_by,
        expected_value.

    Returns
    -------
    The rows `effect_at_cut` takes, of the newest mature month and of those a horizon apart before it, so that no
    outcome counts twice: account_id, as_of, score (log of expected value less that of the least valued account that
    won a Tier 1 place of the same rep by value), treated, won_in_horizon.
    """
    deals = known_deals(tables, before=as_of)
    deals = deals[deals["is_new_business"]]
    parts, ends = [], as_of
    for day, tiers in sorted(published, key=lambda item: item[0], reverse=True):
        if day + pd.Timedelta(days=horizon_days) > ends:
            continue
        free = tiers[tiers["base_tier"].notna() & ~tiers["tier_by"].isin(HELD) & tiers["expected_value"].gt(0)]
        value = pd.Series(np.log(free["expected_value"].to_numpy(np.float64)), free.index)
        owner = free["owner_id"].fillna("")
        cut = value[free["base_tier"] == 1].groupby(owner[free["base_tier"] == 1]).min()
        ids = free["account_id"].astype("str")
        won = account_outcomes(deals, ids, as_of=day, horizon_days=horizon_days, through=as_of)["won_in_horizon"]
        part = {"account_id": ids, "as_of": day, "score": value - owner.map(cut).astype("float64")}
        part |= {"treated": free["tier"] == 1, "won_in_horizon": won.to_numpy()}
        parts.append(pd.DataFrame(part))
        ends = day
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["account_id", *_NEEDED])


def expected_half_width(rows: pd.DataFrame, *, confidence: float = 0.95) -> float:
    """Half of the interval to expect from rows with score and won_in_horizon; infinite with a side empty."""
    from scipy.special import ndtri

    score = rows["score"].to_numpy(dtype="float64")
    n = len(score)
    if n < 3:
        return math.inf
    spread = min(float(np.std(score)), float(np.subtract(*np.quantile(score, [0.75, 0.25]))) / 1.349 or math.inf)
    width = 2 * 1.84 * spread * n ** (-1 / 5)
    above = int(((score >= 0) & (score <= width)).sum())
    below = int(((score < 0) & (score >= -width)).sum())
    if not (above and below):
        return math.inf
    near = rows["won_in_horizon"].to_numpy(dtype="float64")[np.abs(score) <= width]
    # One more won and one more lost, so that no win near the cut does not promise a width of nothing.
    p = (near.sum() + 1) / (len(near) + 2)
    variance = _KERNEL * p * (1 - p) * (1 / above + 1 / below)
    return float(ndtri(0.5 + confidence / 2)) * _ROBUST * math.sqrt(variance)


@dataclass(frozen=True)
class _Found:
    effect: float
    low: float
    high: float


def _width_check(rows: pd.DataFrame, widest: float, confidence: float) -> Check:
    half = expected_half_width(rows, confidence=confidence)
    told = f"{100 * half:.0f} points" if math.isfinite(half) else "without limit, since one side of the cut is empty"
    words = (
        f"With {len(rows):,} rows the interval at the cut would reach {told} to either side; beyond "
        f"{100 * widest:.0f} it tells nothing."
    )
    return ("half interval expected", half, widest, half <= widest, "" if half <= widest else words)


def _density_check(rows: pd.DataFrame) -> Check:
    """Whether the accounts nearest to the cut lie on both sides as coins do."""
    from scipy.stats import binomtest

    accounts = rows.drop_duplicates("account_id")
    near = accounts.assign(far=accounts["score"].abs()).sort_values(["far", "account_id"], kind="stable").head(NEAREST)
    above = int((near["score"] >= 0).sum())
    p = float(binomtest(above, len(near), 0.5).pvalue)
    words = f"Of the {len(near)} accounts nearest to the cut {above} lie above it: somebody made the score fit."
    return ("balance at the cut", p, MANIPULATED, p >= MANIPULATED, "" if p >= MANIPULATED else words)


def _jump_check(rows: pd.DataFrame) -> Check:
    above = rows["score"] >= 0
    treated = rows["treated"].astype("float64")
    jump = float(treated[above].mean() - treated[~above].mean())
    words = f"Being above the cut changes the share worked as Tier 1 by {100 * jump:.0f} points only."
    return ("tier follows the score", jump, BLURRED, jump >= BLURRED, "" if jump >= BLURRED else words)


def _estimate(rows: pd.DataFrame, confidence: float, *, sharp: bool) -> _Found:
    try:
        from rdrobust import rdrobust
    except ImportError:
        raise SheetError(
            "regression discontinuity needs rdrobust: install the extra with pip install 'tierkit[causal]'"
        ) from None
    fuzzy = None if sharp else rows["treated"].to_numpy(dtype="float64")
    clusters = pd.factorize(rows["account_id"], sort=True)[0]
    # It prints a line for every tie of the score.
    with contextlib.redirect_stdout(io.StringIO()):
        fit = rdrobust(
            y=rows["won_in_horizon"].to_numpy(dtype="float64"),
            x=rows["score"].to_numpy(dtype="float64"),
            c=0,
            fuzzy=fuzzy,
            cluster=clusters if len(set(clusters)) < len(rows) else None,
            masspoints="adjust",
            level=100 * confidence,
        )
    low, high = (float(x) for x in fit.ci.iloc[2])
    return _Found(float(fit.coef.iloc[0, 0]), low, high)


def _result(
    verdict: Verdict, rows: pd.DataFrame, checks: list[Check], unit: str, found: _Found | None = None
) -> Effect:
    figures = found if found is not None and verdict != "refused" else _Found(np.nan, np.nan, np.nan)
    return Effect(
        "discontinuity",
        unit,
        verdict,
        figures.effect,
        figures.low,
        figures.high,
        n=len(rows),
        n_accounts=rows["account_id"].nunique(),
        n_treated=int((rows["treated"] == True).sum()),  # noqa: E712
        estimand=ESTIMAND,
        assumptions=ASSUMPTIONS,
        checks=checks_frame(checks),
    )
