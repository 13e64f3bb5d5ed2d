"""What a change that was tried is worth, in words and by one rule; it is judged on the months it was found on."""

from math import comb
from typing import Any

import pandas as pd

from tierkit.tiering.policy import Policy

WORK = "Work Tier 1 as its play asks"
FEW = 10
"""Wins that change sides below which nothing can be told."""
LEVEL = 0.05
"""Chance of a false alarm over all changes tried together."""

BETTER, WORSE, CHANCE, TOO_FEW, NONE = "better", "worse", "no more than chance", "too few to tell", "moves no win"
WORTH, DEAR = "worth its places", "not worth its places"


def with_verdicts(tried: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The changes with a verdict and a sentence.

    Parameters
    ----------
    tried : the table of `Trials`.

    Returns
    -------
    The rows with verdict and sentence. A change that keeps the number of places (to 1 %) is held against chance: wins
    that come in and wins that drop out would be as many of each, a two-sided sign test at 5 % over all changes
    (Bonferroni). One that asks for places, or gives some back, is held against what a place of that tier brings now.
    Fewer than ten wins that change sides tell nothing.
    """
    told = [_tell(row, len(tried), policy) for row in tried.to_dict("records")]
    return tried.assign(
        verdict=pd.Series([v for v, _ in told], tried.index, dtype="str"),
        sentence=pd.Series([s for _, s in told], tried.index, dtype="str"),
    )


def work_row(
    won: "pd.Series[float]", worked: "pd.Series[bool]", misses: pd.DataFrame, tried: pd.DataFrame
) -> pd.DataFrame | None:
    """The row of working Tier 1 as its play asks: counted, not replayed. None where every account was worked."""
    idle = ~worked
    if not idle.any():
        return None
    caught = int((misses["change"] == "work").sum())
    said = (
        f"Would have reached {caught:,} of these {len(misses):,}. {int(idle.sum()):,} of {len(won):,} account-months "
        f"in Tier 1 got no more touches than the last tier's play asks for, and {int(won[idle].sum()):,} of them won; "
        f"of the other {int(worked.sum()):,}, {int(won[worked].sum()):,} won. People choose whom they work, so that is "
        "no effect, and no replay can say what working them would have brought."
    )
    row = {"change": "work", "says": WORK, "kind": "work", "n_caught": caught, "n_misses": len(misses)}
    counts = {c: 0 for c in tried.columns if c not in (*row, "verdict", "sentence", "wins_in_place", "wins_last")}
    months = {"n_months": tried["n_months"].iloc[0], "n_won": tried["n_won"].iloc[0]} if len(tried) else {}
    return pd.DataFrame([{**row, **counts, **months, "verdict": "cannot be replayed", "sentence": said}])


def say_changes(tried: pd.DataFrame, misses: pd.DataFrame) -> list[str]:
    """What trying the changes on all months says: how many catch anything, the best of them, and what that is worth."""
    if tried.empty:
        return []
    replayed = tried[tried["kind"] != "work"]
    useful = int((replayed["n_caught"] > 0).sum())
    caught = int((misses["change"] != "").sum()) if "change" in misses else 0
    n = len(misses)
    said = [
        f"{len(replayed):,} change{' was' if len(replayed) == 1 else 's were'} tried on all "
        f"{int(tried['n_months'].iloc[0]):,} replayed months; "
        f"{useful:,} would have caught at least one of these {n:,}."
    ]
    if "class" in misses:
        counts = misses["class"].value_counts()
        order = [c for c in ("missing data", "policy", "model", "not worked") if c in counts]
        said.insert(0, f"Of {n:,}: " + ", ".join(f"{counts[c]:,} {c}" for c in order) + ".")
        if "kind" in misses and (
            n_idle := int(((misses["class"] == "not worked") & (misses["kind"] == "backtest")).sum())
        ):
            said.append(
                f"{n_idle:,} not worked stood in Tier 1 in the replay alone, so nobody was asked to work there."
            )
    if n > caught and "change" in misses:
        said.append(
            f"{n - caught:,} of them no change tried would have caught: some accounts are won against the odds."
        )
    said.append(
        "They were tried on the same months they were found on, so the figures flatter them: "
        "try one before you keep it."
    )
    return said


def upper_tiers(policy: Policy) -> str:
    """The tiers above the last, in words.

    >>> upper_tiers(Policy())
    'Tiers 1 and 2'
    """
    above = policy.n_tiers - 1
    return {1: "Tier 1", 2: "Tiers 1 and 2"}.get(above, f"Tiers 1 to {above}")


def sign_test(gained: int, lost: int) -> float:
    """Two-sided exact chance of a split at least as uneven, were both equally likely.

    >>> round(sign_test(9, 1), 4)  # 2 x (10 + 1) / 1024
    0.0215
    """
    n, k = gained + lost, min(gained, lost)
    return min(1.0, 2 * sum(comb(n, i) for i in range(k + 1)) / 2**n) if n else 1.0


def _tell(row: dict[Any, Any], n_tried: int, policy: Policy) -> tuple[str, str]:
    tier1 = row["places_tier1_more"] < 0 and row["change"] == "tier1_fewer"
    where = "Tier 1" if tier1 else upper_tiers(policy)
    gained, lost = (row["n_gained_tier1"], row["n_lost_tier1"]) if tier1 else (row["n_gained"], row["n_lost"])
    places = row["places_tier1_more"] if tier1 else row["places_more"]
    caught = f"Would have caught {row['n_caught']:,} of these {row['n_misses']:,}."
    over = f"Over {row['n_months']:,} months and {row['n_won']:,} won deals"
    if gained + lost == 0:
        return NONE, f"{caught} {over} no other win comes into {where} or drops out."
    moves = f"{_wins(gained)} into {where} and {_wins(lost, 'drops', 'drop')} out"
    net = gained - lost
    if abs(places) <= 0.01 * row["places"]:
        if gained + lost < FEW:
            return TOO_FEW, f"{caught} {over}, {moves}: too few to tell."
        if sign_test(gained, lost) * n_tried >= LEVEL:
            return CHANCE, f"{caught} {over}, {moves}: no more than chance."
        return (BETTER if net > 0 else WORSE), f"{caught} {over}, {moves}: {'better' if net > 0 else 'worse'} than now."
    per = 100 * net / places
    asks = f"{abs(places):,} account-months {'more' if places > 0 else 'fewer'}"
    now = 100 * row["wins_in_place"]
    rate = (
        f"{per:.1f} wins per 100, where a place there brings {now:.1f} and one of the last tier "
        f"{100 * row['wins_last']:.1f}"
    )
    if tier1:
        rate = f"{per:.1f} wins per 100 places given back"
        return TOO_FEW if gained + lost < FEW else WORSE, f"{caught} {over}, {moves}, at {asks}: {rate}."
    if gained + lost < FEW:
        return TOO_FEW, f"{caught} {over}, {moves}, at {asks}: {rate}. Too few to tell."
    good = per >= now if places > 0 else per <= now
    return (WORTH if good else DEAR), f"{caught} {over}, {moves}, at {asks}: {rate}."


def _wins(n: int, one: str = "comes", many: str = "come") -> str:
    return f"{n:,} {'win ' + one if n == 1 else 'wins ' + many}"
