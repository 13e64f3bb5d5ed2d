"""The shift that the newest mature deals ask of the win chances: proposed, applied where the sheet says so."""

from dataclasses import replace

import numpy as np
import pandas as pd

from tierkit.models.calibration import logit, newest_cohort, update_on_newest
from tierkit.models.propensity import Propensity
from tierkit.proof.calibration import calibration_summary, shift_alarm

COLUMNS = [
    "since",
    "n",
    "n_won",
    "expected",
    "shift",
    "shift_low",
    "shift_high",
    "alarmed",
    "update",
    "applied",
    "mean_prob",
    "mean_prob_updated",
]


def propose_update(win: Propensity) -> pd.DataFrame:
    """What the newest mature cohort says of the win chances, and how far it would move them.

    Returns
    -------
    One row, none without out-of-time predictions: since (the cohort's first day), n, n_won, expected (wins, by chances
    of models that had not seen the cohort, calibrated as today's but not moved to it), shift (log-odds that would put
    the total right) with shift_low and shift_high, alarmed (beyond 0.3), update (the shift times wins / (wins + 100)),
    applied (the chances of this run hold it), mean_prob and mean_prob_updated (of the cohort, without and with it).
    """
    if win.predictions.empty or (cohort := newest_cohort(win.predictions)).empty:
        return pd.DataFrame(columns=COLUMNS)
    pooled = replace(win.calibration, shift=win.calibration.shift - win.calibration.update, update=0.0)
    raw = logit(cohort["win_prob"].to_numpy(np.float64))
    chances = cohort.assign(win_prob=pooled.prob(raw))
    row = calibration_summary(chances).iloc[0]
    moved = update_on_newest(pooled, win.predictions)
    found = {
        "since": cohort["origin"].iloc[0],
        "n": len(cohort),
        "n_won": int(row["n_won"]),
        "expected": float(chances["win_prob"].sum()),
        "shift": row["in_the_large"],
        "shift_low": row["shift_low"],
        "shift_high": row["shift_high"],
        "alarmed": shift_alarm(row["in_the_large"]),
        "update": moved.update,
        "applied": win.calibration.update != 0,
        "mean_prob": float(chances["win_prob"].mean()),
        "mean_prob_updated": float(moved.prob(raw).mean()),
    }
    return pd.DataFrame([found], columns=COLUMNS)


def say_update(proposal: pd.DataFrame) -> tuple[str, ...]:
    """The proposal in words; nothing where there is no cohort."""
    if proposal.empty:
        return ()
    row = proposal.iloc[0]
    told = (
        f"The newest {row['n']:,} mature deals (opened from {row['since']:%Y-%m-%d}) won {row['n_won']:,}, "
        f"{row['expected']:,.0f} were expected"
    )
    if np.isnan(row["shift"]):
        return (told + ": too few to move the chances by.",)
    about = "which chance alone could give" if row["shift_low"] < 0 < row["shift_high"] else "more than chance explains"
    moved = f"from {100 * row['mean_prob']:.1f} % to {100 * row['mean_prob_updated']:.1f} % on average"
    if row["applied"]:
        return (f"{told}, {about}: the chances to win were moved to them, {moved}.",)
    first = f"{told}, {about}. Moving the chances to them would take them {moved}; that is not done."
    if not row["alarmed"]:
        return (first,)
    return (
        first,
        "A shift this large is worth asking about: if the market changed for good, set follow_newest in [models]; a "
        "quarter that passes would make the chances worse.",
    )
