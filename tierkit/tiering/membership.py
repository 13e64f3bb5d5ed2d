"""How sure a Tier 1 place is: the share of refits that give it, and the accounts left to people (requirement T12)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.inputs.tables import Tables
from tierkit.models.bootstrap import Refits
from tierkit.tiering.allocation import base_tiers
from tierkit.tiering.assign import terms_under
from tierkit.tiering.gates import QUALIFIED, check_scores
from tierkit.tiering.ground import ground_on
from tierkit.tiering.policy import Policy
from tierkit.tiering.sorting import sort_tiers

LOW, HIGH = 0.2, 0.8
"""Between these the data do not say who belongs in Tier 1."""

_TO_KNOW = {
    "opening": "whether a deal would open: ask for its need, budget and timing",
    "win": "whether a deal would be won: ask who decides and who else is considered",
    "acv": "how large a deal would be: ask for seats and scope",
}
_ASKS_FOR = ("employees", "annual_revenue", "industry", "technologies")
_NEEDED = ("gate", "name", "owner_id", "fit_score", "strategic_value", "contactable")
_STATE = ("has_open_deal", "is_customer", "off_support")

Floats = NDArray[np.float64]


def membership_prob(
    gated: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    refits: Refits,
    *,
    as_of: str | pd.Timestamp,
    previous: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """How often each qualified account's base tier is Tier 1 when the models are refitted.

    Parameters
    ----------
    gated, previous : as `assign_tiers` takes them; accounts without refits keep the value they have.
    refits : as `bootstrap_scores` returns them.

    Returns
    -------
    One row per qualified account, by account_id: account_id, n_refits, membership_prob (under the same policy, slots
    and previous tiers), value_prob (of being among the greatest values of its owner, as many as hold Tier 1 on average:
    what the evidence says, were nobody held by band or stay), value_low, value_high (a tenth of refits lies below, a
    tenth above), swings (opening, win or acv: the factor behind most of the spread).
    """
    rows = check_scores(gated)
    rows = rows[rows["gate"] == QUALIFIED] if "gate" in rows else rows
    rows = rows.sort_values("account_id", kind="stable", ignore_index=True)
    columns = ["account_id", *(c for c in (*_NEEDED, *_STATE) if c in rows)]
    value = _aligned(refits.expected_value, refits, rows)
    slim = rows[columns].assign(win_prob=np.nan, expected_acv=np.nan, expected_value=value[0])
    first = np.zeros(value.shape, dtype=bool)
    ground = ground_on(tables, policy, as_of=pd.Timestamp(as_of), seed=0)
    for b, terms in enumerate(terms_under(value, slim, tables, policy, ground, previous=previous)):
        first[b] = base_tiers(terms).tier == 1
    n = len(value)
    return pd.DataFrame(
        {
            "account_id": rows["account_id"].astype("str"),
            "n_refits": n,
            "membership_prob": first.mean(axis=0),
            "value_prob": _among_the_greatest(value, first, rows, policy),
            "value_low": np.quantile(value, 0.1, axis=0),
            "value_high": np.quantile(value, 0.9, axis=0),
            "swings": _swings(refits, rows),
        }
    )


def contested(
    tiers: pd.DataFrame,
    members: pd.DataFrame,
    *,
    by: str = "membership_prob",
    low: float = LOW,
    high: float = HIGH,
) -> pd.DataFrame:
    """The accounts that refits put into Tier 1 now and then, nearest to one half first: for people to decide.

    Parameters
    ----------
    tiers : an assignment; account_id, tier, base_tier, expected_value; name, owner_id and what is asked for where there
        is some.
    members : as `membership_prob` returns it.
    by : `membership_prob`, or `value_prob` to ask the evidence alone.

    Returns
    -------
    account_id, name, owner_id, tier, base_tier, membership_prob, value_prob, expected_value, value_low, value_high,
    swings, to_know (what would settle it, in words).
    """
    given = [c for c in ("name", "owner_id", *_ASKS_FOR) if c in tiers]
    rows = tiers[["account_id", "tier", "base_tier", "expected_value", *given]].merge(members, on="account_id")
    rows = rows[rows[by].between(low, high)]
    rows = rows.assign(
        name=rows.get("name", rows["account_id"]),
        owner_id=rows.get("owner_id"),
        to_know=[
            _to_know(row["swings"], [c for c in _ASKS_FOR if c in row.index and pd.isna(row[c])])
            for _, row in rows.iterrows()
        ],
        far=(rows[by] - 0.5).abs().round(9),
    )
    rows = rows.sort_values(["far", "expected_value", "account_id"], ascending=[True, False, True], kind="stable")
    columns = ["account_id", "name", "owner_id", "tier", "base_tier", "membership_prob", "value_prob"]
    columns += ["expected_value", "value_low", "value_high", "swings", "to_know"]
    return rows[columns].reset_index(drop=True)


def _aligned(figures: Floats, refits: Refits, rows: pd.DataFrame) -> Floats:
    """Columns in the order of `rows`; where an account was not scored, the value it has."""
    at = pd.Index(refits.account_id).get_indexer(pd.Index(rows["account_id"].astype("str")))
    own = rows["expected_value"].to_numpy(dtype=np.float64)
    return np.where(at >= 0, figures[:, at], own)


def _among_the_greatest(value: Floats, first: NDArray[np.bool_], rows: pd.DataFrame, policy: Policy) -> Floats:
    owner = np.zeros(len(rows), dtype=np.int64)
    if "owner_id" in rows and policy.shares is None:
        owner = pd.factorize(rows["owner_id"])[0] + 1
    places = np.rint(np.bincount(owner, weights=first.mean(axis=0))).astype(np.int64)
    may = ~rows["off_support"].fillna(False).to_numpy(dtype=bool) if "off_support" in rows else np.ones(len(rows), bool)
    inside, theirs = np.zeros(value.shape, dtype=bool), owner[may]
    for b, drawn in enumerate(value):
        inside[b, may] = sort_tiers(drawn[may], theirs, places[:, None]) == 1
    return np.asarray(inside.mean(axis=0))


def _swings(refits: Refits, rows: pd.DataFrame) -> list[str]:
    """The factor that goes along with most of the spread of the log of the value."""
    at = pd.Index(refits.account_id).get_indexer(pd.Index(rows["account_id"].astype("str")))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [np.log(part[:, at]) for part in (refits.open_prob, refits.win_prob, refits.expected_acv)]
        whole = np.sum(logs, axis=0) - np.mean(np.sum(logs, axis=0), axis=0)
        share = np.nan_to_num([(part * whole).mean(axis=0) for part in logs])
    names = np.array([*_TO_KNOW, ""], dtype=object)
    return [str(name) for name in names[np.where(at >= 0, np.argmax(share, axis=0), -1)]]


def _to_know(swings: str, unknown: Sequence[str]) -> str:
    said = _TO_KNOW.get(swings, "")
    fields = f"{', '.join(u.replace('_', ' ') for u in unknown)} {'is' if len(unknown) == 1 else 'are'} unknown"
    return "; ".join(part for part in (said, fields if unknown else "") if part)
