"""What each group of features is worth: how many accounts would stand in another tier without it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.features.catalog import feature_of
from tierkit.inputs.tables import Tables
from tierkit.models.acv import Acv
from tierkit.models.bootstrap import Refits, bootstrap_scores, scores_without
from tierkit.models.opening import STATE, Opening
from tierkit.models.propensity import Propensity
from tierkit.tiering.assign import place_tiers, terms_under
from tierkit.tiering.gates import QUALIFIED
from tierkit.tiering.ground import ground_on
from tierkit.tiering.policy import Policy

LEAST_MOVED = 0.01
"""Share of accounts a group must move, or it is named for removal (requirement P10)."""
NOISE = "(chance)"
"""The row that says what refits on resampled accounts move by themselves, nothing left out."""

_Ints = NDArray[np.int64]


def ablate_groups(
    today: pd.DataFrame,
    deals: pd.DataFrame,
    panel: pd.DataFrame,
    opening: Opening | None,
    win: Propensity,
    acv: Acv | None,
    gated: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: str | pd.Timestamp,
    refits: int = 5,
    seed: int,
) -> pd.DataFrame:
    """How many accounts change tier when the models forget a group of features, and how many change by chance.

    Parameters
    ----------
    today : feature rows that were scored. deals, panel : what the models were fitted on.
    gated : the month's gates; every set of tiers below is of the same accounts under the same policy.
    refits : on accounts drawn with replacement, to tell a group from noise; 0 for none.

    Returns
    -------
    One row per group of features, the one that moves most first, and the row `(chance)` with the mean over `refits`:
    group, n_features, n (qualified accounts), n_moved, share_moved, n_tier1 (Tier 1 places), n_left_tier1,
    value_lost_share (of the expected value of Tier 1, by the models that know everything; below 0 it gains),
    beyond_chance (moves more than any of the refits), remove (moves under 1 %).

    Models are refitted under the penalty and encoding they have; only coefficients and leaves are new. The tiers before
    play no part: a group that matters must not hide behind what a minimum stay holds. `effort` is what we did; keys
    that say whether a deal is still to come (customer, open deal) are no group.
    """
    groups = _groups(opening, win, acv)
    given = (today, deals, panel, opening, win, acv)
    without = scores_without(*given, groups=[[], *groups.values()], seed=seed)
    value, tiers = tiers_under(without, gated, tables, policy, as_of)
    chance = np.zeros((0, len(value)), dtype=np.int64)
    if refits:
        chance = tiers_under(bootstrap_scores(*given, n=refits, seed=seed), gated, tables, policy, as_of)[1]
    by_chance = pd.DataFrame([_moves(tiers[0], other, value) for other in chance])
    most = float(by_chance["n_moved"].max()) if refits else 0.0
    rows = [
        {"group": group, "n_features": len(columns), **_moves(tiers[0], tiers[i], value)}
        for i, (group, columns) in enumerate(groups.items(), start=1)
    ]
    table = pd.DataFrame(rows).sort_values(["n_moved", "group"], ascending=[False, True], kind="stable")
    table = table.assign(beyond_chance=table["n_moved"] > most, remove=table["share_moved"] < LEAST_MOVED)
    if refits:
        mean = {"group": NOISE, "n_features": 0, **by_chance.mean(), "beyond_chance": False, "remove": False}
        table = pd.concat([table, pd.DataFrame([mean])])
    whole = dict.fromkeys(["n_features", "n", "n_tier1"], "int64") | dict.fromkeys(["beyond_chance", "remove"], "bool")
    counts = dict.fromkeys(["n_moved", "n_left_tier1"], "float64")
    return table.astype({"group": "str"} | whole | counts).reset_index(drop=True)


def say_ablation(ablation: pd.DataFrame) -> tuple[str, ...]:
    """Which groups of features carry the tiers, which are no more than chance, and which may go."""
    groups = ablation[ablation["group"] != NOISE]
    if groups.empty:
        return ()
    n = int(groups["n"].iloc[0])
    top = groups.iloc[0]
    says = [
        f"Without {_name(top['group'])} features {top['n_moved']:,.0f} of {n:,} accounts would stand in another tier, "
        f"{top['n_left_tier1']:,.0f} of them would lose one of {top['n_tier1']:,} Tier 1 places: they carry most."
    ]
    noise = ablation[ablation["group"] == NOISE]
    if len(noise):
        within = groups[~groups["beyond_chance"] & ~groups["remove"]]
        says.append(f"Refits on other draws of the same accounts move {noise['n_moved'].iloc[0]:,.0f} by chance alone.")
        if len(within):
            says.append(f"Leaving out {_names(within)} moves no more than chance does.")
    idle = groups[groups["remove"]]
    if len(idle):
        says.append(f"Under 1 % of accounts would move without {_names(idle)}: the models can do without them.")
    return tuple(says)


def _groups(opening: Opening | None, win: Propensity, acv: Acv | None) -> Mapping[str, list[str]]:
    """The features any of the models looks at, by group in the order of their names."""
    models = [model for model in (opening, win, acv) if model is not None]
    columns = sorted({name for model in models for name in model.features} - set(STATE))
    groups: dict[str, list[str]] = {}
    for column in columns:
        groups.setdefault(feature_of(column).group, []).append(column)
    return dict(sorted(groups.items()))


def tiers_under(
    refits: Refits, gated: pd.DataFrame, tables: Tables, policy: Policy, as_of: str | pd.Timestamp
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Expected value under the first refit, and tiers under each, of qualified accounts by account_id."""
    rows = gated[gated["gate"] == QUALIFIED] if "gate" in gated else gated
    rows = rows.assign(_key=rows["account_id"].astype("str")).sort_values("_key", kind="stable", ignore_index=True)
    at = pd.Index(refits.account_id).get_indexer(pd.Index(rows.pop("_key")))
    values = refits.expected_value[:, at]
    out = np.empty(values.shape, dtype=np.int64)
    ground = ground_on(tables, policy, as_of=pd.Timestamp(as_of), seed=0)
    given = rows.assign(expected_value=values[0])
    for i, terms in enumerate(terms_under(values, given, tables, policy, ground)):
        out[i] = place_tiers(terms, policy, ground)[1].tier
    return values[0], out


def _moves(tier: _Ints, other: _Ints, value: NDArray[np.float64]) -> dict[str, float]:
    first = value[tier == 1].sum()
    return {
        "n": len(tier),
        "n_moved": int((tier != other).sum()),
        "share_moved": float((tier != other).mean()) if len(tier) else 0.0,
        "n_tier1": int((tier == 1).sum()),
        "n_left_tier1": int(((tier == 1) & (other != 1)).sum()),
        "value_lost_share": float(1 - value[other == 1].sum() / first) if first else 0.0,
    }


def _names(groups: pd.DataFrame) -> str:
    names = [_name(group) for group in groups["group"]]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return f"{listed} features"


def _name(group: str) -> str:
    return "own-effort" if group == "effort" else group
