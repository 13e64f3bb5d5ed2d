"""What tiers stand on besides the accounts: sellers, claims, triggers, overrides, exclusions, and the days."""

from dataclasses import dataclass

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy
from tierkit.tiering.standing import known_rows, live_claims, live_overrides, live_triggers


@dataclass(frozen=True)
class Ground:
    """What counted on a day, each part a frame or a day of its own, so that one can be swapped and the rest kept.

    Attributes
    ----------
    reps, exclusions : the rows known then. claims, triggers, overrides : those live then, as `standing` returns them.
    hold_day : day on which months in a tier are counted. draw_day, seed : of the places drawn at random.
    """

    reps: pd.DataFrame
    exclusions: pd.DataFrame
    claims: pd.DataFrame
    triggers: pd.DataFrame
    overrides: pd.DataFrame
    hold_day: pd.Timestamp
    draw_day: pd.Timestamp
    seed: int


def ground_on(tables: Tables, policy: Policy, *, as_of: pd.Timestamp, seed: int, undated: bool = True) -> Ground:
    """What counted on `as_of`, by the tables as they stand.

    Parameters
    ----------
    undated : whether rows without `known_at` count: yes when scoring, no in a replay.

    Raises
    ------
    SheetError : a kind of signal has no window.
    TableError : a live override asks for a tier the sheet does not have.
    """
    return Ground(
        reps=known_rows(tables.frame("reps"), as_of, undated=undated),
        exclusions=known_rows(tables.frame("exclusions"), as_of, undated=undated),
        claims=live_claims(tables, as_of, undated=undated),
        triggers=live_triggers(tables, policy, as_of),
        overrides=live_overrides(tables, policy, as_of),
        hold_day=as_of,
        draw_day=as_of,
        seed=seed,
    )
