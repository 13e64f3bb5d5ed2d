"""Models refitted on resampled accounts, or without some columns: what their scores would be then."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from tierkit.models.acv import Acv, tame
from tierkit.models.design import Array
from tierkit.models.linear import Linear
from tierkit.models.medians import Medians, fit_medians
from tierkit.models.opening import Opening, at_reference
from tierkit.models.propensity import Propensity
from tierkit.models.resampled import LinearRefits, refit_linear
from tierkit.models.scoring import BATCH
from tierkit.models.trees import Trees, refit_trees


@dataclass(frozen=True, eq=False)
class Refits:
    """What refitted models say of accounts: arrays of one row a refit and one column an account of `account_id`."""

    account_id: Array
    open_prob: Array
    win_prob: Array
    expected_acv: Array

    @property
    def expected_value(self) -> Array:
        """The product of the three, shape (refits, accounts)."""
        return np.asarray(self.open_prob * self.win_prob * self.expected_acv)


Refitted = LinearRefits | tuple[Trees | Medians, ...]


@dataclass(frozen=True, eq=False)
class RefittedModels:
    """Models of the three parts, `n` of each, refitted on the same draws of accounts; None where there was no model."""

    opens: Refitted | None
    wins: Refitted | None
    value: Refitted | None
    n: int


def bootstrap_scores(
    today: pd.DataFrame,
    deals: pd.DataFrame,
    panel: pd.DataFrame,
    opening: Opening | None,
    win: Propensity,
    acv: Acv | None,
    *,
    n: int = 20,
    leave_out: float = 0.0,
    seed: int,
) -> Refits:
    """The three factors of the expected value under `n` bootstrap refits.

    Parameters
    ----------
    today : accounts to score, as `score_accounts` takes them.
    deals, panel : the rows the models were fitted on, labels included; `panel` may be empty without `opening`.
    opening, win, acv : the fitted models.
    n : refits.
    leave_out : share of accounts that each refit leaves out, instead of drawing as many as there are.

    Accounts are drawn with replacement (cluster bootstrap, Davison and Hinkley 1997), each as often in deals as in the
    panel. Only coefficients and leaves are estimated anew: encoding, penalty, number of trees, calibration, effort of
    reference, ACV factor and cap stay, so that what spreads the scores is the evidence and not the tuning. The order of
    rows changes nothing.
    """
    refitted = bootstrap_models(deals, panel, opening, win, acv, n=n, leave_out=leave_out, seed=seed)
    return refitted_scores(today, refitted, opening, win, acv)


def bootstrap_models(
    deals: pd.DataFrame,
    panel: pd.DataFrame,
    opening: Opening | None,
    win: Propensity | None,
    acv: Acv | None,
    *,
    n: int = 20,
    leave_out: float = 0.0,
    seed: int,
) -> RefittedModels:
    """The refits behind `bootstrap_scores`, for those who ask more of them than scores; the first are the same for any
    `n`."""
    mature, won, worked = _training_rows(deals, panel, opening, acv)
    of_mature, of_won, of_worked = _draw_accounts([_entity(rows) for rows in (mature, won, worked)], n, seed, leave_out)
    return _refit_all((worked, mature, won), (opening, win, acv), (of_worked, of_mature, of_won), n=n, seed=seed)


def refitted_scores(
    today: pd.DataFrame, refitted: RefittedModels, opening: Opening | None, win: Propensity, acv: Acv | None
) -> Refits:
    """What refits of these models say of today's rows."""
    if refitted.wins is None:
        raise ValueError("the refits hold no model of wins")
    open_prob = expected_acv = np.ones((refitted.n, len(today)))
    if opening and refitted.opens is not None:
        open_prob = opening.calibration.prob(_raw(refitted.opens, at_reference(today, opening.reference)))
    if acv and refitted.value is not None:
        expected_acv = np.minimum(acv.fit.factor * np.exp(_raw(refitted.value, today)), acv.cap)
    ids = today["account_id"].astype("str").to_numpy(dtype=object)
    return Refits(ids, open_prob, win.calibration.prob(_raw(refitted.wins, today)), expected_acv)


def scores_without(
    today: pd.DataFrame,
    deals: pd.DataFrame,
    panel: pd.DataFrame,
    opening: Opening | None,
    win: Propensity,
    acv: Acv | None,
    *,
    groups: Sequence[Sequence[str]],
    seed: int,
) -> Refits:
    """The three factors under one refit for each group of columns, which neither the refit nor today's rows know.

    Parameters
    ----------
    groups : columns to forget, a group a refit; an empty one gives the models back.

    The rest is as in `bootstrap_scores`: only coefficients and leaves are estimated anew.
    """
    parts = []
    for columns in groups:
        mature, won, worked = (_forget(part, columns) for part in _training_rows(deals, panel, opening, acv))
        ones = [np.ones((len(part), 1)) for part in (worked, mature, won)]
        blank = _forget(today, columns)
        refitted = _refit_all((worked, mature, won), (opening, win, acv), ones, n=1, seed=seed)
        parts.append(refitted_scores(blank, refitted, opening, win, acv))
    return Refits(
        today["account_id"].astype("str").to_numpy(dtype=object),
        *(np.vstack([getattr(p, name) for p in parts]) for name in ("open_prob", "win_prob", "expected_acv")),
    )


def _refit_all(
    rows: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    models: tuple[Opening | None, Propensity | None, Acv | None],
    counts: Sequence[Array],
    *,
    n: int,
    seed: int,
) -> RefittedModels:
    """Refits of the models of opening, win and ACV on their rows, each row counted as the columns of `counts` say."""
    (worked, mature, won), (opening, win, acv) = rows, models
    opens = wins = value = None
    if opening:
        y = worked["opened_in_horizon"].to_numpy(np.float64)
        opens = _refit(opening.model, worked, y, counts[0], objective="binary", seed=seed)
    if win:
        y = mature["won_in_horizon"].to_numpy(np.float64)
        wins = _refit(win.model, mature, y, counts[1], objective="binary", seed=seed)
    if acv:
        y = tame(won["won_acv"].to_numpy(np.float64))
        value = _refit(acv.fit.model, won, y, counts[2], objective="gamma", seed=seed)
    return RefittedModels(opens, wins, value, n)


def _training_rows(
    deals: pd.DataFrame, panel: pd.DataFrame, opening: Opening | None, acv: Acv | None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The rows that win, ACV and opening were fitted on; none for a model there is not."""
    mature, none = deals[deals["won_in_horizon"].notna()], deals.iloc[:0]
    return mature, deals[deals["won_acv"].gt(0)] if acv else none, _worked(panel) if opening else none


def _forget(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Rows that do not know these columns: the design takes an unknown value for the typical one."""
    return rows.assign(**{name: np.nan for name in columns if name in rows.columns})


def _worked(panel: pd.DataFrame) -> pd.DataFrame:
    """The rows a model of opening is fitted on."""
    rows = panel[panel["opened_in_horizon"].notna() & panel["worked"].astype("bool")]
    return at_reference(rows, {})


def _entity(rows: pd.DataFrame) -> Array:
    """Whose each row is, for the draw: of its group, else of its account."""
    name = "group_id" if "group_id" in rows.columns and rows["group_id"].notna().all() else "account_id"
    return rows[name].astype("str").to_numpy(dtype=object)


def _draw_accounts(entities: list[Array], n: int, seed: int, leave_out: float = 0.0) -> list[Array]:
    """How often each row counts in each refit: for each table a matrix of whole numbers, shape (rows, n).

    With a share to leave out, each account counts once or not at all.
    """
    known = pd.Index(np.unique(np.concatenate(entities)))
    rng = np.random.default_rng([seed, 12])
    counts = np.empty((len(known), n))
    for b in range(n):
        if leave_out:
            counts[:, b] = rng.permutation(len(known)) >= leave_out * len(known)
        else:
            counts[:, b] = np.bincount(rng.integers(0, len(known), len(known)), minlength=len(known))
    return [counts[known.get_indexer(pd.Index(part))] for part in entities]


def _refit(
    model: Linear | Trees | Medians,
    rows: pd.DataFrame,
    y: Array,
    counts: Array,
    *,
    objective: Literal["binary", "gamma"],
    seed: int,
) -> Refitted:
    """The model refitted under each column of `counts`."""
    if isinstance(model, Linear):
        return refit_linear(model, rows, y, counts, gamma=objective == "gamma")
    if isinstance(model, Trees):
        return tuple(refit_trees(model, rows, y, counts, objective=objective, seed=seed))
    drawn = [np.repeat(np.arange(len(rows)), column.astype(np.int64)) for column in counts.T]
    return tuple(fit_medians(rows.iloc[at], y[at]) for at in drawn)


def _raw(refitted: Refitted, today: pd.DataFrame) -> Array:
    """Raw scores of today's rows by each refit, shape (n, len(today))."""
    starts = range(0, max(1, len(today)), BATCH)
    some = [today.iloc[start : start + BATCH] for start in starts]
    if isinstance(refitted, LinearRefits):
        return np.hstack([refitted.raw(rows) for rows in some])
    return np.hstack([np.vstack([model.raw(rows) for model in refitted]) for rows in some])
