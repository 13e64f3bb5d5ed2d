"""Moves that people declined, held against what came of the accounts: was the person right?"""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.proof.followed import FOLLOWED, follow_decisions, typed_decisions
from tierkit.proof.judgement import known_rate

COLUMNS = ["account_id", "name", "approver", "reason", *FOLLOWED]
_TEXT = ("account_id", "name", "approver", "reason", "direction")
_RATE = ("n_known", "n_won", "rate", "low", "high", "peer_rate")
_HOW = {"up": "Moves up", "down": "Moves down", "in": "Entries into a tier"}


def score_declined(
    tables: Tables, answers: pd.DataFrame, record: pd.DataFrame, *, as_of: pd.Timestamp | str, horizon_days: int | None
) -> pd.DataFrame:
    """Every move declined by `as_of`, with what became of the account once that can be known.

    The horizon runs from the day the move was proposed for. A move proposed and declined again within the horizon of
    the first time is the same decision, and counts once.

    Parameters
    ----------
    answers : what people said to each move; columns as_of, account_id, name, from_tier (missing: new), to_tier,
        approved (yes, no), reason, approver.
    record : tiers in use over time, as committed; columns account_id, tier, valid_from, valid_to.
    horizon_days : None, as without dates, leaves nothing to judge.

    Returns
    -------
    One row per declined move: account_id, name, approver, reason, made_on, known_on, from_tier (kept), to_tier
    (proposed), direction (up, down; in for a new account), won (a deal that opened after made_on was won by known_on;
    missing while that is after `as_of`), n_peers and n_peers_won (accounts of the same tier that no move was proposed
    for, and how many won in the same days).
    """
    day = pd.Timestamp(as_of)
    if horizon_days is None or not tables.is_dated or answers.empty:
        return typed_decisions(pd.DataFrame(columns=COLUMNS), text=_TEXT)
    # A month run anew is answered anew: the later answer counts.
    said = answers[answers["as_of"] <= day].drop_duplicates(["as_of", "account_id"], keep="last")
    said = said[said["approved"] == "no"].sort_values(["as_of", "account_id"], kind="stable")
    said = said.assign(made_on=said["as_of"], known_on=said["as_of"] + pd.Timedelta(days=horizon_days))
    said = said.assign(direction=_direction(said), stood=said["from_tier"].astype("float64"))
    said = said[~_is_repeated(said)]
    rows = follow_decisions(tables, said, record, as_of=day, moved=set(answers["account_id"]))
    scored = pd.DataFrame(rows, columns=[*COLUMNS, "stood"])
    # The form says where an account stood; a record that begins later does not know.
    scored = scored.assign(from_tier=scored["stood"])[COLUMNS]
    scored = scored.sort_values(["made_on", "account_id"], kind="stable", ignore_index=True)
    return typed_decisions(scored, text=_TEXT)


def declined_rates(declined: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """How declined moves fared, by direction and by who declined them.

    Returns
    -------
    One row per direction, then one per direction and approver: direction, approver (missing: everybody), n, n_known,
    n_won, rate, low, high (Wilson; the level is `confidence`), peer_rate (each decision weighing the same), verdict
    (right, wrong, open): whether people were, by rates that chance does not explain.
    """
    rows: list[dict[str, Any]] = []
    for by in (["direction"], ["direction", "approver"]):
        for key, part in declined.groupby(by, sort=True):
            names = dict(zip(by, key, strict=True))
            row: dict[str, Any] = {"direction": names["direction"], "approver": names.get("approver"), "n": len(part)}
            row |= zip(_RATE, known_rate(part, confidence), strict=True)
            rows.append(row | {"verdict": _verdict(row)})
    columns = ["direction", "approver", "n", "n_known", "n_won", "rate", "low", "high", "peer_rate", "verdict"]
    return pd.DataFrame(rows, columns=columns).astype({"approver": "str"})


def say_declined(rates: pd.DataFrame) -> tuple[str, ...]:
    """Whether people were right to decline, in sentences; none where nothing was declined."""
    everybody = rates[rates["approver"].isna()]
    said = [_say(row) for row in everybody[everybody["n_known"] > 0].to_dict("records")]
    if waiting := int((everybody["n"] - everybody["n_known"]).sum()):
        said.append(f"{waiting} declined {'move is' if waiting == 1 else 'moves are'} not old enough to judge.")
    by_person = rates.dropna(subset=["approver"]).groupby("approver")["n"].sum().reset_index()
    if len(by_person) > 1:
        most = by_person.sort_values(["n", "approver"], ascending=[False, True]).iloc[0]
        total = int(by_person["n"].sum())
        said.append(f"{most['approver']} declined {most['n']} of {total} moves, the most of {len(by_person)} people.")
    return tuple(said)


def _direction(said: pd.DataFrame) -> np.ndarray:
    step = (said["from_tier"].astype("float64") - said["to_tier"].astype("float64")).to_numpy()
    return np.where(np.isnan(step), "in", np.where(step > 0, "up", "down"))


def _is_repeated(said: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows, by day, say again within the horizon of a decision that counts what was said then."""
    until: dict[tuple[str, str], pd.Timestamp] = {}
    again = []
    for account, direction, made_on, known_on in zip(
        said["account_id"], said["direction"], said["made_on"], said["known_on"], strict=True
    ):
        held = until.get((account, direction))
        again.append(held is not None and made_on < held)
        if not again[-1]:
            until[account, direction] = known_on
    return pd.Series(again, said.index, dtype="bool")


def _verdict(row: dict[str, Any]) -> str:
    """Keeping an account down was right if it won less than its peers, keeping it up if it won more."""
    if not row["n_known"] or np.isnan(row["peer_rate"]):
        return "open"
    better, worse = row["low"] > row["peer_rate"], row["high"] < row["peer_rate"]
    if not (better or worse):
        return "open"
    return "right" if better == (row["direction"] == "down") else "wrong"


def _say(row: dict[Hashable, Any]) -> str:
    n, won = row["n_known"], row["n_won"]
    text = (
        f"{_HOW[str(row['direction'])]} that people declined: {won} of {n} accounts won "
        f"({_percent(row['low'])} to {_percent(row['high'])})"
    )
    if np.isnan(row["peer_rate"]):
        return f"{text}."
    end = "too few to say who was right" if row["verdict"] == "open" else f"people were {row['verdict']}"
    return f"{text}, those of the same tiers that stayed unasked {_percent(row['peer_rate'])}: {end}."


def _percent(rate: float) -> str:
    return f"{100 * rate:.0f} %"
