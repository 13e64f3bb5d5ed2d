"""Score accounts: the chance that a deal opens, the chance to win it, what it would be worth, and their product."""

import numpy as np
import pandas as pd

from tierkit.models.acv import Acv
from tierkit.models.design import Array
from tierkit.models.opening import Opening, at_reference
from tierkit.models.propensity import Propensity
from tierkit.models.reason_parts import note_doubts

BATCH = 100_000
SCORES = ("open_prob", "win_prob", "expected_acv", "acv_low", "acv_high", "expected_value", "off_support")


def score_accounts(
    rows: pd.DataFrame, opening: Opening | None, win: Propensity | None, acv: Acv | None
) -> pd.DataFrame:
    """The rows plus what the models say of them, 100,000 rows at a time.

    Returns
    -------
    `rows` with open_prob (1 without a model of openings: the deal is open), win_prob (missing without one: the
    scorecard's case), expected_acv, acv_low, acv_high (missing without one), expected_value = open_prob x win_prob x
    expected_acv (without ACV the expected number of wins) and off_support.
    """
    starts = range(0, max(1, len(rows)), BATCH)
    scores = [_score(rows.iloc[start : start + BATCH], opening, win, acv) for start in starts]
    both = pd.concat([rows.drop(columns=[c for c in SCORES if c in rows.columns]), pd.concat(scores)], axis=1)
    return note_doubts(both, opening, win, acv)


def are_scores_of(
    scores: pd.DataFrame, rows: pd.DataFrame, opening: Opening | None, win: Propensity | None, acv: Acv | None
) -> bool:
    """Whether the expected values of `scores` are those these models give, account by account."""
    own = score_accounts(rows, opening, win, acv)[["account_id", "expected_value"]]
    both = own.merge(scores[["account_id", "expected_value"]], on="account_id", how="outer", indicator=True)
    same = np.allclose(both["expected_value_x"], both["expected_value_y"].astype("float64"), equal_nan=True)
    return bool(same and both["_merge"].eq("both").all())


def _score(rows: pd.DataFrame, opening: Opening | None, win: Propensity | None, acv: Acv | None) -> pd.DataFrame:
    raw = (
        opening.model.raw(at_reference(rows, opening.reference)) if opening else None,
        win.model.raw(rows) if win else None,
        acv.fit.model.raw(rows) if acv else None,
    )
    off_support = opening.off_support(rows) if opening else np.zeros(len(rows), dtype=bool)
    return pd.DataFrame(scores_of(raw, off_support, opening, win, acv), index=rows.index)


def scores_of(
    raw: tuple[Array | None, Array | None, Array | None],
    off_support: Array,
    opening: Opening | None,
    win: Propensity | None,
    acv: Acv | None,
) -> dict[str, Array]:
    """The columns of `SCORES`, given what each model says of the rows before calibration."""
    unknown = np.full(len(off_support), np.nan)
    opens, wins, value = raw
    open_prob = np.ones(len(off_support)) if opening is None or opens is None else opening.calibration.prob(opens)
    win_prob = unknown if win is None or wins is None else win.calibration.prob(wins)
    expected_acv, low, high = (unknown,) * 3 if acv is None or value is None else acv.amounts_of(value)
    return {
        "open_prob": open_prob,
        "win_prob": win_prob,
        "expected_acv": expected_acv,
        "acv_low": low,
        "acv_high": high,
        "expected_value": open_prob * win_prob * (expected_acv if acv else 1.0),
        "off_support": off_support,
    }
